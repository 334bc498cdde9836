"""`/metrics`: the counts of all processes, and what the database knows of the index's state."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import ip_address

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sanic.request import Request

from service.database.sql import fetch_rows, now_ms
from service.database.transactions import is_database_fault
from service.errors import NotAllowed, NotAuthenticated
from service.http.dependencies import get_container
from service.indexing.drift import ROW_NAME
from service.indexing.models import DriftState
from service.observability import metrics
from service.outbox import store

RECENT = 300_000  # ms; the lag is that of the films indexed in this time
MOST_RECENT = 1_000  # films whose lag is looked at
QUANTILES = (0.5, 0.99)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says at this moment; times in milliseconds."""

    depth: store.OutboxDepth
    lags: tuple[int, ...]
    drift: DriftState | None


async def render_metrics() -> bytes:
    """Everything in Prometheus's text format; without the database the counts alone."""
    registry = CollectorRegistry()
    registry.register(_Gauges(await _facts()))
    return await asyncio.to_thread(metrics.render_metrics) + generate_latest(registry)


async def _facts() -> Facts | None:
    try:
        now = await now_ms()
        recent = await fetch_rows(
            "SELECT done_at - created_at AS lag FROM outbox WHERE done_at >= $1 "
            "ORDER BY done_at DESC LIMIT $2",
            now - RECENT,
            MOST_RECENT,
        )
        lags = sorted(max(0, int(row["lag"])) for row in recent)
        known = await DriftState.get_or_none(name=ROW_NAME)
        return Facts(await store.measure_depth(now), tuple(lags), known)
    except Exception as error:
        if is_database_fault(error):
            return None
        raise


class _Gauges(Collector):
    def __init__(self, facts: Facts | None) -> None:
        self._facts = facts

    def collect(self) -> Iterable[Metric]:
        facts = self._facts
        yield _gauge("movies_database_up", "Whether the database answers.", int(facts is not None))
        if facts is None:
            return
        depth = GaugeMetricFamily(
            "movies_outbox_rows", "Changes that the index has not seen.", labels=("state",)
        )
        depth.add_metric(("waiting",), facts.depth.waiting)
        depth.add_metric(("quarantined",), facts.depth.quarantined)
        yield depth
        oldest = (facts.depth.oldest_ms or 0) / 1000
        yield _gauge("movies_outbox_oldest_seconds", "Age of the oldest waiting change.", oldest)
        if facts.lags:
            lag = GaugeMetricFamily(
                "movies_index_lag_seconds",
                "Time from a change to its being searchable, of the last five minutes.",
                labels=("quantile",),
            )
            for quantile in QUANTILES:
                at = min(len(facts.lags) - 1, int(quantile * len(facts.lags)))
                lag.add_metric((str(quantile),), facts.lags[at] / 1000)
            yield lag
        if facts.drift is not None and facts.drift.checked_at is not None:
            yield from _drift(facts.drift)


def _drift(known: DriftState) -> Iterator[Metric]:
    drift = GaugeMetricFamily(
        "movies_index_drift", "Films that differ between database and index.", labels=("kind",)
    )
    for kind in ("missing", "stale", "orphaned"):
        drift.add_metric((kind,), getattr(known, kind))
    yield drift
    assert known.checked_at is not None
    yield _gauge(
        "movies_index_compared_timestamp_seconds",
        "When database and index were last compared.",
        known.checked_at.timestamp(),
    )


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)


def authorize_scrape(request: Request) -> None:
    """Let metrics be read on this machine, and elsewhere with `METRICS_TOKEN` as bearer token.

    What a proxy on this machine hands on comes from elsewhere.

    Raises:
        NotAllowed: no token is set, so only this machine may.
        NotAuthenticated: the token is missing or wrong.
    """
    if _local(request):
        return
    wanted = get_container(request).settings.metrics_token
    if wanted is None:
        raise NotAllowed(
            "Metrics are for this machine alone; set METRICS_TOKEN to read them from elsewhere.",
            code="metrics_closed",
        )
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(
        token.encode(errors="surrogateescape"), wanted.encode()
    ):
        raise NotAuthenticated("The metrics' token is needed.", code="metrics_token_wrong")


def _local(request: Request) -> bool:
    handed_on = any(name in request.headers for name in ("forwarded", "x-forwarded-for"))
    try:
        return ip_address(request.ip).is_loopback and not handed_on
    except ValueError:
        return False
