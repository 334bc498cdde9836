"""Count the calls that an OMDb key has left today, across all processes.

Calls after the quota is exhausted return nothing, and a key that keeps calling may be blocked.
The hour at which OMDb starts a new day is not documented. So a day here is 24 hours from its first
call, and when OMDb answers again after an exhausted quota, the day starts at that moment from then
on.
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

DAY_MS = 24 * 3_600_000
PROBE_INTERVAL_MS = 3_600_000  # the hour of the reset is unknown, so one call an hour tries it
PROBE_TIMEOUT_MS = 60_000  # for so long other calls wait for the result of such a probe
RESERVED_SHARE = 0.2  # of the day's calls, kept for admins and for refreshing films

# One statement, so that two processes cannot both take the last call. A day that is over starts
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
_SELECT = "SELECT began_at, used, stopped_until FROM omdb_days WHERE key_hash = $1"
_STOP = "UPDATE omdb_days SET stopped_until = $2 WHERE key_hash = $1"
_RESUME = "UPDATE omdb_days SET stopped_until = 0, began_at = $2, used = 1 WHERE key_hash = $1"


@dataclass(frozen=True, slots=True)
class QuotaCall:
    """The right to one call; a probe finds out whether OMDb's new day has started."""

    is_probe: bool


@dataclass(frozen=True, slots=True)
class QuotaBudget:
    """The state of a key, for operators; `resets_at` is when the day of its calls ends."""

    used: int
    limit: int
    stopped_until: datetime | None
    resets_at: datetime | None = None


class OmdbQuota:
    """The daily calls of one key.

    Args:
        key: the API key; only its hash is stored.
        limit: calls a day.
        now: returns the current time, aware.
    """

    def __init__(self, key: str, limit: int, now: Callable[[], datetime]) -> None:
        self._key_hash = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        self._limit = limit
        self._now = now

    async def take_call(self, *, public: bool = False) -> QuotaCall:
        """Take one of the day's calls; `record_answer` or `record_exhaustion` must follow.

        Args:
            public: anyone may cause this call; leave the reserved share of the day's calls.

        Raises:
            Unavailable: `omdb_quota_exhausted`; there is none left, until `retry_after`.
        """
        limit = int(self._limit * (1 - RESERVED_SHARE)) if public else self._limit
        now_ms = epoch_ms(self._now())
        params = (self._key_hash, now_ms, limit, DAY_MS, PROBE_TIMEOUT_MS)
        rows = await fetch_rows(_TAKE, *params)
        if not rows:
            await fetch_rows(_BEGIN, self._key_hash, now_ms)
            rows = await fetch_rows(_TAKE, *params)
        if rows:
            return QuotaCall(is_probe=rows[0]["stopped_until"] > 0)
        [day] = await fetch_rows(_SELECT, self._key_hash)
        until_ms = max(day["stopped_until"], 0)
        if until_ms <= now_ms:
            until_ms = day["began_at"] + DAY_MS
        raise _exhausted_error(until_ms - now_ms)

    async def record_answer(self, call: QuotaCall) -> None:
        """Record that OMDb answered `call`; after an exhausted quota, its new day starts now."""
        if call.is_probe:
            log.info("omdb_quota_reset")
            await fetch_rows(_RESUME, self._key_hash, epoch_ms(self._now()))

    async def record_exhaustion(self) -> Unavailable:
        """Record that OMDb reports an exhausted quota; return the error to raise."""
        log.warning("omdb_quota_exhausted", pause_seconds=PROBE_INTERVAL_MS / 1000)
        await fetch_rows(_STOP, self._key_hash, epoch_ms(self._now()) + PROBE_INTERVAL_MS)
        return _exhausted_error(PROBE_INTERVAL_MS)

    async def get_budget(self) -> QuotaBudget:
        """Return the state of the key now."""
        now = self._now()
        now_ms = epoch_ms(now)
        rows = await fetch_rows(_SELECT, self._key_hash)
        if not rows:
            return QuotaBudget(0, self._limit, None)
        [day] = rows
        is_over = day["began_at"] + DAY_MS <= now_ms
        stopped_until = None
        if day["stopped_until"] > now_ms:
            stopped_until = datetime.fromtimestamp(day["stopped_until"] / 1000, now.tzinfo)
        resets_at = None
        if not is_over:
            resets_at = datetime.fromtimestamp((day["began_at"] + DAY_MS) / 1000, now.tzinfo)
        return QuotaBudget(0 if is_over else day["used"], self._limit, stopped_until, resets_at)


def _exhausted_error(wait_ms: int) -> Unavailable:
    return Unavailable(
        "The daily quota of OMDb calls is exhausted.",
        code="omdb_quota_exhausted",
        retry_after=wait_ms / 1000,
    )
