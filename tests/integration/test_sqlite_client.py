"""The SQLite client after a connection that could not be opened, or a commit that failed."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from service.database.connection import get_connection
from service.database.faults import is_database_fault
from service.database.sql import look_up_rows
from service.database.sqlite_client import RecoveringClient
from tests.support.databases import use_database

pytestmark = pytest.mark.once


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "films.db"


async def run_statement() -> None:
    await get_connection().execute_query("SELECT 1")


async def run_transaction() -> None:
    async with in_transaction():
        await run_statement()


@pytest.mark.parametrize("run", [run_statement, run_transaction])
async def test_a_database_that_can_be_opened_again_is_used_again(
    path: Path, run: Callable[[], Awaitable[None]]
) -> None:
    path.mkdir()
    async with use_database(f"sqlite://{path}") as client:
        for _ in range(2):
            with pytest.raises((OperationalError, sqlite3.OperationalError)) as error:
                await run()
            assert is_database_fault(error.value)
        path.rmdir()
        await run()
        _, [pragma] = await client.execute_query("PRAGMA foreign_keys")
    assert pragma["foreign_keys"] == 1


@pytest.mark.parametrize("run", [run_statement, run_transaction])
async def test_what_waited_for_an_opening_that_failed_opens_again(
    path: Path, run: Callable[[], Awaitable[None]]
) -> None:
    path.write_bytes(b"no database " * 500)  # it can be opened; setting its mode fails
    async with use_database(f"sqlite://{path}") as client:
        first = asyncio.create_task(run_statement())
        while client._connection is None:  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        second = asyncio.create_task(run())
        errors = await asyncio.gather(first, second, return_exceptions=True)
    assert [isinstance(error, Exception) and is_database_fault(error) for error in errors] == [
        True,
        True,
    ], errors


async def test_a_damaged_file_is_a_fault_of_the_database_each_time(path: Path) -> None:
    path.write_bytes(b"no database " * 500)
    async with use_database(f"sqlite://{path}"):
        for _ in range(2):
            with pytest.raises((OperationalError, sqlite3.DatabaseError)) as error:
                await run_statement()
            assert is_database_fault(error.value)


async def test_a_commit_that_fails_leaves_nothing_and_the_next_one_succeeds(path: Path) -> None:
    async with use_database(f"sqlite://{path}") as client:
        await client.execute_script(
            "CREATE TABLE film (id INTEGER PRIMARY KEY);"
            "CREATE TABLE vote (film INTEGER REFERENCES film (id) DEFERRABLE INITIALLY DEFERRED);"
        )
        with pytest.raises(sqlite3.IntegrityError):
            async with in_transaction() as transaction:
                await transaction.execute_query("INSERT INTO film VALUES (1)")
                await transaction.execute_query("INSERT INTO vote VALUES (7)")
        async with in_transaction() as transaction:
            await transaction.execute_query("INSERT INTO film VALUES (2)")
        _, films = await client.execute_query("SELECT id FROM film")
    assert [film["id"] for film in films] == [2]


@pytest.mark.parametrize(
    ("code", "is_fault"),
    [("SQLITE_FULL", True), ("SQLITE_CORRUPT_VTAB", True), ("SQLITE_ERROR", False)],
)
def test_a_fault_of_sqlite_counts_whether_or_not_it_is_wrapped(code: str, is_fault: bool) -> None:
    error = sqlite3.OperationalError("a driver's own words")
    error.sqlite_errorname = code
    assert is_database_fault(error) == is_database_fault(OperationalError(error)) == is_fault


def test_a_full_disk_of_postgresql_is_a_fault_of_the_database() -> None:
    assert is_database_fault(OperationalError(asyncpg.DiskFullError("x")))


async def create_numbers() -> None:
    await get_connection().execute_script("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")


async def read_numbers() -> list[int]:
    return [row["number"] for row in await look_up_rows("SELECT number FROM numbers")]


async def test_a_look_up_finds_what_was_committed_before(path: Path) -> None:
    async with use_database(f"sqlite://{path}") as client:
        await create_numbers()
        for number in (1, 2):
            await client.execute_insert("INSERT INTO numbers VALUES (?)", [number])
            assert await read_numbers() == list(range(1, number + 1))


async def test_a_look_up_in_a_transaction_finds_what_that_has_written(path: Path) -> None:
    async with use_database(f"sqlite://{path}"):
        await create_numbers()
        async with in_transaction() as transaction:
            await transaction.execute_insert("INSERT INTO numbers VALUES (?)", [1])
            assert await read_numbers() == [1]
            outside = asyncio.create_task(asyncio.to_thread(count_numbers, path))
            assert await outside == 0


def count_numbers(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM numbers").fetchone()
    return int(count)


async def test_a_look_up_does_not_wait_for_a_transaction_of_another_task(path: Path) -> None:
    async with use_database(f"sqlite://{path}"):
        await create_numbers()
        begun, read = asyncio.Event(), asyncio.Event()

        async def write() -> None:
            async with in_transaction() as transaction:
                await transaction.execute_insert("INSERT INTO numbers VALUES (?)", [1])
                begun.set()
                await read.wait()

        writing = asyncio.create_task(write())
        await begun.wait()
        assert await read_numbers() == []
        read.set()
        await writing
        assert await read_numbers() == [1]


async def test_a_look_up_of_a_wrong_statement_raises_what_any_statement_does(path: Path) -> None:
    async with use_database(f"sqlite://{path}"):
        await run_statement()
        with pytest.raises(OperationalError):
            await look_up_rows("SELECT number FROM missing")


async def test_a_look_up_cannot_write(path: Path) -> None:
    async with use_database(f"sqlite://{path}") as client:
        await create_numbers()
        assert isinstance(client, RecoveringClient)
        assert client.look_up("INSERT INTO numbers VALUES (1)", []) is None
        assert await read_numbers() == []


async def test_a_look_up_opens_the_database_if_no_statement_did(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
    async with use_database(f"sqlite://{path}"):
        assert await read_numbers() == []
