"""Stops asking a server that does not answer, so that nobody waits for what will not come."""

from collections.abc import Callable

from service.limits import OMDB_BREAKER_RESET as PAUSE
from service.limits import OMDB_BREAKER_THRESHOLD as FAILURES


class CircuitBreaker:
    """Counts failures in a row, and says how long to leave the server alone.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._closed_again_at = 0.0

    @property
    def open(self) -> bool:
        """Whether the server is held to be down."""
        return self._failures >= FAILURES

    def wait(self) -> float:
        """Seconds to wait before a call; 0 lets this one through.

        After a pause one caller is let through, and the others wait for what it finds.
        """
        if not self.open:
            return 0.0
        now = self._clock()
        if now < self._closed_again_at:
            return self._closed_again_at - now
        self._closed_again_at = now + PAUSE
        return 0.0

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self.open:
            self._closed_again_at = self._clock() + PAUSE
