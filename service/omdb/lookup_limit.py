"""Limit how many look-ups one network can cause, so that none can spend a day's calls."""

from service.errors import TooMany
from service.rate_limit_rules import RateLimit
from service.resilience.rate_limiter import RateLimiter, Requester

NETWORK_SHARE = 0.05  # of the day's calls to OMDb, at most, for one network
LOOKUP_CLASS, DAY_CLASS = "lookup", "omdb_day"


def daily_limit(quota: int) -> dict[str, RateLimit]:
    """Return the limit of one network's share of `quota` calls a day."""
    return {DAY_CLASS: RateLimit(max(1, int(NETWORK_SHARE * quota)), 86_400)}


class LookupLimit:
    """Count the look-ups of networks, by the minute and by the day."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    async def count(self, requester: Requester) -> None:
        """Count one more look-up of the requester's network, and tell it what is left.

        Raises:
            TooMany: a limit is exceeded, until `retry_after`.
        """
        for name in (LOOKUP_CLASS, DAY_CLASS):
            status = await self._limiter.count(name, requester.network)
            if status is None:
                continue
            if name == LOOKUP_CLASS or not status.is_allowed:
                requester.rate_status = (name, status)
            if not status.is_allowed:
                raise TooMany(
                    "Too many films were looked up from this address.",
                    code="too_many_lookups",
                    retry_after=status.reset_after,
                )
