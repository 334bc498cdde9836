"""A bound on how many look-ups one stranger can cause, so that none can spend a day's calls."""

from collections import Counter
from collections.abc import Callable

from service.errors import TooMany

LOOKUPS = 30  # per asker and window; a person who browses causes one or two a minute
WINDOW = 60.0  # seconds
ASKERS = 10_000  # counted one by one in a window; those who come later share one count


class LookupRateLimit:
    """Counts look-ups per asker in windows of fixed length, in this process alone.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends_at = 0.0
        self._counts: Counter[str] = Counter()

    def count(self, asker: str) -> None:
        """One more look-up for this asker.

        Raises:
            TooMany: that is one too many, until `retry_after`.
        """
        now = self._clock()
        if now >= self._ends_at:
            self._counts.clear()
            self._ends_at = now + WINDOW
        if asker not in self._counts and len(self._counts) >= ASKERS:
            asker = ""
        if self._counts[asker] >= LOOKUPS:
            raise TooMany(
                "Too many films were looked up from this address.",
                code="too_many_lookups",
                retry_after=self._ends_at - now,
            )
        self._counts[asker] += 1
