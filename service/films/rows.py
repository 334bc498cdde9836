"""Read films as plain rows, without a model around them.

A response needs only the columns that it shows. A Tortoise model, which can be changed and saved,
costs five times as much to build.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from service.database.connection import is_postgres
from service.database.sql import fetch_rows, look_up_rows
from service.film_fields import JSON_COLUMNS, TIME_COLUMNS, FilmRow
from service.films.redirects import find_redirect

SELECT = f"SELECT {', '.join(FilmRow._fields)} FROM films"  # noqa: S608  # names of ours
STAMP_COLUMNS = "version, counters"
"""What changes with everything that clients see of a film, as its entity tag does."""
MAX_LOOK_UP = 100  # films: half a millisecond on the event loop
SELECT_WITH_STAMP = SELECT.replace(" FROM", ", counters FROM")


async def get_film_rows(film_ids: Sequence[str]) -> list[FilmRow]:
    """Return the existing films of these ids, in no order. Raises the database's own errors."""
    return [parse_film_row(row) for row in await get_rows_by_id(SELECT, film_ids)]


async def get_film_rows_by_imdb_id(imdb_ids: Sequence[str]) -> list[FilmRow]:
    """Return the existing films of these IMDb ids, in no order."""
    if not imdb_ids:
        return []
    placeholders = ", ".join(f"${number}" for number in range(1, len(imdb_ids) + 1))
    rows = await fetch_rows(f"{SELECT} WHERE imdb_id IN ({placeholders})", *imdb_ids)
    return [parse_film_row(row) for row in rows]


async def get_film_row(imdb_id: str) -> FilmRow | None:
    """Return the film with this IMDb id, or the one into which that was merged.

    Raises the database's own errors.
    """
    rows = await get_film_rows_by_imdb_id([imdb_id])
    if not rows and (film_id := await find_redirect(imdb_id)) is not None:
        rows = await get_film_rows([str(film_id)])
    return rows[0] if rows else None


async def is_current(tag: str) -> bool:
    """Return whether this is the entity tag of a film as it is now."""
    film_id, version, counters = tag.split(".")
    rows = await fetch_rows("SELECT version, counters FROM films WHERE id = $1", film_id)
    return [(row["version"], row["counters"]) for row in rows] == [(int(version), int(counters))]


def parse_film_row(row: dict[str, Any]) -> FilmRow:
    """Convert a row whose keys are the columns of `FilmRow`, in its order; changes `row`."""
    for name in JSON_COLUMNS:
        row[name] = orjson.loads(row[name])
    if not isinstance(row["id"], UUID):  # SQLite returns text for types that it lacks
        row["id"] = UUID(row["id"])
        row["released"] = row["released"] and date.fromisoformat(row["released"])
        for name in TIME_COLUMNS:
            row[name] = row[name] and datetime.fromisoformat(row[name])
    return FilmRow._make(row.values())


async def get_rows_by_id(select: str, film_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Run `select`, a statement without its WHERE clause, for the films of these ids."""
    if not film_ids:
        return []
    fetch = look_up_rows if len(film_ids) <= MAX_LOOK_UP else fetch_rows
    if is_postgres():
        return await fetch(f"{select} WHERE id = ANY($1::uuid[])", list(film_ids))
    placeholders = ", ".join(f"${number}" for number in range(1, len(film_ids) + 1))
    return await fetch(f"{select} WHERE id IN ({placeholders})", *film_ids)
