"""Run a command on a terminal of its own, as an operator sees it."""

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from tests.support import ROOT
from tests.support.service_runner import START_TIMEOUT, process_environment

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A pseudo-terminal with one `movies` command on it."""

    def __init__(self, process: "subprocess.Popen[bytes]", descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._output = b""

    @property
    def text(self) -> str:
        """Everything that was shown so far, without colours and movements of the cursor."""
        return ESCAPE.sub("", self._output.decode(errors="replace")).replace("\r\n", "\n")

    def press(self, keys: bytes) -> None:
        """Type on the terminal; byte 3 is Ctrl-C."""
        os.write(self._descriptor, keys)

    def read_until(self, is_reached: Callable[[str], object]) -> str:
        """Return the text once it is as wanted, or when the command has ended."""
        deadline = time.monotonic() + START_TIMEOUT
        while not is_reached(self.text) and time.monotonic() < deadline:
            if select.select([self._descriptor], [], [], 0.2)[0]:
                try:
                    chunk = os.read(self._descriptor, 65536)
                except OSError:  # Linux, when the command has closed its end
                    chunk = b""
                if not chunk:
                    break
                self._output += chunk
        return self.text


@contextlib.contextmanager
def run_in_terminal(environment: Mapping[str, str], *args: str) -> Iterator[Terminal]:
    """Run `movies` with these arguments and settings on a terminal; end it at the exit."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "service", *args],
        cwd=ROOT,
        env={**process_environment(environment), "TERM": "xterm", "COLUMNS": "120"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.terminate()
        process.wait(30)
        os.close(ours)


def _take_terminal() -> None:
    """Make the terminal the one whose Ctrl-C this process gets."""
    os.close(os.open(os.ttyname(0), os.O_RDWR))
