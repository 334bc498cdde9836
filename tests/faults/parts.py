"""Kill and restart the backends that this checkout started."""

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.waiting import wait_until

FOLDER = Path(os.environ.get("BACKENDS_DIR", ROOT / "var/backends"))
KILL_SIGNALS = {"postgres": signal.SIGQUIT}  # an immediate stop: a crash, but for its shared memory


def read_pid(name: str) -> int:
    """Return the process id of a backend that `tests/backends/start` started, or skip the test."""
    file = FOLDER / f"{name}.pid"
    if not file.exists() or not file.read_text().strip():
        pytest.skip(f"the {name} here was not started by tests/backends/start")
    return int(file.read_text())


async def kill_backend(name: str) -> None:
    """Kill a backend and wait until all its processes have exited."""
    os.kill(read_pid(name), KILL_SIGNALS.get(name, signal.SIGKILL))

    async def has_exited() -> bool:  # the lock on its file is held by all of its processes
        with (FOLDER / f"{name}.pid").open() as file, contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    await wait_until(has_exited)


async def start_backend(name: str) -> None:
    """Start a backend again on the same port with the same data."""
    await asyncio.to_thread(
        subprocess.run, [ROOT / "tests/backends/start", name], check=True, capture_output=True
    )


async def restart_backend(name: str) -> None:
    await kill_backend(name)
    await start_backend(name)
