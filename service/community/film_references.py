"""Rows of users that name a film, and outlast it.

A row holds the film's id and, as they were then, its title and year. So what people have seen stays
in their history when a film is deleted: it is shown by its title. There is no foreign key, since it
could only delete the row or forget the id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import Field, StringConstraints

from service.database.sql import fetch_rows, to_id_parameter
from service.errors import NotFound
from service.film_fields import FilmRow
from service.films.models import Film
from service.films.redirects import find_redirects
from service.films.responses import FilmView, film_view
from service.films.rows import get_film_rows
from service.http.pagination import CursorPageQuery
from service.text.film_addresses import to_address
from service.text.imdb_ids import is_imdb_id
from service.text.uuids import parse_uuid


class FilmReference(Protocol):
    """A row that names a film."""

    film_id: UUID
    title: str
    year: int | None


@dataclass(slots=True)
class FilmName:
    """A film as a row names it whose `title` is something else."""

    film_id: UUID
    title: str
    year: int | None


@dataclass(frozen=True, slots=True)
class DeletedFilmView:
    """What a film was that is not in the catalogue any more."""

    id: Annotated[
        str,
        Field(
            description="The film's former id.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"]
        ),
    ]
    title: Annotated[str, Field(description="Its title.", examples=["Jaws"])]
    year: Annotated[int | None, Field(description="Its year.", examples=[1975])]


MovieName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    Field(description="The id or the IMDb id of the film.", examples=["tt0073195"]),
]


class FilmRowsQuery(CursorPageQuery):
    """The page, and the film whose rows to list."""

    movie: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=100,
            description="Only what is about this film.",
            examples=["tt0073195"],
        ),
    ] = None


MovieField = Annotated[FilmView | None, Field(description="The film; null if it has been deleted.")]
DeletedMovieField = Annotated[
    DeletedFilmView | None,
    Field(description="What the film was, if it has been deleted; else null."),
]


async def find_film_id(movie: str) -> UUID:
    """Return the id of a film, or of the one into which it was merged.

    An id of ours may be that of a deleted film, which rows still name.

    Raises:
        NotFound: `movie_not_found`; it is an unknown IMDb id, or no id at all.
    """
    [film_id] = await find_film_ids([movie])
    if film_id is None:
        raise NotFound("The catalogue has no such film.", code="movie_not_found")
    return film_id


async def find_film_ids(movies: Sequence[str]) -> list[UUID | None]:
    """Return the ids of films as `find_film_id` does, or None."""
    addresses = [to_address(movie) or "" for movie in movies]
    imdb_ids = {address for address in addresses if is_imdb_id(address)}
    films = Film.filter(imdb_id__in=list(imdb_ids))
    by_address = dict(await films.values_list("imdb_id", "id")) if imdb_ids else {}
    by_address |= await find_redirects([name for name in addresses if name not in by_address])
    return [by_address.get(address) or parse_uuid(address) for address in addresses]


async def read_films(rows: Iterable[FilmReference]) -> dict[UUID, FilmRow]:
    """Return the films of these rows by id; those that have been deleted are missing."""
    ids = dict.fromkeys(str(row.film_id) for row in rows)
    return {film.id: film for film in await get_film_rows(list(ids))}


def movie_views(
    row: FilmReference, films: dict[UUID, FilmRow], now: datetime
) -> tuple[FilmView | None, DeletedFilmView | None]:
    """Return the film of a row as clients see it, or what it was."""
    film = films.get(row.film_id)
    if film is not None:
        return film_view(film, now), None
    return None, DeletedFilmView(str(row.film_id), row.title, row.year)


async def move_references(table: str, merged: Film, film: Film) -> None:
    """Let the rows of `table` that name `merged` name `film`."""
    await fetch_rows(
        f"UPDATE {table} SET film_id = $2 WHERE film_id = $1",  # noqa: S608  # a table of ours
        to_id_parameter(merged.id),
        to_id_parameter(film.id),
    )


async def delete_older_of_both(table: str, owner: str, time: str, merged: Film, film: Film) -> None:
    """Delete the older one of two rows of one owner that name `merged` and `film`.

    Args:
        owner: the column that may name each film once.
        time: the column that tells which row is newer; of two alike, that of `film` stays.
    """
    for gone, other, operator in ((merged, film, ">="), (film, merged, ">")):
        await fetch_rows(
            f"DELETE FROM {table} WHERE film_id = $1 AND EXISTS (SELECT 1 FROM {table} AS other "  # noqa: S608  # a table of ours
            f"WHERE other.{owner} = {table}.{owner} AND other.film_id = $2 "
            f"AND other.{time} {operator} {table}.{time})",
            to_id_parameter(gone.id),
            to_id_parameter(other.id),
        )
