"""End a worker process together with everything that it started."""

import os
import signal
from asyncio.subprocess import Process
from contextlib import suppress


async def kill_process_group(process: Process | None) -> None:
    """Kill the group that `process` leads, and wait for its end; None is nothing to do."""
    if process is None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
