"""Open and close the database, and name the connection of the current task.

The settings' URL becomes Tortoise's configuration here, with timeouts that turn a frozen server
into an error instead of a hung request.
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tortoise import Tortoise, connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url

from service.database.transactions import wait_for_transactions
from service.limits import (
    POSTGRES_CONNECT_TIMEOUT,
    POSTGRES_IDLE_TIMEOUT_MS,
    POSTGRES_POOL_SIZE,
    POSTGRES_STATEMENT_TIMEOUT,
    SQLITE_BUSY_TIMEOUT_MS,
)
from service.settings import resolve_path

MODEL_MODULES = (
    "service.films.models",
    "service.outbox.models",
    "service.search.index.models",
    "service.omdb.models",
    "service.accounts.models",
    "service.indexing.models",
)


def to_tortoise_url(url: str) -> str:
    """The setting's URL as Tortoise reads it, with the waits that keep a request from hanging.

    A frozen server then costs an error, not a hung request.
    """
    if url.startswith("sqlite"):
        path = resolve_path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        return f"sqlite://{path}?busy_timeout={SQLITE_BUSY_TIMEOUT_MS}&synchronous=NORMAL&journal_mode=WAL"
    parts = urlsplit(url)
    query = {
        "minsize": "1",
        "maxsize": str(POSTGRES_POOL_SIZE),
        "timeout": str(POSTGRES_CONNECT_TIMEOUT),
        "command_timeout": str(POSTGRES_STATEMENT_TIMEOUT),
    }
    query.update(parse_qsl(parts.query))
    return urlunsplit(parts._replace(scheme="asyncpg", query=urlencode(query)))


POOL_OPTIONS = ("minsize", "maxsize", "wait", "timeout", "command_timeout", "statement_cache_size")


def to_driver_url(url: str) -> str:
    """The PostgreSQL URL for a single connection: what concerns the pool is taken out.

    The driver would send what it does not know to the server, which refuses it.
    """
    parts = urlsplit(url)
    driver_options = [
        (name, value) for name, value in parse_qsl(parts.query) if name not in POOL_OPTIONS
    ]
    return urlunsplit(parts._replace(query=urlencode(driver_options)))


def _connection_config(url: str) -> dict[str, Any]:
    """Which client serves `url`, and what it is told."""
    config: dict[str, Any] = expand_db_url(to_tortoise_url(url))
    if not url.startswith("sqlite"):
        config["engine"] = "service.database.pool"
        server_settings = {"idle_in_transaction_session_timeout": str(POSTGRES_IDLE_TIMEOUT_MS)}
        config["credentials"]["server_settings"] = server_settings
        config["credentials"]["reset"] = _skip_reset
    return config


async def _skip_reset(_: object) -> None:
    """What a pooled connection is given back with, beside the rollback of what was left open.

    Nothing here sets anything in a session, and the driver's own reset is one more round trip for
    every statement: a third of what a small one takes.
    """


def tortoise_config(url: str) -> dict[str, Any]:
    """Tortoise's own configuration for `url`."""
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
    await Tortoise.init(config=tortoise_config(url), _enable_global_fallback=True)


async def close_database() -> None:
    await wait_for_transactions()
    await Tortoise.close_connections()


def get_connection() -> BaseDBAsyncClient:
    """The connection, or the transaction that is under way in this task."""
    connection: BaseDBAsyncClient = connections.get("default")
    return connection


def is_postgres() -> bool:
    return get_connection().capabilities.dialect == "postgres"
