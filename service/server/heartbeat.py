"""The heartbeat of a supervised process, sent through a pipe inherited from the supervisor.

It is sent from the event loop, so a blocked loop misses heartbeats and the supervisor notices.
"""

import asyncio
import os

INTERVAL = 1.0  # the supervisor counts a process as frozen after ten missing heartbeats


async def send_heartbeats() -> None:
    """Write a byte each second, for ever; return at once when there is no supervisor."""
    descriptor = os.environ.get("MOVIES_HEARTBEAT")
    if descriptor is None:
        return
    while True:
        try:
            os.write(int(descriptor), b".")
        except BrokenPipeError:
            return  # the supervisor died, and the signal that ends this process is on its way
        await asyncio.sleep(INTERVAL)
