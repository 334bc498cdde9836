"""Limit how many look-ups one requester can cause, so that none can spend a day's calls."""

from collections import Counter
from collections.abc import Callable

from service.errors import TooMany

MAX_LOOKUPS = 30  # per requester and window; a person who browses causes one or two a minute
WINDOW = 60.0  # seconds
MAX_REQUESTERS = 10_000  # counted individually in a window; all further ones share one count


class LookupRateLimit:
    """Count look-ups per requester in fixed windows, in this process alone.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._window_ends_at = 0.0
        self._counts: Counter[str] = Counter()

    def count_lookup(self, requester: str) -> None:
        """Count one more look-up of this requester.

        Raises:
            TooMany: the limit is exceeded, until `retry_after`.
        """
        now = self._clock()
        if now >= self._window_ends_at:
            self._counts.clear()
            self._window_ends_at = now + WINDOW
        if requester not in self._counts and len(self._counts) >= MAX_REQUESTERS:
            requester = ""
        if self._counts[requester] >= MAX_LOOKUPS:
            raise TooMany(
                "Too many films were looked up from this address.",
                code="too_many_lookups",
                retry_after=self._window_ends_at - now,
            )
        self._counts[requester] += 1
