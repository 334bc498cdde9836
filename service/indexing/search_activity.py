"""Whether people are searching: a rebuild asks, before it takes all that there is of a machine.

An API worker says so in the index's row, beside its answers. The indexer may be another process,
another container or another machine, and the database is the one part that both have. It is said
only while a rebuild is wanted, and every other second: on SQLite whoever writes may have to wait
for another, and all that its process reads waits with it. Only searches that the engine answered
count: who is answered from a cache feels no rebuild, and while the engine is away a rebuild is what
people wait for.
"""

import asyncio

from service.database.sql import database_clock_ms, fetch_rows
from service.database.transactions import is_database_fault, run_uncancelled
from service.indexing.models import ReindexJob

LOOK = 0.2  # seconds between two looks for a rebuild; it takes as long until one is begun
EVERY = 2_000  # ms between two notes, of all workers together
GONE = 5_000  # ms without a note after which nobody searches


class SearchActivity:
    """What one process knows of the people who search with it."""

    def __init__(self) -> None:
        self._seen = False

    def record_search(self) -> None:
        """A search was answered by the engine."""
        self._seen = True

    async def publish_continuously(self) -> None:
        """Tell rebuilds of them until cancelled; a database that is away is told later."""
        while True:
            await asyncio.sleep(LOOK)
            seen, self._seen = self._seen, False
            try:
                if seen and await ReindexJob.filter(active=1).exists() and not await _within(EVERY):
                    await _note()
            except Exception as error:
                if not is_database_fault(error):
                    raise


@run_uncancelled
async def _note() -> None:
    await fetch_rows(f"UPDATE index_state SET searched_ms = {database_clock_ms()}")  # noqa: S608


async def is_search_active() -> bool:
    """Whether the engine has answered a search within the last seconds, in any process."""
    return await _within(GONE)


async def _within(ms: int) -> bool:
    """Whether a search was noted so lately."""
    sql = f"SELECT 1 FROM index_state WHERE searched_ms > {database_clock_ms()} - $1"  # noqa: S608
    return bool(await fetch_rows(sql, ms))
