"""A value that is read again only after a while, however many ask for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class TimedValue(Generic[T]):
    """The result of `read`, at most `seconds` old; concurrent callers share one call.

    Args:
        clock: monotonic seconds.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[T]],
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._results: list[T] = []  # one or none; the value itself may be None
        self._expires_at = 0.0
        self._lock = asyncio.Lock()

    async def get(self) -> T:
        """Return the value; raises what `read` raises, which is not kept."""
        async with self._lock:
            if not self._results or self._clock() >= self._expires_at:
                self._results = [await self._read()]
                self._expires_at = self._clock() + self._seconds
            return self._results[0]
