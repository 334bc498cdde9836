"""Settings of embedded services, and a catalogue that an indexer has indexed."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.service_runner import (
    START_TIMEOUT,
    embedded_settings,
    process_environment,
    run_command,
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return embedded_settings(tmp_path)


@contextlib.contextmanager
def open_database(folder: Path) -> Iterator[sqlite3.Connection]:
    with (
        contextlib.closing(sqlite3.connect(folder / "movies.db", timeout=30)) as database,
        database,
    ):
        yield database


@pytest.fixture(scope="session")
def indexed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three films that an indexer has indexed; it has stopped since."""
    folder = tmp_path_factory.mktemp("indexed")
    environment = embedded_settings(folder)
    people = {"actors": ["Roy Scheider"], "writers": ["Peter Benchley"]}
    films = ({"title": "The Godfather"}, {"title": "Jaws", **people}, {"title": "Metropolis"})
    lines = "".join(f"{json.dumps(film)}\n" for film in films)
    (folder / "films.jsonl").write_text(lines)
    assert run_command(environment, "load", str(folder / "films.jsonl")).returncode == 0
    command = [sys.executable, "-m", "service", "indexer"]
    with subprocess.Popen(command, cwd=ROOT, env=process_environment(environment)) as indexer:
        deadline = time.monotonic() + START_TIMEOUT
        pending = 1
        while pending and time.monotonic() < deadline:
            with open_database(folder) as database:
                [(pending,)] = database.execute("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL")
            time.sleep(0.05)
        indexer.terminate()
        assert (indexer.wait(30), pending) == (0, 0)
    return folder


@pytest.fixture
def indexed(indexed_folder: Path, environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Return the environment of a copy of the three indexed films."""
    shutil.copytree(indexed_folder, tmp_path, dirs_exist_ok=True)
    return environment
