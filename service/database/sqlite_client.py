"""Tortoise's SQLite client, which recovers when the connection cannot be opened, or a commit fails.

Tortoise takes the lock of its only connection before it opens that one, and keeps the lock if the
opening fails: every later statement of the process waits for good, and so does closing. It also
keeps a connection that failed half-way, without the pragmas that were still to be set, and a
transaction that could not be committed. Tortoise takes an engine by its module's name and reads
`client_class` from it.

Look-ups of a few rows by their key take less time than handing them to the connection's thread. A
second connection, which only reads, does them on the event loop. It never waits: what it cannot
read at once is left to the first one.
"""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tortoise.backends.base.client import (
    BaseDBAsyncClient,
    ConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections

from service.database.sqlite_files import read_only_uri


class _Lease(ConnectionWrapper[Any]):
    """The connection for one statement."""

    async def __aenter__(self) -> Any:
        await self._lock.acquire()
        try:
            self.connection = self.client._connection  # what was open before may be closed now
            await self.ensure_connection()
        except BaseException:
            self._lock.release()
            raise
        return self.connection


class _TransactionClient(SqliteTransactionWrapper):
    """The client of a transaction."""

    async def commit(self) -> None:
        """Commit, or undo everything: a full disk may leave the transaction open."""
        try:
            await super().commit()
        except Exception:
            with contextlib.suppress(Exception):
                await self.rollback()
            raise


class _TransactionContext(SqliteTransactionContext):
    """The connection for a transaction."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            self.connection._connection = self.connection._parent._connection
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        client: TransactionalDBClient = self.connection
        return client


class RecoveringClient(SqliteClient):
    """A client whose next statement opens the connection again if the last one failed to."""

    _reader: sqlite3.Connection | None = None

    async def create_connection(self, with_db: bool) -> None:
        """Open the connection, whole or not at all."""
        try:
            await super().create_connection(with_db)
        except BaseException:
            await self.close()
            raise
        if self._reader is None:
            with contextlib.suppress(sqlite3.Error):
                self._reader = _open_reader(self.filename)

    async def close(self) -> None:
        """Close both connections."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        await super().close()

    def look_up(self, sql: str, values: Sequence[object]) -> list[dict[str, Any]] | None:
        """Return the rows of a look-up by key, or None if they cannot be read at once."""
        if self._reader is None:
            return None
        try:
            return list(map(dict, self._reader.execute(sql, values)))
        except sqlite3.Error:
            return None

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        """Return a context in which a statement has the connection to itself."""
        return _Lease(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return _TransactionContext(_TransactionClient(self), self._lock)


def _open_reader(filename: str) -> sqlite3.Connection:
    """Return a connection that only reads, and does not wait for a lock."""
    reader = sqlite3.connect(
        read_only_uri(Path(filename)), timeout=0, isolation_level=None, uri=True
    )
    reader.row_factory = sqlite3.Row
    return reader


client_class: type[BaseDBAsyncClient] = RecoveringClient
