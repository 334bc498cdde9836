"""The generation: a number that rises whenever the index shows new content.

Cached responses carry the generation under which they were made, so nothing has to be invalidated
by hand. After the index worker has made a change searchable it raises the number, and all older
responses are out of use at once, in every process. The number lives in the database, the one part
that all processes share and that every response needs.

The number is not counted. Its upper bits are the database's time, its lower bits are random. So two
installations that share one Redis never have the same number, and a database that was restored from
a backup never repeats the numbers that it lost.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

from service.database.sql import database_clock_ms, fetch_rows, look_up_rows
from service.database.transactions import run_uncancelled

MAX_AGE = 0.005  # seconds; a burst of searches reads the number once
ROW_NAME = "films"  # the name of the only row
RANDOM_BITS = 20  # below the milliseconds (41 bits now): it stays below 2⁶³ for centuries


Follower = Callable[[int], Awaitable[None]]


class Generation:
    """The number as this process knows it.

    A new number is returned only after all `followers` have been called with it. So a search under
    a number finds at least the content that the number stands for.
    """

    def __init__(self, *followers: Follower) -> None:
        self._followers = followers
        self._number = 0
        self._read_at = float("-inf")
        self._reading: asyncio.Task[int] | None = None

    @property
    def last_read(self) -> int:
        """The number as it was read last; 0 before that."""
        return self._number

    async def current(self) -> int:
        """Return the number, at most 5 ms old. Raises the database's errors."""
        if time.monotonic() - self._read_at < MAX_AGE:
            return self._number
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def refresh(self) -> int:
        """Read the number now, however recently it was read. Raises the database's errors."""
        if self._reading is not None and not self._reading.done():
            await asyncio.shield(self._reading)  # it may have started too early
        self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def _read(self) -> int:
        rows = await look_up_rows("SELECT generation FROM index_state")
        if not rows:  # initialize with a random value: fresh databases must not share generation 0
            await advance()
            rows = await fetch_rows("SELECT generation FROM index_state")
        number = int(rows[0]["generation"])
        if number != self._number:
            await asyncio.gather(*(follower(number) for follower in self._followers))
        self._number, self._read_at = number, time.monotonic()
        return number


@run_uncancelled
async def advance() -> None:
    """Raise the generation, so that every process sees that the index shows new content."""
    await fetch_rows(
        f"INSERT INTO index_state (name, generation) "  # noqa: S608
        f"VALUES ($1, {database_clock_ms()} * {2**RANDOM_BITS} + $2) "
        "ON CONFLICT (name) DO UPDATE SET generation = CASE "
        "WHEN excluded.generation > index_state.generation THEN excluded.generation "
        "ELSE index_state.generation + 1 END",
        ROW_NAME,
        secrets.randbelow(2**RANDOM_BITS),
    )
