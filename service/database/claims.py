"""Lease rows of a table that several processes work off, so that each row has one worker."""

from dataclasses import dataclass
from typing import Any

from service.database.connection import is_postgres
from service.database.sql import fetch_rows


@dataclass(frozen=True, slots=True)
class ClaimQuery:
    """What a claim reads and writes, in SQL with `$1, $2, …` for the values of `claim_rows`.

    Attributes:
        table: the table, whose primary key is `id`.
        due: the condition under which a row may be claimed.
        order_by: the columns that decide which rows come first.
        changes: the assignments that lease a row.
        returning: the columns to return.
    """

    table: str
    due: str
    order_by: str
    changes: str
    returning: str


async def claim_rows(query: ClaimQuery, limit: int, *values: object) -> list[dict[str, Any]]:
    """Lease up to `limit` due rows and return them; rows that others are claiming are skipped.

    The choice is materialized: PostgreSQL may run a subquery once per row of the update, and skips
    rows that the same statement has changed like locked ones, so it would exceed the limit.
    """
    lock = "FOR UPDATE SKIP LOCKED" if is_postgres() else ""
    return await fetch_rows(
        f"WITH due AS MATERIALIZED (SELECT id FROM {query.table} WHERE {query.due} "  # noqa: S608  # constants of ours
        f"ORDER BY {query.order_by} LIMIT {limit} {lock}) "
        f"UPDATE {query.table} SET {query.changes} WHERE id IN (SELECT id FROM due) "
        f"RETURNING {query.returning}",
        *values,
    )
