"""Commands in processes of their own, forked from one that has imported everything they need.

Starting Python and importing the drivers takes a second and a half of CPU, and the tests run
commands some hundred times. All else is as in a terminal: arguments, settings, standard streams and
exit status.
"""

import io
import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

from service import cli
from service.cli.main import main

PRELOADED = (
    *(module.name for module in pkgutil.iter_modules(cli.__path__, "service.cli.")),
    "service.search.engines.tantivy.reader",
    "service.search.engines.tantivy.writer",
    "tests.support.command_processes",
)


def run_forked(
    args: list[str], environment: Mapping[str, str], folder: Path, stdin: str, timeout: float
) -> "subprocess.CompletedProcess[str]":
    """Run `movies` to its end.

    Args:
        args: the arguments after `movies`.
        environment: all environment variables.
        folder: the working directory.
        stdin: the text on its standard input.
        timeout: seconds, after which it is killed.

    Raises:
        subprocess.TimeoutExpired: it was killed.
    """
    with tempfile.TemporaryDirectory() as streams:
        (Path(streams) / "0").write_text(stdin, "utf-8")
        process = _context().Process(
            target=_run, args=(args, dict(environment), str(folder), streams)
        )
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(args, timeout)
        stdout, stderr = (
            (Path(streams) / name).read_text("utf-8", "backslashreplace") for name in "12"
        )
        return subprocess.CompletedProcess(args, process.exitcode, stdout, stderr)


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def _run(args: list[str], environment: Mapping[str, str], folder: str, streams: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, flags in (
        (0, os.O_RDONLY),
        (1, os.O_CREAT | os.O_WRONLY),
        (2, os.O_CREAT | os.O_WRONLY),
    ):
        file = os.open(Path(streams) / str(number), flags, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(os.fdopen(number, mode), "utf-8", write_through=number == 2)
        for number, mode in ((0, "rb"), (1, "wb"), (2, "wb"))
    )
    sys.argv = ["movies", *args]
    main()
