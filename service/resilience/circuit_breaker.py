"""Stop calling a part that keeps failing, so that callers do not wait for it in vain."""

import time
from collections.abc import Callable


class CircuitBreaker:
    """Count consecutive failures and say how long to wait before the next call.

    Args:
        threshold: consecutive failures that open the breaker.
        reset: seconds until an open breaker lets one probe through.
        clock: monotonic seconds.
    """

    def __init__(
        self, threshold: int, reset: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._threshold = threshold
        self._reset = reset
        self._clock = clock
        self._failures = 0
        self._next_probe = 0.0

    @property
    def is_open(self) -> bool:
        """Return whether the part counts as down."""
        return self._failures >= self._threshold

    def wait_time(self) -> float:
        """Return the seconds to wait before a call; 0 lets this call through.

        An open breaker lets one caller probe per reset time; the others wait for its result.
        """
        if not self.is_open:
            return 0.0
        now = self._clock()
        if now < self._next_probe:
            return self._next_probe - now
        self._next_probe = now + self._reset
        return 0.0

    def record_success(self) -> None:
        """Close the breaker."""
        self._failures = 0

    def record_failure(self) -> None:
        """Count a failure; an open breaker stays open for another reset time."""
        self._failures += 1
        if self.is_open:
            self._next_probe = self._clock() + self._reset
