"""The one table of a film's columns: read models and column lists are derived from it.

A new field of a film touches four files and a migration:

1. `service/films/models.py`: the column.
2. This file: a line of `FilmRow`; `Indexed[…]` if the index holds it.
3. `service/films/schemas.py`: what a source may state, and how that is checked.
4. `service/films/responses.py`: how clients see it.

A field that OMDb has is also read in `service/omdb/parser.py`. A field that the index holds also
needs `service/search/index/document.py` (the field, its conversion) and a mapping in
`elasticsearch/`. `tests/unit/test_film_fields.py` fails if a class and this table disagree.
"""

from datetime import date, datetime
from typing import Annotated, Literal, NamedTuple, TypeVar, get_origin, get_type_hints
from uuid import UUID

T = TypeVar("T")

Indexed = Annotated[T, "indexed"]
"""The type of a column from which index documents are made."""


class FilmRow(NamedTuple):
    """A film as responses show it; the columns mean what they mean in `films.models.Film`.

    The order is that of the columns in a SELECT.
    """

    id: Indexed[UUID]
    version: Indexed[int]
    imdb_id: Indexed[str | None]
    title: Indexed[str]
    aliases: Indexed[list[str]]
    type: Indexed[str]
    year: Indexed[int | None]
    end_year: int | None
    released: date | None
    rated: str | None
    runtime_minutes: Indexed[int | None]
    genres: Indexed[list[str]]
    directors: Indexed[list[str]]
    writers: Indexed[list[str]]
    actors: Indexed[list[str]]
    plot: Indexed[str | None]
    languages: Indexed[list[str]]
    countries: Indexed[list[str]]
    awards: str | None
    season: int | None
    episode: int | None
    series: str | None
    imdb_rating: Indexed[float | None]
    imdb_votes: Indexed[int | None]
    rotten_tomatoes: int | None
    metacritic: int | None
    popularity: Indexed[float | None]
    box_office_usd: int | None
    poster_status: str
    poster_reason: str | None
    poster_key: str | None
    source: Indexed[str]
    fetched_at: datetime | None
    refresh_after: datetime | None
    created_at: datetime
    updated_at: datetime
    votes_up: int
    votes_down: int
    score_count: int
    score_sum: int
    review_count: int
    review_score_count: int
    review_score_sum: int


_TYPES = get_type_hints(FilmRow)
_MARKED_TYPES = get_type_hints(FilmRow, include_extras=True)

DOCUMENT_COLUMNS = tuple(
    name for name, marked in _MARKED_TYPES.items() if get_origin(marked) is Annotated
)
"""The columns that index documents are made from. Reading only these takes half the time."""

JSON_COLUMNS = tuple(name for name, type in _TYPES.items() if type == list[str])
"""The columns that hold JSON arrays of strings."""

TIME_COLUMNS = tuple(name for name, type in _TYPES.items() if type in (datetime, datetime | None))

NameFilter = Literal["genre", "director", "writer", "actor", "language", "country"]

NAME_FILTER_COLUMNS: dict[NameFilter, str] = {
    "genre": "genres",
    "director": "directors",
    "writer": "writers",
    "actor": "actors",
    "language": "languages",
    "country": "countries",
}
"""The filters that compare names, each with its column; `Filters` and documents have fields of
these names. The order is part of tantivy's fingerprint.
"""
