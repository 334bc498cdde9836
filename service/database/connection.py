"""The one door to the database: opening it, transactions that end whole, what its faults mean.

Sanic cancels a handler when its client goes away. A transaction that is cancelled while it
begins keeps SQLite's only connection locked for ever, loses a slot of PostgreSQL's pool, and a
connection that breaks inside one poisons the task for all that follows in it. So every function
that opens a transaction is marked `@whole`: it runs as a task of its own, which its caller's
cancellation does not reach; and it is begun anew when the database broke it off for another's
sake.
"""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
from tortoise import Tortoise, connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.exceptions import DBConnectionError, OperationalError

from service.limits import (
    CONFLICT_PAUSE,
    CONFLICT_RETRIES,
    POSTGRES_CONNECT,
    POSTGRES_IDLE_MS,
    POSTGRES_POOL,
    POSTGRES_STATEMENT,
    SQLITE_BUSY_MS,
)
from service.settings import path_of

P = ParamSpec("P")
T = TypeVar("T")

MODELS = (
    "service.films.models",
    "service.search.index.models",
    "service.omdb.models",
    "service.accounts.models",
    "service.indexing.models",
)

FAULTS: tuple[type[BaseException], ...] = (
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

CONFLICTS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""A transaction was broken off, whole, so that another could go on: it may be tried again."""

SQLITE_FAULTS = tuple(
    f"SQLITE_{name}" for name in ("BUSY", "LOCKED", "FULL", "IOERR", "CANTOPEN", "READONLY")
)

_running: set[asyncio.Task[Any]] = set()


def whole(fn: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Awaitable[T]]:
    """Let the transaction `fn` run to its end though its caller is cancelled, and run it again when
    it lost a conflict with another.
    """

    @wraps(fn)
    async def repeated(*args: P.args, **kwargs: P.kwargs) -> T:
        for retries in range(CONFLICT_RETRIES):
            try:
                return await fn(*args, **kwargs)
            except CONFLICTS:
                pause = CONFLICT_PAUSE * 2**retries
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
        return await fn(*args, **kwargs)

    return shielded(repeated)


def shielded(fn: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Awaitable[T]]:
    """Let `fn` run to its end though its caller is cancelled."""

    @wraps(fn)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.create_task(fn(*args, **kwargs))
        _running.add(task)
        task.add_done_callback(_done)
        return await asyncio.shield(task)

    return run


def _done(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()


async def settled() -> None:
    """Wait until every transaction under way has ended; called before the pool closes."""
    while _running:
        await asyncio.wait(_running)


def is_fault(error: BaseException) -> bool:
    """Whether the database itself is down, frozen, locked or full."""
    if isinstance(error, OperationalError):
        cause = error.args[0] if error.args else error
        if isinstance(cause, sqlite3.OperationalError):
            return getattr(cause, "sqlite_errorname", "").startswith(SQLITE_FAULTS)
        return isinstance(cause, FAULTS)
    return isinstance(error, FAULTS)


def tortoise_url(url: str) -> str:
    """The setting's URL as Tortoise reads it, with the waits that keep a request from hanging.

    A frozen server then costs an error, not a hung request.
    """
    if url.startswith("sqlite"):
        path = path_of(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        return f"sqlite://{path}?busy_timeout={SQLITE_BUSY_MS}&synchronous=NORMAL&journal_mode=WAL"
    parts = urlsplit(url)
    query = {
        "minsize": "1",
        "maxsize": str(POSTGRES_POOL),
        "timeout": str(POSTGRES_CONNECT),
        "command_timeout": str(POSTGRES_STATEMENT),
    }
    query.update(parse_qsl(parts.query))
    return urlunsplit(parts._replace(scheme="asyncpg", query=urlencode(query)))


POOL_OPTIONS = ("minsize", "maxsize", "wait", "timeout", "command_timeout", "statement_cache_size")


def driver_url(url: str) -> str:
    """The PostgreSQL URL for a single connection: what concerns the pool is taken out.

    The driver would send what it does not know to the server, which refuses it.
    """
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in POOL_OPTIONS]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def _client(url: str) -> dict[str, Any]:
    """Which client serves `url`, and what it is told."""
    chosen: dict[str, Any] = expand_db_url(tortoise_url(url))
    if not url.startswith("sqlite"):
        chosen["engine"] = "service.database.pool"
        idle = {"idle_in_transaction_session_timeout": str(POSTGRES_IDLE_MS)}
        chosen["credentials"]["server_settings"] = idle
        chosen["credentials"]["reset"] = _as_it_is
    return chosen


async def _as_it_is(_: object) -> None:
    """What a pooled connection is given back with, beside the rollback of what was left open.

    Nothing here sets anything in a session, and the driver's own reset is one more round trip for
    every statement: a third of what a small one takes.
    """


def config(url: str) -> dict[str, Any]:
    """Tortoise's own configuration for `url`."""
    return {
        "connections": {"default": _client(url)},
        "apps": {
            "movies": {
                "models": list(MODELS),
                "default_connection": "default",
                "migrations": "migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def open_database(url: str) -> None:
    """Bind the models of this process to the database at `url`."""
    await Tortoise.init(config=config(url), _enable_global_fallback=True)


async def close_database() -> None:
    await settled()
    await Tortoise.close_connections()


def connection() -> BaseDBAsyncClient:
    """The connection, or the transaction that is under way in this task."""
    found: BaseDBAsyncClient = connections.get("default")
    return found


def on_postgres() -> bool:
    return connection().capabilities.dialect == "postgres"


def placeholders(sql: str) -> str:
    """`$1, $2, …` in `sql` as this database wants them; SQLite understands `?1`."""
    return sql if on_postgres() else sql.replace("$", "?")


def id_value(id: UUID) -> UUID | str:
    """An id as this database's driver takes it in a statement."""
    return id if on_postgres() else str(id)


def clock() -> str:
    """The database's own time as an SQL expression, in milliseconds since the epoch: the one
    clock that processes on several machines share.
    """
    if on_postgres():
        return "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


async def now_ms() -> int:
    """What that clock says."""
    return int((await rows(f"SELECT {clock()} AS now"))[0]["now"])


async def rows(sql: str, *values: object) -> list[dict[str, Any]]:
    """What one statement (with `$1, $2, …`) gives, or returns of what it wrote."""
    return await connection().execute_query_dict(placeholders(sql), list(values))
