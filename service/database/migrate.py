"""Bring the schema up to date: Tortoise's migrations under a lock of ours.

Tortoise takes no lock, and two concurrent migrators break each other; starting a container twice
is enough for that. SQLite's foreign keys are off during a migration, because SQLite changes a
table by replacing it, which would delete the rows that refer to it.
"""

import asyncio
import fcntl
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from importlib.resources import files
from pathlib import Path
from typing import TextIO

import asyncpg
import structlog
from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationTarget

from service.database.connection import close_connections, to_driver_url, tortoise_config
from service.database.migration_executor import LazyMigrationExecutor
from service.database.sqlite_files import require_database
from service.limits import POSTGRES_CONNECT_TIMEOUT, SQLITE_BUSY_TIMEOUT_MS
from service.private_files import make_private_file, make_private_folder, open_private_file
from service.settings import resolve_path

log = structlog.get_logger()

TORTOISE_ORM = tortoise_config("sqlite://var/movies.db")
"""The configuration for `tortoise makemigrations`; the migrations serve both databases."""

LATEST_MIGRATION = max(
    file.name.removesuffix(".py")
    for file in files("migrations").iterdir()
    if file.name.startswith("0")
)
"""The migration that this release needs."""

ADVISORY_LOCK_ID = 7_305_002  # any number that nothing else uses
STATEMENT_TIMEOUT = 3600  # seconds; building an index over a million films takes a while
LOCK_POLL_INTERVAL = 0.2  # between two attempts to take the migration lock
WAIT_LOG_INTERVAL = 10.0  # between two lines of a process that waits for the lock
NEWEST = MigrationTarget(app_label="movies", name="__latest__")
APPLIED_QUERY = "SELECT COUNT(*) FROM tortoise_migrations WHERE name = $1"


async def prepare_schema(url: str) -> None:
    """Bring the schema up to date if it is not; called by each process that starts.

    The first process migrates; the others wait for it, and find nothing to do.
    """
    if await is_schema_current(url):
        return
    if applied := await migrate(url):
        log.info("schema_migrated", applied=applied)


async def is_schema_current(url: str) -> bool:
    """Return whether the migration that this release needs has been applied."""
    if url.startswith("sqlite"):
        return await asyncio.to_thread(_is_sqlite_current, resolve_path(url))
    connection = await asyncpg.connect(to_driver_url(url), timeout=POSTGRES_CONNECT_TIMEOUT)
    try:
        return bool(await connection.fetchval(APPLIED_QUERY, LATEST_MIGRATION))
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close(timeout=2)


def _is_sqlite_current(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path)) as database:
            [(count,)] = database.execute(APPLIED_QUERY, [LATEST_MIGRATION])
            return bool(count)
    except sqlite3.Error:
        return False  # the migration says what is wrong


def _require_writable(path: Path) -> None:
    """Raise the driver's error at once if the file is no database, or cannot be written."""
    with closing(sqlite3.connect(path, timeout=SQLITE_BUSY_TIMEOUT_MS / 1000)) as database:
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")


async def migrate(url: str) -> list[str]:
    """Bring the database at `url` up to date; safe to repeat and to run concurrently.

    Returns:
        The names of the migrations that were applied.
    """
    applied: list[str] = []

    def record_applied(event: str, _app: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    config = tortoise_config(url)
    credentials = config["connections"]["default"]["credentials"]
    if url.startswith("sqlite"):
        credentials["foreign_keys"] = "OFF"
    else:
        credentials |= {"command_timeout": STATEMENT_TIMEOUT, "server_settings": {}}
    async with _migration_lock(url):
        try:
            await Tortoise.init(config=config, init_connections=False)
            executor = LazyMigrationExecutor(get_connection("default"), config["apps"])
            await executor.migrate([NEWEST], progress=record_applied)
        finally:
            await close_connections()
    return applied


@asynccontextmanager
async def _migration_lock(url: str) -> AsyncIterator[None]:
    """Hold a file lock (SQLite) or an advisory lock (PostgreSQL)."""
    if url.startswith("sqlite"):
        path = resolve_path(url)
        make_private_folder(path.parent)
        await asyncio.to_thread(require_database, path)
        make_private_file(path)
        with os.fdopen(open_private_file(path.with_suffix(".migrating")), "r+") as file:
            await _wait_for_lock(lambda: _try_lock_file(file))
            await asyncio.to_thread(_require_writable, path)
            yield
        return
    connection = await asyncpg.connect(to_driver_url(url), timeout=POSTGRES_CONNECT_TIMEOUT)

    async def try_lock() -> bool:
        return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", ADVISORY_LOCK_ID))

    try:
        await _wait_for_lock(try_lock)
        yield
    finally:
        await connection.close(timeout=2)


async def _try_lock_file(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _wait_for_lock(
    try_lock: Callable[[], Awaitable[bool]], log_interval: float = WAIT_LOG_INTERVAL
) -> None:
    """Wait for the lock as long as another process migrates; log a line at each interval."""
    started = time.monotonic()
    log_due = started + log_interval
    while not await try_lock():
        now = time.monotonic()
        if now >= log_due:
            log.info("migration_awaited", seconds=round(now - started))
            log_due += log_interval
        await asyncio.sleep(LOCK_POLL_INTERVAL)
