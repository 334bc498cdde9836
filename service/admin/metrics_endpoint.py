"""`/metrics`: the counters of all processes, and gauges that are read from the database."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hmac import compare_digest

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sanic.request import Request

from service.database.faults import is_database_fault
from service.database.sql import fetch_rows, now_ms
from service.errors import NotAllowed, NotAuthenticated
from service.http.client_address import is_local_and_named_so
from service.http.dependencies import get_container
from service.indexing.drift import ROW_NAME
from service.indexing.indexer_heartbeat import measure_heartbeat_age_ms
from service.indexing.models import DriftState
from service.mail.admin import count_unsent_mails
from service.observability import metrics
from service.outbox import store

LAG_WINDOW_MS = 300_000  # lag is measured over the films indexed in this time
MAX_LAG_SAMPLES = 1_000  # films
QUANTILES = (0.5, 0.99)


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The state of outboxes and index as the database has it; lags in milliseconds, sorted."""

    depth: store.OutboxDepth
    unsent_mails: dict[str, int]
    lags: tuple[int, ...]
    drift: DriftState | None
    heartbeat_age_ms: int | None


async def render_metrics() -> bytes:
    """Return all metrics in Prometheus's text format; without the database only counters."""
    registry = CollectorRegistry()
    registry.register(_IndexCollector(await _read_index_status()))
    return await asyncio.to_thread(metrics.render_metrics) + generate_latest(registry)


async def _read_index_status() -> IndexStatus | None:
    """Return None if the database does not answer."""
    try:
        now = await now_ms()
        rows = await fetch_rows(
            "SELECT done_at - created_at AS lag FROM outbox WHERE done_at >= $1 "
            "ORDER BY done_at DESC LIMIT $2",
            now - LAG_WINDOW_MS,
            MAX_LAG_SAMPLES,
        )
        lags = sorted(max(0, int(row["lag"])) for row in rows)
        drift = await DriftState.get_or_none(name=ROW_NAME)
        age_ms = await measure_heartbeat_age_ms()
        return IndexStatus(
            await store.measure_depth(now), await count_unsent_mails(), tuple(lags), drift, age_ms
        )
    except Exception as error:
        if is_database_fault(error):
            return None
        raise


class _IndexCollector(Collector):
    def __init__(self, status: IndexStatus | None) -> None:
        self._status = status

    def collect(self) -> Iterable[Metric]:
        status = self._status
        yield _gauge("movies_database_up", "Whether the database answers.", int(status is not None))
        if status is None:
            return
        depth = GaugeMetricFamily(
            "movies_outbox_rows",
            "Changes of films in the outbox that are not indexed yet.",
            labels=("state",),
        )
        depth.add_metric(("waiting",), status.depth.waiting)
        depth.add_metric(("quarantined",), status.depth.quarantined)
        yield depth
        mails = GaugeMetricFamily(
            "movies_mail_rows",
            "Mails in the mail outbox that are waiting (under way included) or were given up.",
            labels=("state",),
        )
        for state, count in status.unsent_mails.items():
            mails.add_metric((state,), count)
        yield mails
        oldest = (status.depth.oldest_ms or 0) / 1000
        yield _gauge(
            "movies_outbox_oldest_seconds",
            "Age of the oldest change that waits to be indexed.",
            oldest,
        )
        if status.heartbeat_age_ms is not None:
            yield _gauge(
                "movies_indexer_heartbeat_age_seconds",
                "Time since an indexer last recorded that it runs; above 10, none does.",
                status.heartbeat_age_ms / 1000,
            )
        if status.lags:
            lag = GaugeMetricFamily(
                "movies_index_lag_seconds",
                "Time from a change until it is searchable, over the last five minutes.",
                labels=("quantile",),
            )
            for quantile in QUANTILES:
                index = min(len(status.lags) - 1, int(quantile * len(status.lags)))
                lag.add_metric((str(quantile),), status.lags[index] / 1000)
            yield lag
        if status.drift is not None and status.drift.checked_at is not None:
            yield from _drift_gauges(status.drift)


def _drift_gauges(state: DriftState) -> Iterator[Metric]:
    drift = GaugeMetricFamily(
        "movies_index_drift", "Films that differ between database and index.", labels=("kind",)
    )
    for kind in ("missing", "stale", "orphaned"):
        drift.add_metric((kind,), getattr(state, kind))
    yield drift
    assert state.checked_at is not None
    yield _gauge(
        "movies_index_compared_timestamp_seconds",
        "When database and index were last compared.",
        state.checked_at.timestamp(),
    )


def _gauge(name: str, description: str, value: float) -> Metric:
    return GaugeMetricFamily(name, description, value=value)


def authorize_scrape(request: Request) -> None:
    """Allow requests with `METRICS_TOKEN` as their bearer token; without a token, local ones.

    A request that a proxy hands on, or for another host name, does not count as local.

    Raises:
        NotAllowed: `METRICS_TOKEN` is not set, so only this machine may read metrics.
        NotAuthenticated: the token is missing or wrong.
    """
    if get_container(request).settings.metrics_token is None:
        if is_local_and_named_so(request):
            return
        raise NotAllowed(
            "Only this machine may read metrics; set METRICS_TOKEN to allow others.",
            code="metrics_closed",
        )
    if not has_metrics_token(request):
        raise NotAuthenticated(
            "Metrics need METRICS_TOKEN as the bearer token.", code="metrics_token_wrong"
        )


def has_metrics_token(request: Request) -> bool:
    """Return whether the request's bearer token is `METRICS_TOKEN`."""
    expected = get_container(request).settings.metrics_token
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    is_bearer = expected is not None and scheme.lower() == "bearer"
    return is_bearer and compare_digest(
        token.encode(errors="surrogateescape"), (expected or "").encode()
    )
