"""A number that rises whenever the index shows something new.

Whatever is cached carries the generation under which it was made, so that nothing needs to be
invalidated by hand: after the indexer has made a change searchable it raises the number, and
every older answer is out of use at once, in every process. The number lives in the database,
the one part that all processes share and that no answer can do without.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tortoise.expressions import F

from service.database import rows, whole
from service.search.models import IndexState

LOOK_AGAIN = 0.005  # seconds; a burst of searches asks the database once
ONLY = "films"  # the single row's name


Follower = Callable[[int], Awaitable[None]]


class Generation:
    """This process's view of the number.

    Whoever must keep up with the index is told of each new number before anyone else sees it;
    so a search under a number finds at least what that number stands for.
    """

    def __init__(self, *followers: Follower) -> None:
        self._followers = followers
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

    async def fresh(self) -> int:
        """The number as it is now, however recently it was read."""
        if self._reading is not None and not self._reading.done():
            await asyncio.shield(self._reading)  # which may have begun too early
        self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def _read(self) -> int:
        found = await rows("SELECT generation FROM index_state")
        number = int(found[0]["generation"]) if found else 0
        if number != self._number:
            await asyncio.gather(*(follower(number) for follower in self._followers))
        self._number, self._read_at = number, time.monotonic()
        return number


@whole
async def advance() -> None:
    """Tell every process that the index shows something new."""
    raised = await IndexState.filter(name=ONLY).update(generation=F("generation") + 1)
    if not raised:
        await IndexState.bulk_create([IndexState(name=ONLY, generation=1)], ignore_conflicts=True)
        await IndexState.filter(name=ONLY).update(generation=F("generation") + 1)
