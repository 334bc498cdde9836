"""Waits that end at once when the indexer is told to stop."""

import asyncio


async def wait_or_stop(stop: asyncio.Event, seconds: float) -> None:
    """Wait until `stop` is set, at most for this many seconds."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
