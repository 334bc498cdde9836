"""Tell faults of the database itself from faults of a query, and log them."""

import sqlite3

import asyncpg
import structlog
from tortoise.exceptions import BaseORMException, DBConnectionError, OperationalError

log = structlog.get_logger()

CONFLICT_ERRORS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""The database rolled a transaction back so that another could go on; it may be retried."""


DATABASE_FAULTS: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InsufficientResourcesError,  # no connections, disk or memory left
    asyncpg.PostgresIOError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    asyncpg.exceptions.AdminShutdownError,
    asyncpg.exceptions.QueryCanceledError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    *CONFLICT_ERRORS,
)
"""What a driver raises when the database, not the query, is at fault."""


SQLITE_FAULT_PREFIXES = tuple(
    f"SQLITE_{name}"
    for name in ("BUSY", "LOCKED", "FULL", "IOERR", "CANTOPEN", "READONLY", "CORRUPT", "NOTADB")
)


def is_database_fault(error: BaseException) -> bool:
    """Return whether the database itself is down, frozen, locked, full or damaged."""
    cause = error.args[0] if isinstance(error, OperationalError) and error.args else error
    if isinstance(cause, sqlite3.DatabaseError):  # Tortoise does not wrap those of a commit
        return getattr(cause, "sqlite_errorname", "").startswith(SQLITE_FAULT_PREFIXES)
    return isinstance(cause, DATABASE_FAULTS)


def log_database_fault(error: BaseException) -> bool:
    """Log a fault of the database as a warning; return False for any other error, unlogged."""
    if not is_database_fault(error):
        return False
    log.warning("database_unavailable", reason=repr(error)[:300])
    return True


def is_database_error(error: BaseException) -> bool:
    """Return whether the database or one of its drivers raised `error`, whatever is at fault."""
    return isinstance(error, (BaseORMException, asyncpg.PostgresError, sqlite3.Error))
