"""Compare index and database in the background: all day, page by page, in one indexer at a time."""

import asyncio

import structlog

from service.indexing.drift import Drift, DriftReport
from service.indexing.drift_requests import request_check

log = structlog.get_logger()

PAGE_SIZE = 100  # films; takes about 20 ms, in which the indexer does nothing else
PAGE_PAUSE = 0.5  # seconds between two pages: a million films take an hour and a half


async def scan_drift(drift: Drift, page_pause: float = PAGE_PAUSE) -> None:
    """Compare every film once, and warn if the index differs."""
    last = None
    async for report in drift.compare_all(PAGE_SIZE):
        last = report
        await asyncio.sleep(page_pause)
    if last is not None:
        _warn_of_drift(last)


async def compare_now(drift: Drift, *, repair: bool) -> None:
    """Compare every film without a pause, because an operator waits for the result.

    With `repair`, films that differ are indexed again; another comparison follows.
    """
    last = None
    async for report in drift.compare_all():
        last = report
        if repair:
            await drift.repair(report.page_differences)
    if last is not None and last.drift and repair:
        await request_check(repair=False)


def _warn_of_drift(report: DriftReport) -> None:
    if report.drift:
        log.warning(
            "index_differs",
            missing=report.missing,
            stale=report.stale,
            orphaned=report.orphaned,
            advice="run `movies check --repair`",
        )
