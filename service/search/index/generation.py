"""A number that rises whenever the index shows something new.

Whatever is cached carries the generation under which it was made, so that nothing needs to be
invalidated by hand: after the indexer has made a change searchable it raises the number, and
every older answer is out of use at once, in every process. The number lives in the database,
the one part that all processes share and that no answer can do without.

It is not counted but drawn, above the last one: the database's time, and beneath it chance. So no
other database has it, though both installations keep their answers in one Redis, and a database
that was restored from a backup does not come again to the numbers of its lost days.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

from service.database.sql import database_clock_ms, fetch_rows
from service.database.transactions import run_uncancelled

MAX_AGE = 0.005  # seconds; a burst of searches asks the database once
ROW_NAME = "films"  # the single row's name
RANDOM_BITS = 20  # below the milliseconds; with these 41 it stays below 2⁶³ for centuries


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
        if time.monotonic() - self._read_at < MAX_AGE:
            return self._number
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def refresh(self) -> int:
        """The number as it is now, however recently it was read."""
        if self._reading is not None and not self._reading.done():
            await asyncio.shield(self._reading)  # which may have begun too early
        self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def _read(self) -> int:
        found = await fetch_rows("SELECT generation FROM index_state")
        if not found:  # the first to ask draws it, lest the young share a nought
            await advance()
            found = await fetch_rows("SELECT generation FROM index_state")
        number = int(found[0]["generation"])
        if number != self._number:
            await asyncio.gather(*(follower(number) for follower in self._followers))
        self._number, self._read_at = number, time.monotonic()
        return number


@run_uncancelled
async def advance() -> None:
    """Tell every process that the index shows something new."""
    await fetch_rows(
        f"INSERT INTO index_state (name, generation) "  # noqa: S608
        f"VALUES ($1, {database_clock_ms()} * {2**RANDOM_BITS} + $2) "
        "ON CONFLICT (name) DO UPDATE SET generation = CASE "
        "WHEN excluded.generation > index_state.generation THEN excluded.generation "
        "ELSE index_state.generation + 1 END",
        ROW_NAME,
        secrets.randbelow(2**RANDOM_BITS),
    )
