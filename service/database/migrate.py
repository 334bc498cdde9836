"""Bring the schema up to date: Tortoise's migrations under a lock of ours.

Tortoise takes no lock, and two concurrent migrators break each other; starting a container twice
is enough for that. SQLite's foreign keys are off during a migration, because SQLite changes a
table by replacing it, which would delete the rows that refer to it.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from tortoise import Tortoise
from tortoise.migrations.api import migrate as run_migrations

from service.database.connection import to_driver_url, tortoise_config
from service.limits import MIGRATION_LOCK_TIMEOUT
from service.settings import resolve_path

TORTOISE_ORM = tortoise_config("sqlite://var/movies.db")
"""The configuration for `tortoise makemigrations`; the migrations serve both databases."""

ADVISORY_LOCK_ID = 7_305_002  # any number that nothing else uses
STATEMENT_TIMEOUT = 3600  # seconds; building an index over a million films takes a while


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
            await run_migrations(config=config, progress=record_applied)
        finally:
            await Tortoise.close_connections()
    return applied


@asynccontextmanager
async def _migration_lock(url: str) -> AsyncIterator[None]:
    """Hold a file lock (SQLite) or an advisory lock (PostgreSQL)."""
    if url.startswith("sqlite"):
        path = resolve_path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".migrating").open("w") as file:
            await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
            yield
        return
    connection = await asyncpg.connect(to_driver_url(url), timeout=5)
    try:
        await connection.execute(
            "SELECT pg_advisory_lock($1)", ADVISORY_LOCK_ID, timeout=MIGRATION_LOCK_TIMEOUT
        )
        yield
    finally:
        await connection.close(timeout=2)
