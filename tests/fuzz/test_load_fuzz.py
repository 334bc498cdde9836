"""The short form of `make fuzz.load`: random files, on the database of this stack."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.backends import temporary_database
from tests.support.durations import FUZZ_SECONDS


@pytest.fixture
async def empty_database_url(stack: str, tmp_path: Path) -> AsyncIterator[str]:
    if stack == "embedded":
        yield f"sqlite://{tmp_path}/movies.db"
        return
    async for url in temporary_database():
        yield url


@pytest.mark.timeout(FUZZ_SECONDS + 600)
async def test_random_files_are_loaded_or_refused_in_one_sentence(empty_database_url: str) -> None:
    options = ["--seconds", str(FUZZ_SECONDS), "--database", empty_database_url]
    command = ["-m", "tests.fuzz.load", *options]
    result = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-5000:]
