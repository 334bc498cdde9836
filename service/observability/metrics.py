"""What the processes count, each for itself.

Every worker answers only some of the requests, so a scrape of one of them would tell a part. Under
`movies serve` all of them, the indexer too, keep their counts in files of one folder that the
parent makes (the client library's multiprocess mode), and whichever worker is scraped adds up
all files. A worker that dies leaves its counts behind, so no sum ever falls; what is true of the
living alone, the lateness of their loops, goes with it. What belongs to nobody (depth of the
outbox, lag, drift) is not counted but read from the database at each scrape.

Every meter has labels: without them the library would open its file when this is imported.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS_DIR_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The environment's name for the folder; it must be set before this is imported."""

_registry = CollectorRegistry()

HTTP_REQUEST_DURATION = Histogram(
    "movies_http_request_duration_seconds",
    "Time from a request's head to its answer, by route.",
    ("method", "route", "status"),
    registry=_registry,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CACHE_REQUESTS = Counter(
    "movies_cache_requests_total",
    "Answers by whether they were kept already: hit or miss.",
    ("scope", "result"),
    registry=_registry,
)
UPSTREAM_CALLS = Counter(
    "movies_upstream_calls",
    "Calls to others, OMDb and the hosts of posters, by how they ended.",
    ("part", "outcome"),
    registry=_registry,
)
INDEXED_DOCUMENTS = Counter(
    "movies_indexed_documents",
    "Documents sent to the index by the indexer: written or refused.",
    ("outcome",),
    registry=_registry,
)
EVENT_LOOP_LAG = Gauge(
    "movies_event_loop_lag_seconds",
    "The longest that an event loop came late to what was due, in the last minute.",
    ("process",),
    registry=_registry,
    multiprocess_mode="livemax",
)


def render_metrics() -> bytes:
    """All counts in Prometheus's text format, those of the sister processes included."""
    if not os.environ.get(MULTIPROCESS_DIR_VARIABLE):
        return generate_latest(_registry)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no annotations
    return generate_latest(registry)
