"""Fetch a list of films from OMDb, for the command line."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from service.errors import DomainError
from service.films.models import Film
from service.omdb.lookup import FilmLookup


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The result for one film: a line for people, or the error."""

    movie: str
    line: str = ""
    error: DomainError | None = None


async def fetch_all(
    lookup: FilmLookup, films: Sequence[str], *, refresh: bool = False
) -> AsyncIterator[FetchResult]:
    """Fetch each id or title through OMDb into the catalogue; a failure does not stop the rest.

    A film that is in the catalogue costs no call unless it is stale.

    Args:
        refresh: request every film again, stale or not.
    """
    for id_or_title in films:
        try:
            line = await _fetch(lookup, id_or_title, refresh)
        except DomainError as error:
            yield FetchResult(id_or_title, error=error)
        else:
            yield FetchResult(id_or_title, f"{id_or_title}: {line}")


async def _fetch(lookup: FilmLookup, id_or_title: str, refresh: bool) -> str:
    """Return a line on the film: its present facts, or the stored ones that need no refresh."""
    stored = None if refresh else await lookup.find(id_or_title)
    if stored is None:
        return _describe(await lookup.fetch(id_or_title))
    if not lookup.is_stale(stored):
        return f"{_describe(stored)}, already here"
    try:
        return _describe(await lookup.fetch(id_or_title))
    except DomainError as error:
        return f"{_describe(stored)}, already here but stale: {error.detail}"


def _describe(film: Film) -> str:
    return f"{film.title} ({film.year or 'no year'}), {film.imdb_id or film.id}"
