"""Compare index and database in the background: all day, page by page, in one indexer at a time."""

import asyncio

import structlog

from service.indexing.drift import Drift

log = structlog.get_logger()

PAGE_SIZE = 100  # films; takes about 20 ms, in which the indexer does nothing else
PAGE_PAUSE = 0.5  # seconds between two pages: a million films take an hour and a half


async def scan_drift(drift: Drift, page_pause: float = PAGE_PAUSE) -> None:
    """Compare every film once, and warn if the index differs."""
    last = None
    async for report in drift.compare_all(PAGE_SIZE):
        last = report
        await asyncio.sleep(page_pause)
    if last is not None and last.drift:
        log.warning(
            "index_differs",
            missing=last.missing,
            stale=last.stale,
            orphaned=last.orphaned,
            advice="run `movies check --repair`",
        )
