"""Remember across processes which films OMDb lacks, and which look-ups are in flight.

A mistyped link is requested a thousand times. A recorded miss saves the further calls, for longer
after each failure, since the film may yet appear. A lease turns a hundred requests for one new
film into one call, in however many processes they wait; it expires if its owner dies. Leases use
the given clock: hosts that disagree by seconds cost a second call, never a second film.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from service.clock import epoch_ms
from service.database.sql import fetch_rows

HOUR_MS = 3_600_000
MISS_LIFETIMES_MS = (HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS, 30 * 24 * HOUR_MS)
"""How long the first miss is believed, the second, and so on."""
RETENTION_MS = 180 * 24 * HOUR_MS  # a miss is still counted for so long after it expired

_UPSERT_MISS = """
INSERT INTO omdb_misses (key, misses, until, instead, is_unreadable) VALUES ($1, 1, $2, $3, $4)
ON CONFLICT (key) DO UPDATE SET misses = omdb_misses.misses + 1, instead = excluded.instead,
    is_unreadable = excluded.is_unreadable
RETURNING misses
"""
_EXTEND_MISS = "UPDATE omdb_misses SET until = $2 WHERE key = $1"
_SELECT_MISS = "SELECT instead, is_unreadable FROM omdb_misses WHERE key = $1 AND until > $2"
_DELETE_MISS = "DELETE FROM omdb_misses WHERE key = $1"
_DELETE_OLD_MISSES = "DELETE FROM omdb_misses WHERE until <= $1"

_SELECT_LEASE = "SELECT owner FROM omdb_leases WHERE key = $1 AND until > $2"
_DELETE_EXPIRED_LEASES = "DELETE FROM omdb_leases WHERE until <= $1"
_INSERT_LEASE = """
INSERT INTO omdb_leases (key, owner, until) VALUES ($1, $2, $3)
ON CONFLICT (key) DO NOTHING RETURNING owner
"""
_DELETE_LEASE = "DELETE FROM omdb_leases WHERE key = $1 AND owner = $2"


@dataclass(frozen=True, slots=True)
class Miss:
    """OMDb lacks the film, or its reply about it cannot be read.

    `alternative_id` is the IMDb id of a film that it offered instead.
    """

    alternative_id: str | None
    is_unreadable: bool = False


class NegativeCache:
    """Misses and leases in the database.

    Args:
        now: returns the current time, aware.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._owner = uuid4().hex

    async def get_miss(self, key: str) -> Miss | None:
        """Return the miss recorded for this look-up, unless it has expired."""
        rows = await fetch_rows(_SELECT_MISS, key, epoch_ms(self._now()))
        return Miss(rows[0]["instead"], bool(rows[0]["is_unreadable"])) if rows else None

    async def record_miss(
        self, key: str, alternative_id: str | None = None, *, is_unreadable: bool = False
    ) -> None:
        """Record that OMDb lacks this film; each miss in a row is believed for longer."""
        now_ms = epoch_ms(self._now())
        until_ms = now_ms + MISS_LIFETIMES_MS[0]
        [row] = await fetch_rows(_UPSERT_MISS, key, until_ms, alternative_id, is_unreadable)
        lifetime_ms = MISS_LIFETIMES_MS[min(row["misses"], len(MISS_LIFETIMES_MS)) - 1]
        await fetch_rows(_EXTEND_MISS, key, now_ms + lifetime_ms)
        await fetch_rows(_DELETE_OLD_MISSES, now_ms - RETENTION_MS)

    async def delete_miss(self, key: str) -> None:
        """Forget the misses of this look-up, since OMDb has the film after all."""
        await fetch_rows(_DELETE_MISS, key)

    async def claim(self, key: str, seconds: float) -> bool:
        """Lease this look-up for `seconds`; return False if another process has it."""
        now_ms = epoch_ms(self._now())
        if await fetch_rows(_SELECT_LEASE, key, now_ms):
            return False
        await fetch_rows(_DELETE_EXPIRED_LEASES, now_ms)
        until_ms = now_ms + int(seconds * 1000)
        return bool(await fetch_rows(_INSERT_LEASE, key, self._owner, until_ms))

    async def release(self, key: str) -> None:
        """End this process's lease of the look-up."""
        await fetch_rows(_DELETE_LEASE, key, self._owner)
