"""Whether people are searching: a rebuild asks, before it takes all that there is of a machine.

An API worker says so in the index's row, every other second and beside its answers. The indexer may
be another process, another container or another machine, and the database is the one part that both
have. Only searches that the engine answered count: who is answered from a cache feels no rebuild,
and while the engine is away a rebuild is what people wait for.
"""

import asyncio

from service.database import clock, is_fault, rows, whole

EVERY = 2.0  # seconds between two notes
GONE = 5_000  # ms without a note after which nobody searches


class Audience:
    """What one process knows of the people who search with it."""

    def __init__(self) -> None:
        self._seen = False

    def seen(self) -> None:
        """A search was answered by the engine."""
        self._seen = True

    async def follow(self) -> None:
        """Note them for other processes until cancelled; a database that is away is told later."""
        while True:
            await asyncio.sleep(EVERY)
            if self._seen:
                self._seen = False
                try:
                    await _note()
                except Exception as error:
                    if not is_fault(error):
                        raise


@whole
async def _note() -> None:
    await rows(f"UPDATE index_state SET searched_ms = {clock()}")  # noqa: S608


async def present() -> bool:
    """Whether the engine has answered a search within the last seconds, in any process."""
    sql = f"SELECT 1 FROM index_state WHERE searched_ms > {clock()} - {GONE}"  # noqa: S608
    return bool(await rows(sql))
