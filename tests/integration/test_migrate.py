"""The migration lock: one process migrates, the others wait and say so."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.database import migrate
from service.database.sqlite_files import restrict_database


async def test_a_current_schema_is_recognized_without_the_lock(database: str) -> None:
    async with migrate._migration_lock(database):
        assert await migrate.is_schema_current(database)
        await asyncio.wait_for(migrate.prepare_schema(database), 10)


async def test_a_migration_waits_for_the_lock_of_another_one(database: str) -> None:
    async with migrate._migration_lock(database):
        second = asyncio.create_task(_take_lock(database))
        done, _ = await asyncio.wait([second], timeout=1)
        assert not done
    await asyncio.wait_for(second, 10)


async def test_a_lock_file_that_is_a_symbolic_link_is_refused_and_its_target_untouched(
    tmp_path: Path,
) -> None:
    target, lock = tmp_path / "target", tmp_path / "var/movies.migrating"
    target.write_text("content")
    lock.parent.mkdir()
    lock.symlink_to(target)
    with pytest.raises(OSError, match="symbolic"):
        await _take_lock(f"sqlite://{tmp_path}/var/movies.db")
    assert target.read_text() == "content"


async def test_the_lock_lies_beside_the_database_and_is_its_owners_alone(tmp_path: Path) -> None:
    await _take_lock(f"sqlite://{tmp_path}/var/movies.db")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "var").iterdir()}
    assert modes == {"movies.db": 0o600, "movies.migrating": 0o600}


async def _take_lock(url: str) -> None:
    async with migrate._migration_lock(url):
        return


async def test_a_process_that_waits_for_the_lock_logs_a_line_at_each_interval() -> None:
    attempts = iter([False, False, False, False, True])

    async def try_lock() -> bool:
        return next(attempts)

    with capture_logs() as lines:
        await migrate._wait_for_lock(try_lock, log_interval=0.3)
    assert {line["event"] for line in lines} == {"migration_awaited"}
    assert len(lines) == 2


@pytest.mark.once
@pytest.mark.parametrize("content", [b"root:x:0:0\n", b"no database " * 500])
async def test_a_file_that_is_no_database_keeps_its_permissions(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "passwd"
    path.write_bytes(content)
    path.chmod(0o644)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        await _take_lock(f"sqlite://{path}")
    restrict_database(path)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (content, 0o644)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.once
async def test_a_pipe_or_device_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o666)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        await _take_lock(f"sqlite://{path}")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.once
async def test_a_database_is_its_owners_alone_and_the_folder_around_it_stays_as_it_is(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o1777)  # as /tmp is
    path = tmp_path / "movies.db"
    await _take_lock(f"sqlite://{path}")
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE film (id)")
    path.chmod(0o644)
    restrict_database(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777
