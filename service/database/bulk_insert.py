"""Insert many rows at once: COPY on PostgreSQL, one prepared statement on SQLite.

Tortoise's own `bulk_create` converts and checks each value of each row, which for wide rows costs
more than the database itself. Here values reach the driver as they are.
"""

from collections.abc import Sequence

import asyncpg
from tortoise.exceptions import IntegrityError, OperationalError

from service.database.connection import get_connection, is_postgres

MIN_COPIED_ROWS = 20  # fewer are inserted: COPY looks the columns up first


async def insert_rows(table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Insert rows whose values are in the order of the columns, as the driver takes them."""
    if is_postgres() and len(rows) >= MIN_COPIED_ROWS:
        await _copy_rows(table, columns, rows)
    elif rows:
        mark = "$" if is_postgres() else "?"
        values = ", ".join(f"{mark}{number}" for number in range(1, len(columns) + 1))
        await get_connection().execute_many(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})",  # noqa: S608  # names of ours
            [list(row) for row in rows],
        )


async def _copy_rows(table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Copy rows; raise the errors of Tortoise that an insert would raise."""
    try:
        async with get_connection().acquire_connection() as connection:
            await connection.copy_records_to_table(table, columns=columns, records=rows)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(error) from error
    except asyncpg.SyntaxOrAccessError as error:
        raise OperationalError(error) from error
