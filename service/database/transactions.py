"""Transactions that run to their end, and what the drivers' errors mean.

Sanic cancels a handler when its client disconnects. A transaction that is cancelled while it
begins locks SQLite's only connection for good, leaks a slot of PostgreSQL's pool, and a connection
that breaks inside one poisons its task. Every function that opens a transaction is therefore
decorated with `@whole`: it runs as a task of its own, which the caller's cancellation does not
reach, and it is retried when the database aborted it in favour of another transaction.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import asyncpg
from tortoise.exceptions import DBConnectionError, OperationalError

from service.limits import CONFLICT_INITIAL_BACKOFF, MAX_CONFLICT_RETRIES
from service.resilience.backoff import backoff

P = ParamSpec("P")


T = TypeVar("T")


DATABASE_FAULTS: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.TooManyConnectionsError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    asyncpg.exceptions.AdminShutdownError,
    asyncpg.exceptions.QueryCanceledError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
"""What a driver raises when the database, not the query, is at fault."""


CONFLICT_ERRORS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""A transaction was broken off, whole, so that another could go on: it may be tried again."""


SQLITE_FAULT_PREFIXES = tuple(
    f"SQLITE_{name}" for name in ("BUSY", "LOCKED", "FULL", "IOERR", "CANTOPEN", "READONLY")
)


_running: set[asyncio.Task[Any]] = set()


def run_uncancelled(fn: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Awaitable[T]]:
    """Let the transaction `fn` run to its end though its caller is cancelled, and run it again when
    it lost a conflict with another.
    """

    @wraps(fn)
    async def run_with_retries(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(MAX_CONFLICT_RETRIES):
            try:
                return await fn(*args, **kwargs)
            except CONFLICT_ERRORS:
                await asyncio.sleep(backoff(attempt + 1, CONFLICT_INITIAL_BACKOFF, jitter=0.5))
        return await fn(*args, **kwargs)

    return shield(run_with_retries)


def shield(fn: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Awaitable[T]]:
    """Let `fn` run to its end though its caller is cancelled."""

    @wraps(fn)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.create_task(fn(*args, **kwargs))
        _running.add(task)
        task.add_done_callback(_discard_task)
        return await asyncio.shield(task)

    return run


def _discard_task(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()


async def wait_for_transactions() -> None:
    """Wait until every transaction under way has ended; called before the pool closes."""
    while _running:
        await asyncio.wait(_running)


def is_database_fault(error: BaseException) -> bool:
    """Whether the database itself is down, frozen, locked or full."""
    if isinstance(error, OperationalError):
        cause = error.args[0] if error.args else error
        if isinstance(cause, sqlite3.OperationalError):
            return getattr(cause, "sqlite_errorname", "").startswith(SQLITE_FAULT_PREFIXES)
        return isinstance(cause, DATABASE_FAULTS)
    return isinstance(error, DATABASE_FAULTS)
