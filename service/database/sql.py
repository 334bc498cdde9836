"""Raw SQL for both databases: placeholders, id parameters, and the clock all processes share."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from service.database.connection import get_connection, is_postgres
from service.database.sqlite_client import RecoveringClient


def adapt_placeholders(sql: str) -> str:
    """Return `sql` with `$1, $2, …` as this database expects them; SQLite takes `?1`."""
    return sql if is_postgres() else sql.replace("$", "?")


def to_id_parameter(row_id: UUID) -> UUID | str:
    """Return an id as this database's driver takes it in a statement."""
    return id_converter()(row_id)


def id_converter() -> Callable[[UUID], UUID | str]:
    """Return the function that does this, for many ids."""
    return _keep_id if is_postgres() else str


def _keep_id(row_id: UUID) -> UUID:
    return row_id


def database_clock_ms() -> str:
    """Return the SQL expression of the database's time, in milliseconds since the epoch.

    It is the only clock that processes on several machines share.
    """
    if is_postgres():
        return "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


async def now_ms() -> int:
    """Return the database's time, in milliseconds since the epoch."""
    return int((await fetch_rows(f"SELECT {database_clock_ms()} AS now"))[0]["now"])


async def fetch_rows(sql: str, *values: object) -> list[dict[str, Any]]:
    """Return the rows of one statement (with `$1, $2, …`), or its RETURNING rows."""
    return await get_connection().execute_query_dict(adapt_placeholders(sql), list(values))


async def look_up_rows(sql: str, *values: object) -> list[dict[str, Any]]:
    """Return the rows of a SELECT that reads a few rows by their key, as `fetch_rows` does.

    SQLite answers on the event loop where it can, which takes a tenth of the time.
    """
    connection = get_connection()  # a transaction in progress has a client of its own
    if isinstance(connection, RecoveringClient):
        rows = connection.look_up(adapt_placeholders(sql), values)
        if rows is not None:
            return rows
    return await fetch_rows(sql, *values)
