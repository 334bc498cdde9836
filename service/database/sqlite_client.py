"""Tortoise's SQLite client, which recovers when the connection cannot be opened, or a commit fails.

Tortoise takes the lock of its only connection before it opens that one, and keeps the lock if the
opening fails: every later statement of the process waits for good, and so does closing. It also
keeps a connection that failed half-way, without the pragmas that were still to be set, and a
transaction that could not be committed. Tortoise takes an engine by its module's name and reads
`client_class` from it.
"""

import contextlib
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

    async def create_connection(self, with_db: bool) -> None:
        """Open the connection, whole or not at all."""
        try:
            await super().create_connection(with_db)
        except BaseException:
            await self.close()
            raise

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        """Return a context in which a statement has the connection to itself."""
        return _Lease(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return _TransactionContext(_TransactionClient(self), self._lock)


client_class: type[BaseDBAsyncClient] = RecoveringClient
