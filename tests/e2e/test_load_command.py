"""`movies load` as a process: interrupted while it reads, and waiting for the index."""

import array
import contextlib
import fcntl
import gzip
import json
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.conftest import open_database
from tests.support import ROOT
from tests.support.service_runner import START_TIMEOUT, process_environment, run_command

COUNTS = re.compile(
    r"(\d+) read, (\d+) added, (\d+) changed, (\d+) unchanged, (\d+) left out", re.MULTILINE
)
INTERRUPTED = "interrupted; what is counted here is stored, load the file again for the rest"
INTERRUPTED_STATUS = 130
IDLE_SAMPLES = 10  # in a row, 20 ms apart


def film_lines(first: int, last: int) -> bytes:
    films = ({"title": f"Film {n}", "imdb_id": f"tt{n:07}"} for n in range(first, last))
    return b"".join(json.dumps(film).encode() + b"\n" for film in films)


@contextlib.contextmanager
def run_load(
    environment: Mapping[str, str], *arguments: str
) -> "Iterator[subprocess.Popen[bytes]]":
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "service", "load", *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=process_environment(environment),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def count_stored(folder: Path) -> int:
    with open_database(folder) as database:
        count: int = database.execute("SELECT COUNT(*) FROM films").fetchone()[0]
        return count


def wait_for_films(folder: Path, minimum: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while count_stored(folder) < minimum:
        assert time.monotonic() < deadline, "no film was stored"
        time.sleep(0.02)


def wait_until_all_is_read(process: "subprocess.Popen[bytes]") -> None:
    """Wait until nothing is left in the pipe to this process."""
    assert process.stdin is not None
    deadline, unread = time.monotonic() + START_TIMEOUT, array.array("i", [1])
    while unread[0]:
        assert time.monotonic() < deadline, "the input was not read"
        fcntl.ioctl(process.stdin, termios.FIONREAD, unread)
        time.sleep(0.02)


def wait_until_idle(process: "subprocess.Popen[bytes]") -> None:
    """Wait until all threads of this process wait; those that want a busy processor do not."""
    deadline, idle_samples = time.monotonic() + START_TIMEOUT, 0
    while idle_samples < IDLE_SAMPLES:
        assert time.monotonic() < deadline, "the process is still at work"
        is_idle = set(thread_states(process.pid)) == {"S"}
        idle_samples = idle_samples + 1 if is_idle else 0
        time.sleep(0.02)


def thread_states(pid: int) -> Iterator[str]:
    """Yield the state of each thread, such as R (runnable), D (at the disk) and S (waiting)."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            yield (thread / "stat").read_text().rpartition(")")[2].split()[0]


def interrupt(process: "subprocess.Popen[bytes]") -> tuple[list[int], str]:
    """Press Ctrl-C; return the counts that the command prints, and all that it prints."""
    process.send_signal(signal.SIGINT)
    process.wait(START_TIMEOUT)  # `communicate` ends its input, and so the line that is half there
    output, errors = process.communicate(timeout=START_TIMEOUT)
    text = output.decode() + errors.decode()
    assert process.returncode == INTERRUPTED_STATUS and "Traceback" not in text, text
    match = COUNTS.search(text)
    return [int(count) for count in match.groups()] if match else [], text


def test_an_interrupted_load_of_a_pipe_stores_and_counts_what_it_has_read(
    environment: dict[str, str], tmp_path: Path
) -> None:
    run_command(environment, "migrate")
    with run_load(environment, "-") as process:
        assert process.stdin is not None
        process.stdin.write(film_lines(1, 1_201) + b'{"title": "Half a li')
        process.stdin.flush()
        wait_for_films(tmp_path, 1_000)
        wait_until_all_is_read(process)
        wait_until_idle(process)
        counts, text = interrupt(process)
    assert counts == [1_200, 1_200, 0, 0, 0]
    assert text.splitlines()[-1] == INTERRUPTED
    assert count_stored(tmp_path) == 1_200


@pytest.mark.parametrize("kind", ["lines", "gzip", "array"])
def test_an_interrupted_load_of_a_file_is_completed_by_the_next_one(
    environment: dict[str, str], tmp_path: Path, kind: str
) -> None:
    run_command(environment, "migrate")
    lines = film_lines(1, 10_001)
    contents = {
        "lines": lines,
        "gzip": gzip.compress(lines, 1),
        "array": b"[" + lines.strip().replace(b"\n", b",\n") + b"]",
    }
    path = tmp_path / "films"
    path.write_bytes(contents[kind])
    with run_load(environment, str(path)) as process:
        wait_for_films(tmp_path, 1)
        (read, added, *rest), text = interrupt(process)
    assert INTERRUPTED in text
    assert 0 < added < 10_000 and (read, rest) == (added, [0, 0, 0])
    assert count_stored(tmp_path) == added
    again = run_command(environment, "load", str(path))
    assert again.returncode == 0, again.stderr
    assert f"10000 read, {10_000 - added} added, 0 changed, {added} unchanged" in again.stdout


def test_a_load_that_waits_ends_once_the_index_has_the_films(
    environment: dict[str, str], tmp_path: Path
) -> None:
    run_command(environment, "migrate")
    path = tmp_path / "films.jsonl"
    path.write_bytes(film_lines(1, 301))
    command = [sys.executable, "-m", "service", "indexer"]
    with subprocess.Popen(command, cwd=ROOT, env=process_environment(environment)) as indexer:
        loaded = run_command(environment, "load", "--wait", str(path))
        indexer.terminate()
        assert indexer.wait(30) == 0
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert loaded.stdout.splitlines()[-1] == "300 films, 0 still being indexed"
    checked = run_command(environment, "check")
    assert (checked.returncode, checked.stdout) == (0, "0 of 300 films differ\n")


def test_a_load_that_is_interrupted_while_it_waits_says_what_is_missing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    run_command(environment, "migrate")
    path = tmp_path / "films.jsonl"
    path.write_bytes(film_lines(1, 3))
    with run_load(environment, "--wait", str(path)) as process:
        wait_for_films(tmp_path, 2)
        wait_until_idle(process)
        counts, text = interrupt(process)
    assert counts == [2, 2, 0, 0, 0]
    assert text.splitlines()[-1] == "2 films, 2 still being indexed"


def test_a_closed_standard_input_is_named(environment: dict[str, str]) -> None:
    command = f"{sys.executable} -m service load - <&-"
    run = subprocess.run(
        ["sh", "-c", command],
        cwd=ROOT,
        env=process_environment(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    last_line = run.stderr.splitlines()[-1]
    assert last_line == "movies: standard input is closed; give it a file or a pipe"
