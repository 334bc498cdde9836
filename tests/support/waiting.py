"""Wait for a condition, not for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any


async def until(
    condition: Callable[[], Awaitable[Any]], seconds: float = 120.0, every: float = 0.05
) -> Any:
    """What `condition` gives, as soon as it gives something true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = await condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition}"
        await asyncio.sleep(every)
