"""A clock that stands still until a test advances it."""

from datetime import UTC, datetime, timedelta

from service.clock import epoch_ms

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class FakeClock:
    """Wall clock and monotonic clock; call it, or pass `now` or `monotonic`."""

    def __init__(self, time: datetime = START) -> None:
        self.time = time
        self._monotonic = 1_000.0

    def __call__(self) -> datetime:
        return self.time

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self._monotonic

    def epoch_ms(self) -> int:
        return epoch_ms(self.time)

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self._monotonic += seconds

    def advance_ms(self, milliseconds: int) -> None:
        self.advance(milliseconds / 1000)
