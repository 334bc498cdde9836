"""A worker process that answers one line of JSON with another.

For computations that hold the interpreter, so that no thread could keep them off the event loop,
and that must be ended when they take too long. The worker is started by its first request, or by
`start`, and again after it was killed.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any

from service.resilience.process_group import kill_process_group

START_TIMEOUT = 30.0  # seconds until the worker is ready; 1 s on an idle machine
INHERITED = ("LD_LIBRARY_PATH", "PATH", "PYTHONPATH")  # the worker gets no secrets
WORKER_FAILED = (OSError, TimeoutError, ValueError)  # ValueError: a line too long, or no JSON


class LineProcess:
    """One worker process, used by one caller at a time.

    Args:
        module: what the worker runs. It writes one line when it is ready, and then one line of JSON
            for each line of JSON that it reads.
        timeout: seconds for one answer.
    """

    def __init__(self, module: str, timeout: float) -> None:
        self._module = module
        self._timeout = timeout
        self._process: Process | None = None

    @property
    def is_running(self) -> bool:
        """Whether the worker was started, and not killed since."""
        return self._process is not None

    async def start(self) -> None:
        """Start the worker, unless it runs. Raises `WORKER_FAILED`."""
        if self._process is not None:
            return
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module),
            stdin=PIPE,
            stdout=PIPE,
            env={name: value for name, value in os.environ.items() if name in INHERITED},
            start_new_session=True,
        )
        async with asyncio.timeout(START_TIMEOUT):
            await _read_answer(self._process)

    async def ask(self, request: object) -> Any:
        """Return the worker's answer. Raises `WORKER_FAILED`; then the worker must be killed.

        Must not be cancelled: the next line would be taken for the answer to another request.
        """
        await self.start()
        assert self._process is not None and self._process.stdin is not None, "it is a pipe"
        async with asyncio.timeout(self._timeout):
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            await self._process.stdin.drain()
            return await _read_answer(self._process)

    async def kill(self) -> None:
        """End the worker; safe to repeat."""
        process, self._process = self._process, None
        await kill_process_group(process)


async def _read_answer(process: Process) -> Any:
    assert process.stdout is not None, "it is a pipe"
    line = await process.stdout.readline()
    if not line:
        raise ConnectionResetError("the process has ended")
    return json.loads(line)
