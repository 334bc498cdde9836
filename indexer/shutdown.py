"""Waits and retries that end at once when the indexer is told to stop."""

import asyncio
from collections.abc import Awaitable, Callable


async def wait_or_stop(stop: asyncio.Event, seconds: float) -> None:
    """Wait until `stop` is set, at most for this many seconds."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def retry_or_stop(
    stop: asyncio.Event,
    work: Callable[[], Awaitable[object]],
    on_error: Callable[[Exception], None],
    interval: float,
) -> None:
    """Call `work` until it succeeds or `stop` is set, at most once in `interval` seconds."""
    while not stop.is_set():
        try:
            await work()
            return
        except Exception as error:
            on_error(error)
            await wait_or_stop(stop, interval)
