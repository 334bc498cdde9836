"""Open and close the database, and return the connection of the current task.

The database URL of the settings becomes Tortoise's configuration here, with timeouts that turn a
frozen server into an error instead of a hung request.
"""

import asyncio
import contextlib
import ssl
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tortoise import Tortoise, connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url

from service.database.sqlite_files import restrict_database
from service.database.transactions import wait_for_transactions
from service.limits import (
    POSTGRES_CONNECT_TIMEOUT,
    POSTGRES_IDLE_TIMEOUT_MS,
    POSTGRES_POOL_SIZE,
    POSTGRES_STATEMENT_TIMEOUT,
    SQLITE_BUSY_TIMEOUT_MS,
)
from service.settings import home_folder, resolve_path

MODEL_MODULES = (
    "service.films.models",
    "service.outbox.models",
    "service.search.index.models",
    "service.omdb.models",
    "service.accounts.models",
    "service.indexing.models",
    "service.schedule.models",
    "service.idempotency.models",
    "service.mail.models",
    "service.community.discovery.models",
    "service.community.blocks.models",
    "service.community.history.models",
    "service.community.ratings.models",
    "service.community.reviews.models",
    "service.community.watchlist.models",
    "service.community.lists.models",
    "service.community.live.models",
    "service.audit.models",
    "service.exports.models",
)
CLOSE_TIMEOUT = 5.0  # seconds
TLS_OPTIONS = ("sslmode", "sslrootcert")
POOL_OPTIONS = ("minsize", "maxsize", "wait", "timeout", "command_timeout", "statement_cache_size")


def to_tortoise_url(url: str) -> str:
    """Return the setting's URL in Tortoise's form, with default timeouts."""
    if url.startswith("sqlite"):
        path = resolve_path(url)
        options = f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}&synchronous=NORMAL&journal_mode=WAL"
        return f"sqlite://{path}?{options}"
    parts = urlsplit(url)
    query = {
        "minsize": "1",
        "maxsize": str(POSTGRES_POOL_SIZE),
        "timeout": str(POSTGRES_CONNECT_TIMEOUT),
        "command_timeout": str(POSTGRES_STATEMENT_TIMEOUT),
    }
    query.update((n, value) for n, value in parse_qsl(parts.query) if n not in TLS_OPTIONS)
    return urlunsplit(parts._replace(scheme="asyncpg", query=urlencode(query)))


def to_driver_url(url: str) -> str:
    """Return the PostgreSQL URL for a single connection, without the pool's options.

    The driver would send unknown options to the server, which rejects them.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    driver_options = {n: value for n, value in options.items() if n not in POOL_OPTIONS}
    if "sslrootcert" in options:
        driver_options["sslrootcert"] = str(home_folder() / options["sslrootcert"])
    return urlunsplit(parts._replace(query=urlencode(driver_options, safe="/")))


def _tls_credentials(url: str) -> dict[str, Any]:
    """Return the pool's argument for libpq's options `sslmode` and `sslrootcert`."""
    options = dict(parse_qsl(urlsplit(url).query))
    mode, root = options.get("sslmode"), options.get("sslrootcert")
    if root is None:
        return {} if mode is None else {"ssl": mode}
    context = ssl.create_default_context(cafile=home_folder() / root)
    context.check_hostname = mode == "verify-full"
    return {"ssl": context}


def _connection_config(url: str) -> dict[str, Any]:
    """Return the engine for `url` and its credentials."""
    config: dict[str, Any] = expand_db_url(to_tortoise_url(url))
    if url.startswith("sqlite"):
        config["engine"] = "service.database.sqlite_client"
    else:
        config["credentials"] |= _tls_credentials(url)
        config["engine"] = "service.database.pool"
        server_settings = {"idle_in_transaction_session_timeout": str(POSTGRES_IDLE_TIMEOUT_MS)}
        config["credentials"]["server_settings"] = server_settings
        config["credentials"]["reset"] = _skip_reset
    return config


async def _skip_reset(_: object) -> None:
    """Do nothing when a connection returns to the pool; open transactions are rolled back anyway.

    This service sets nothing in a session, and the driver's own reset costs one more round trip for
    every statement: a third of the time of a small one.
    """


def tortoise_config(url: str) -> dict[str, Any]:
    """Return Tortoise's configuration for `url`."""
    return {
        "connections": {"default": _connection_config(url)},
        "apps": {
            "movies": {
                "models": list(MODEL_MODULES),
                "default_connection": "default",
                "migrations": "migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def open_database(url: str) -> None:
    """Bind the models of this process to the database at `url`."""
    if url.startswith("sqlite"):
        path = resolve_path(url)
        with contextlib.suppress(OSError):  # opening the file says what is wrong
            path.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(restrict_database, path)
    await Tortoise.init(config=tortoise_config(url), _enable_global_fallback=True)


async def close_database() -> None:
    """Wait for transactions in progress, then close all connections."""
    await wait_for_transactions()
    await close_connections()


async def close_connections() -> None:
    """Close all connections; one to SQLite that could not be opened never finishes closing."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await Tortoise.close_connections()


def get_connection() -> BaseDBAsyncClient:
    """Return the connection, or the transaction that is in progress in this task."""
    connection: BaseDBAsyncClient = connections.get("default")
    return connection


def is_postgres() -> bool:
    """Return whether the database is PostgreSQL; otherwise it is SQLite."""
    return get_connection().capabilities.dialect == "postgres"
