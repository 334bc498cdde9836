"""Tell rebuilds whether searches are running, so that they throttle themselves.

API workers record searches in the index's row. The indexer may be another process, container or
machine, and the database is what they share. They record only while a rebuild is active, and at
most every two seconds: on SQLite a writer may have to wait for another one, and all reads of its
process wait with it. Only searches that the engine answered count. A search answered from a cache
does not feel a rebuild, and while the engine is down the rebuild matters more.
"""

import asyncio

from service.database.faults import is_database_fault
from service.database.sql import database_clock_ms, fetch_rows
from service.database.transactions import run_uncancelled
from service.indexing.models import ReindexJob

POLL_INTERVAL = 0.2  # seconds between two looks; a rebuild takes as long to start anyway
RECORD_INTERVAL_MS = 2_000  # between two records, of all API workers together
ACTIVE_WINDOW_MS = 5_000  # after the last record, search traffic counts as over


class SearchActivity:
    """Records the searches of one API worker."""

    def __init__(self, poll_interval: float = POLL_INTERVAL) -> None:
        self._poll_interval = poll_interval
        self._searched = False

    def record_search(self) -> None:
        """Note that the engine has answered a search."""
        self._searched = True

    async def publish_continuously(self) -> None:
        """Publish searches for rebuilds until cancelled; skip while the database is down."""
        while True:
            await asyncio.sleep(self._poll_interval)
            searched, self._searched = self._searched, False
            try:
                if searched and await _is_record_due():
                    await _record_in_database()
            except Exception as error:
                if not is_database_fault(error):
                    raise


async def is_search_active() -> bool:
    """Return whether the engine has answered a search in the last seconds, in any process."""
    return await _was_recorded_within(ACTIVE_WINDOW_MS)


async def _is_record_due() -> bool:
    """Return whether a rebuild is active and no API worker has recorded a search just now."""
    rebuild_active = await ReindexJob.filter(active=1).exists()
    return rebuild_active and not await _was_recorded_within(RECORD_INTERVAL_MS)


@run_uncancelled
async def _record_in_database() -> None:
    await fetch_rows(f"UPDATE index_state SET searched_ms = {database_clock_ms()}")  # noqa: S608


async def _was_recorded_within(ms: int) -> bool:
    sql = f"SELECT 1 FROM index_state WHERE searched_ms > {database_clock_ms()} - $1"  # noqa: S608
    return bool(await fetch_rows(sql, ms))
