"""A number that rises whenever the index shows something new.

Whatever is cached carries the generation under which it was made, so that nothing needs to be
invalidated by hand: after the indexer has made a change searchable it raises the number, and
every older answer is out of use at once, in every process. The number lives in the database,
the one part that all processes share and that no answer can do without.
"""

import asyncio
import time

from tortoise.expressions import F

from service.database import connection, whole
from service.search.models import IndexState

LOOK_AGAIN = 0.005  # seconds; a burst of searches asks the database once
ONLY = 1  # the single row's id


class Generation:
    """This process's view of the number."""

    def __init__(self) -> None:
        self._number = 0
        self._read_at = float("-inf")
        self._reading: asyncio.Task[int] | None = None

    async def current(self) -> int:
        """The number, at most 5 ms old. Raises the database's own errors."""
        if time.monotonic() - self._read_at < LOOK_AGAIN:
            return self._number
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def _read(self) -> int:
        rows = await connection().execute_query_dict("SELECT generation FROM index_state")
        self._number = int(rows[0]["generation"]) if rows else 0
        self._read_at = time.monotonic()
        return self._number


@whole
async def advance() -> None:
    """Tell every process that the index shows something new."""
    raised = await IndexState.filter(id=ONLY).update(generation=F("generation") + 1)
    if not raised:
        await IndexState.bulk_create([IndexState(id=ONLY, generation=1)], ignore_conflicts=True)
        await IndexState.filter(id=ONLY).update(generation=F("generation") + 1)

