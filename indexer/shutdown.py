"""Pauses that end at once when the indexer is told to stop."""

import asyncio


async def wait_or_stop(stop: asyncio.Event, seconds: float) -> None:
    """Wait for `stop`, at most so many seconds."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
