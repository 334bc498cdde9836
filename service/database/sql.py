"""Raw SQL for both databases: placeholders, ids, and the clock that all processes share."""

from typing import Any
from uuid import UUID

from service.database.connection import get_connection, is_postgres


def adapt_placeholders(sql: str) -> str:
    """`$1, $2, …` in `sql` as this database wants them; SQLite understands `?1`."""
    return sql if is_postgres() else sql.replace("$", "?")


def to_id_parameter(row_id: UUID) -> UUID | str:
    """An id as this database's driver takes it in a statement."""
    return row_id if is_postgres() else str(row_id)


def database_clock_ms() -> str:
    """The database's own time as an SQL expression, in milliseconds since the epoch: the one
    clock that processes on several machines share.
    """
    if is_postgres():
        return "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


async def now_ms() -> int:
    """What that clock says."""
    return int((await fetch_rows(f"SELECT {database_clock_ms()} AS now"))[0]["now"])


async def fetch_rows(sql: str, *values: object) -> list[dict[str, Any]]:
    """What one statement (with `$1, $2, …`) gives, or returns of what it wrote."""
    return await get_connection().execute_query_dict(adapt_placeholders(sql), list(values))
