"""Prometheus metrics that the processes record.

Each API worker serves only some of the requests, so scraping one of them would show a part. Under
`movies serve` all processes, the indexer included, keep their values in files of one directory
that the supervisor creates (the client library's multiprocess mode), and the scraped worker adds
up all files. A process that dies leaves its counters behind, so no sum ever falls; the loop lag
applies to live processes only and goes with them. Values that belong to no process (outbox depth,
lag, drift) are read from the database at each scrape.

Every metric has labels: without them the library would open its file at import.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS_DIR_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable of the directory; it must be set before this module is imported."""

PROXY_HEADER = "x-forwarded-for"

_registry = CollectorRegistry()

HTTP_REQUEST_DURATION = Histogram(
    "movies_http_request_duration_seconds",
    "Time from the head of a request to its response, by route.",
    ("method", "route", "status"),
    registry=_registry,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CACHE_REQUESTS = Counter(
    "movies_cache_requests_total",
    "Requests to the response cache by result: hit or miss.",
    ("scope", "result"),
    registry=_registry,
)
UPSTREAM_CALLS = Counter(
    "movies_upstream_calls",
    "Calls to OMDb and to poster hosts, by outcome.",
    ("part", "outcome"),
    registry=_registry,
)
INDEXED_DOCUMENTS = Counter(
    "movies_indexed_documents",
    "Documents that the indexer sent to the index, by outcome: written or refused.",
    ("outcome",),
    registry=_registry,
)
SENT_MAILS = Counter(
    "movies_mails",
    "Attempts to send a mail, by outcome: sent, postponed or given_up.",
    ("outcome",),
    registry=_registry,
)
EVENT_LOOP_LAG = Gauge(
    "movies_event_loop_lag_seconds",
    "The maximum lag of an event loop in the last minute.",
    ("process",),
    registry=_registry,
    multiprocess_mode="livemax",
)
LIVE_SOCKETS = Gauge(
    "movies_live_sockets",
    "Open sockets for live events.",
    registry=_registry,
    multiprocess_mode="livesum",
)
UNTRUSTED_PROXY_TIME = Gauge(
    "movies_untrusted_proxy_timestamp_seconds",
    "When a proxy last handed on a request while TRUSTED_PROXIES was 0.",
    ("header",),
    registry=_registry,
    multiprocess_mode="max",
)


def render_metrics() -> bytes:
    """Return all metrics in Prometheus's text format, those of the other processes included."""
    return generate_latest(_collect_processes())


def read_untrusted_proxy_time() -> float | None:
    """Return when any process last got a request from a proxy that it does not trust."""
    labels = {"header": PROXY_HEADER}
    return _collect_processes().get_sample_value("movies_untrusted_proxy_timestamp_seconds", labels)


def _collect_processes() -> CollectorRegistry:
    if not os.environ.get(MULTIPROCESS_DIR_VARIABLE):
        return _registry
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no annotations
    return registry
