"""Lock files: private, and never opened through a symbolic link."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from indexer.__main__ import owner_name
from service.errors import Unavailable
from service.search.engines.tantivy.writer import TantivyWriter


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return a file that must stay as it is."""
    target = tmp_path / "target"
    target.write_text("content")
    target.chmod(0o644)
    return target


async def test_the_lock_of_the_embedded_index_follows_no_symbolic_link(
    tmp_path: Path, target: Path
) -> None:
    lock = tmp_path / "index/lock"
    lock.parent.mkdir()
    lock.symlink_to(target)
    writer = TantivyWriter(tmp_path / "index")
    with pytest.raises(Unavailable, match="symbolic"):
        await writer.open()
    await writer.close()
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("content", 0o644)


async def test_the_lock_of_an_indexer_lies_under_var_and_follows_no_symbolic_link(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIES_HOME", str(tmp_path))
    async with AsyncExitStack() as stack:
        owner_name("sqlite://var/movies.db", stack)
        [lock] = (tmp_path / "var").iterdir()
        assert lock.stat().st_mode & 0o777 == 0o600
    lock.unlink()
    lock.symlink_to(target)
    async with AsyncExitStack() as stack:
        with pytest.raises(OSError, match="symbolic"):
            owner_name("sqlite://var/movies.db", stack)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("content", 0o644)
