"""Real parts killed and started again, where they are this checkout's own."""

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
DEADLY = {"postgres": signal.SIGQUIT}  # an immediate stop: a crash, but for its shared memory


def pid(name: str) -> int:
    """Return the process id of a backend that `tests/backends/start` started, or skip the test."""
    file = FOLDER / f"{name}.pid"
    if not file.exists() or not file.read_text().strip():
        pytest.skip(f"the {name} here was not started by tests/backends/start")
    return int(file.read_text())


async def killed(name: str) -> None:
    """Gone without a word, and every process of it."""
    os.kill(pid(name), DEADLY.get(name, signal.SIGKILL))

    async def gone() -> bool:  # the lock on its file is held by all of its processes
        with (FOLDER / f"{name}.pid").open() as file, contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    await wait_until(gone)


async def started(name: str) -> None:
    """There again, on the same port, with the same data."""
    await asyncio.to_thread(
        subprocess.run, [ROOT / "tests/backends/start", name], check=True, capture_output=True
    )


async def restarted(name: str) -> None:
    await killed(name)
    await started(name)
