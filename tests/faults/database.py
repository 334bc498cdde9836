"""Direct access to the service's database: a connection of the test's own, past any proxy."""

import sqlite3
from dataclasses import dataclass
from typing import Any

import asyncpg

from service.database.connection import to_driver_url
from service.settings import resolve_path


@dataclass(frozen=True)
class DirectDatabase:
    """Run one statement at a time, each over a new connection."""

    url: str

    async def fetch_value(self, sql: str) -> Any:
        """Return the first value of the first row; None where there is no row."""
        return next(iter(await self.fetch_column(sql)), None)

    async def fetch_column(self, sql: str) -> list[Any]:
        """Return the first value of each row."""
        if self.url.startswith("sqlite"):
            with sqlite3.connect(resolve_path(self.url)) as file:
                rows = file.execute(sql).fetchall()
            file.close()
            return [row[0] for row in rows]
        connection = await self.connect()
        try:
            return [row[0] for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def connect(self) -> "asyncpg.Connection[Any]":
        """Return a connection to PostgreSQL, to be closed by the caller."""
        return await asyncpg.connect(to_driver_url(self.url), timeout=60)

    async def execute(self, sql: str) -> None:
        """Run a statement that returns nothing."""
        if self.url.startswith("sqlite"):
            await self.fetch_column(sql)
            return
        connection = await self.connect()
        try:
            await connection.execute(sql)
        finally:
            await connection.close()
