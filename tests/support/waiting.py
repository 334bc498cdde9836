"""Wait for a condition, not for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any


async def wait_until(
    condition: Callable[[], Awaitable[Any]], timeout: float = 120.0, interval: float = 0.05
) -> Any:
    """Return what `condition` gives, as soon as it gives something true; fails after `seconds`."""
    deadline = time.monotonic() + timeout
    while True:
        value = await condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {timeout} s: {condition}"
        await asyncio.sleep(interval)
