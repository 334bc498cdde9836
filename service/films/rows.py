"""A film's row as answers are made from it, without a model around it.

Who only shows films reads the columns that are shown, as the database gives them: a model, which
can be changed and saved, costs five times as much.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from service.database.connection import is_postgres
from service.database.sql import fetch_rows
from service.film_fields import JSON_COLUMNS

TIMES = ("fetched_at", "refresh_after", "created_at", "updated_at")


class FilmRow(NamedTuple):
    """What of a film is shown; each means the same as in `service.films.models.Film`."""

    id: UUID
    version: int
    imdb_id: str | None
    title: str
    aliases: list[str]
    type: str
    year: int | None
    end_year: int | None
    released: date | None
    rated: str | None
    runtime_minutes: int | None
    genres: list[str]
    directors: list[str]
    writers: list[str]
    actors: list[str]
    plot: str | None
    languages: list[str]
    countries: list[str]
    awards: str | None
    imdb_rating: float | None
    imdb_votes: int | None
    rotten_tomatoes: int | None
    metacritic: int | None
    popularity: float | None
    box_office_usd: int | None
    poster_status: str
    poster_reason: str | None
    poster_key: str | None
    source: str
    fetched_at: datetime | None
    refresh_after: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: dict[str, Any]) -> "FilmRow":
        """The row as a statement with these columns, in this order, gives it."""
        for name in JSON_COLUMNS:
            row[name] = orjson.loads(row[name])
        if not isinstance(row["id"], UUID):  # SQLite has texts for what has no type there
            row["id"] = UUID(row["id"])
            row["released"] = row["released"] and date.fromisoformat(row["released"])
            for name in TIMES:
                row[name] = row[name] and datetime.fromisoformat(row[name])
        return cls._make(row.values())


SELECT = f"SELECT {', '.join(FilmRow._fields)} FROM films"  # noqa: S608  # names of ours


async def get_film_rows(ids: Sequence[str]) -> list[FilmRow]:
    """The films of these ids that there are, in no order. Raises the database's own errors."""
    return [FilmRow.of(row) for row in await get_rows_by_id(SELECT, ids)]


async def get_film_row(imdb_id: str) -> FilmRow | None:
    """The film with this IMDb id. Raises the database's own errors."""
    found = await fetch_rows(f"{SELECT} WHERE imdb_id = $1", imdb_id)
    return FilmRow.of(found[0]) if found else None


async def get_rows_by_id(select: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    """What `select`, a statement up to its condition, gives for films of these ids."""
    if not ids:
        return []
    if is_postgres():
        return await fetch_rows(f"{select} WHERE id = ANY($1::uuid[])", list(ids))
    marks = ", ".join(f"${place}" for place in range(1, len(ids) + 1))
    return await fetch_rows(f"{select} WHERE id IN ({marks})", *ids)
