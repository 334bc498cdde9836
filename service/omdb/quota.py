"""How many calls a key has left today, counted for all processes together.

A key's calls are the scarcest thing that the service has: asking on after they are spent brings
nothing, and a key that always asks may lose its calls altogether. The hour at which OMDb begins
a new day is not known; so a day here is 24 hours from its first call, and when OMDb answers
again after it had said that the calls are spent, the day begins at that moment from then on.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from service.clock import epoch_ms
from service.database.sql import fetch_rows
from service.errors import Unavailable

log = structlog.get_logger()

DAY = 24 * 3_600_000  # milliseconds
PAUSE = 3_600_000  # milliseconds; the hour of the reset is not known, so every hour is tried
PROBE = 60_000  # milliseconds that others wait for the answer to such a try
SPARED = 0.2  # of the day's calls, kept for films that somebody is waiting for

# One statement, so that two processes cannot both take the last call. A day that is over begins
# anew a whole number of days later, which keeps the hour that was learned.
_TAKE = """
UPDATE omdb_days SET
  used = CASE WHEN began_at + $4 <= $2 THEN 1 ELSE used + 1 END,
  began_at = CASE WHEN began_at + $4 <= $2 THEN $2 - ($2 - began_at) % $4 ELSE began_at END,
  stopped_until = CASE WHEN stopped_until > 0 THEN $2 + $5 ELSE 0 END
WHERE key_hash = $1 AND stopped_until <= $2 AND (used < $3 OR began_at + $4 <= $2)
RETURNING stopped_until
"""
_BEGIN = """
INSERT INTO omdb_days (key_hash, began_at, used, stopped_until) VALUES ($1, $2, 0, 0)
ON CONFLICT (key_hash) DO NOTHING
"""
_STATE = "SELECT began_at, used, stopped_until FROM omdb_days WHERE key_hash = $1"
_STOP = "UPDATE omdb_days SET stopped_until = $2 WHERE key_hash = $1"
_RESUME = "UPDATE omdb_days SET stopped_until = 0, began_at = $2, used = 1 WHERE key_hash = $1"


@dataclass(frozen=True, slots=True)
class QuotaCall:
    """The right to one call. `probing`: it finds out whether OMDb's new day has begun."""

    is_probe: bool


@dataclass(frozen=True, slots=True)
class QuotaBudget:
    """How a key stands, for the people who run the service."""

    used: int
    limit: int
    stopped_until: datetime | None


class OmdbQuota:
    """The day's calls of one key.

    Args:
        key: only its hash is stored.
        limit: calls a day.
        now: the time, aware.
    """

    def __init__(self, key: str, limit: int, now: Callable[[], datetime]) -> None:
        self._hash = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        self._limit = limit
        self._now = now

    async def take_call(self, *, background: bool = False) -> QuotaCall:
        """Take one of the day's calls, to be followed by `answered` or `spent`.

        Args:
            spare: nobody is waiting; leave the day's last calls to those who do.

        Raises:
            Unavailable: `omdb_quota_exhausted`; there is none, until `retry_after`.
        """
        limit = int(self._limit * (1 - SPARED)) if background else self._limit
        now = epoch_ms(self._now())
        taken = await fetch_rows(_TAKE, self._hash, now, limit, DAY, PROBE)
        if not taken:
            await fetch_rows(_BEGIN, self._hash, now)
            taken = await fetch_rows(_TAKE, self._hash, now, limit, DAY, PROBE)
        if taken:
            return QuotaCall(is_probe=taken[0]["stopped_until"] > 0)
        [state] = await fetch_rows(_STATE, self._hash)
        until = max(state["stopped_until"], 0)
        if until <= now:
            until = state["began_at"] + DAY
        raise _exhausted(until - now)

    async def record_answer(self, call: QuotaCall) -> None:
        """OMDb answered: if it had not before, its new day begins now."""
        if call.is_probe:
            log.info("omdb_quota_reset")
            await fetch_rows(_RESUME, self._hash, epoch_ms(self._now()))

    async def record_exhaustion(self) -> Unavailable:
        """OMDb said that the calls are spent, whatever was counted here; what to raise then."""
        log.warning("omdb_quota_exhausted", pause_seconds=PAUSE / 1000)
        await fetch_rows(_STOP, self._hash, epoch_ms(self._now()) + PAUSE)
        return _exhausted(PAUSE)

    async def get_budget(self) -> QuotaBudget:
        """How the key stands now."""
        now = epoch_ms(self._now())
        found = await fetch_rows(_STATE, self._hash)
        if not found:
            return QuotaBudget(0, self._limit, None)
        stopped = found[0]["stopped_until"]
        over = found[0]["began_at"] + DAY <= now
        until = datetime.fromtimestamp(stopped / 1000, self._now().tzinfo)
        return QuotaBudget(
            0 if over else found[0]["used"], self._limit, until if stopped > now else None
        )


def _exhausted(wait: int) -> Unavailable:
    return Unavailable(
        "The day's calls to OMDb are spent.",
        code="omdb_quota_exhausted",
        retry_after=wait / 1000,
    )
