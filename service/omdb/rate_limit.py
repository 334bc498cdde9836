"""A bound on how many look-ups one stranger can cause, so that none can spend a day's calls."""

from collections import Counter
from collections.abc import Callable

from service.errors import TooMany

MAX_LOOKUPS = 30  # per asker and window; a person who browses causes one or two a minute
WINDOW = 60.0  # seconds
MAX_REQUESTERS = 10_000  # counted one by one in a window; those who come later share one count


class LookupRateLimit:
    """Counts look-ups per asker in windows of fixed length, in this process alone.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends_at = 0.0
        self._counts: Counter[str] = Counter()

    def count_lookup(self, requester: str) -> None:
        """One more look-up for this asker.

        Raises:
            TooMany: that is one too many, until `retry_after`.
        """
        now = self._clock()
        if now >= self._ends_at:
            self._counts.clear()
            self._ends_at = now + WINDOW
        if requester not in self._counts and len(self._counts) >= MAX_REQUESTERS:
            requester = ""
        if self._counts[requester] >= MAX_LOOKUPS:
            raise TooMany(
                "Too many films were looked up from this address.",
                code="too_many_lookups",
                retry_after=self._ends_at - now,
            )
        self._counts[requester] += 1
