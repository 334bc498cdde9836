"""The migration lock: one process migrates, the others wait and say so."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.database import migrate


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
