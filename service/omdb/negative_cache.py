"""What OMDb has no film for, and what is being asked at this moment, across all processes.

A typing error in a link is asked for a thousand times; each answer "no such film" spares the
calls that follow it, for longer each time, since the film may yet appear. A lease makes a hundred
askers of one new film one call, in however many processes they wait; it ends by itself if its
owner dies. Leases go by the given clock: hosts that disagree by seconds cost a second call, and
never a second film.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from service.clock import epoch_ms
from service.database.sql import fetch_rows

HOUR = 3_600_000  # milliseconds
WAITS = (HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR)  # after the first miss, …
FORGOTTEN = 180 * 24 * HOUR  # milliseconds after its end that a miss is still counted

_REMEMBER = """
INSERT INTO omdb_misses (key, misses, until, instead) VALUES ($1, 1, $2, $3)
ON CONFLICT (key) DO UPDATE SET misses = omdb_misses.misses + 1, instead = excluded.instead
RETURNING misses
"""
_UNTIL = "UPDATE omdb_misses SET until = $2 WHERE key = $1"
_RECALL = "SELECT instead FROM omdb_misses WHERE key = $1 AND until > $2"
_FORGET = "DELETE FROM omdb_misses WHERE key = $1"
_SWEEP = "DELETE FROM omdb_misses WHERE until <= $1"

_HELD = "SELECT owner FROM omdb_leases WHERE key = $1 AND until > $2"
_ENDED = "DELETE FROM omdb_leases WHERE until <= $1"
_CLAIM = """
INSERT INTO omdb_leases (key, owner, until) VALUES ($1, $2, $3)
ON CONFLICT (key) DO NOTHING RETURNING owner
"""
_RELEASE = "DELETE FROM omdb_leases WHERE key = $1 AND owner = $2"


@dataclass(frozen=True, slots=True)
class Miss:
    """OMDb had no film for the question; `instead` is the IMDb id of one it offered."""

    alternative_id: str | None


class NegativeCache:
    """Misses and leases in the database.

    Args:
        now: the time, aware.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._owner = uuid4().hex

    async def get_miss(self, key: str) -> Miss | None:
        """The miss that still spares a call for this question."""
        found = await fetch_rows(_RECALL, key, epoch_ms(self._now()))
        return Miss(found[0]["instead"]) if found else None

    async def record_miss(self, key: str, instead: str | None = None) -> None:
        """OMDb has no film for this question."""
        now = epoch_ms(self._now())
        [missed] = await fetch_rows(_REMEMBER, key, now + WAITS[0], instead)
        wait = WAITS[min(missed["misses"], len(WAITS)) - 1]
        await fetch_rows(_UNTIL, key, now + wait)
        await fetch_rows(_SWEEP, now - FORGOTTEN)

    async def delete_miss(self, key: str) -> None:
        """OMDb has a film for this question after all."""
        await fetch_rows(_FORGET, key)

    async def claim(self, key: str, seconds: float) -> bool:
        """Whether this process may ask the question; then no other may for so many seconds."""
        now = epoch_ms(self._now())
        if await fetch_rows(_HELD, key, now):
            return False
        await fetch_rows(_ENDED, now)
        return bool(await fetch_rows(_CLAIM, key, self._owner, now + int(seconds * 1000)))

    async def release(self, key: str) -> None:
        """The question is answered."""
        await fetch_rows(_RELEASE, key, self._owner)
