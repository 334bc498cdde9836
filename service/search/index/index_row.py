"""Films' rows as documents are made from them, without a model around each.

Whoever goes through the whole catalogue reads only the columns that a document needs, as the
database gives them: such a row costs a fifth of a model, and little to hand to another process.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from service.film_fields import JSON_COLUMNS

Row = Mapping[str, Any]
"""The columns that a document needs, by name; `id` is text, lists may be JSON still."""


class IndexRow(NamedTuple):
    """A film of one row: all that `MovieDocument.of` asks for."""

    id: UUID
    version: int
    imdb_id: str | None
    title: str
    aliases: list[str]
    type: str
    year: int | None
    directors: list[str]
    genres: list[str]
    writers: list[str]
    actors: list[str]
    languages: list[str]
    countries: list[str]
    plot: str | None
    runtime_minutes: int | None
    imdb_rating: float | None
    imdb_votes: int | None
    popularity: float | None

    @classmethod
    def of(cls, row: Row) -> "IndexRow":
        """Raises ValueError where the row holds no JSON."""
        read = {
            name: orjson.loads(row[name]) for name in JSON_COLUMNS if isinstance(row[name], str)
        }
        return cls(**{**row, **read})
