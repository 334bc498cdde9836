"""Fetch a list of films from OMDb, for the command line."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from service.errors import DomainError
from service.omdb.lookup import FilmLookup


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The result for one film, as a line for people."""

    line: str
    ok: bool


async def fetch_all(lookup: FilmLookup, films: Sequence[str]) -> AsyncIterator[FetchResult]:
    """Fetch each id or title through OMDb into the catalogue; a failure does not stop the rest."""
    for id_or_title in films:
        try:
            film = await lookup.fetch(id_or_title)
        except DomainError as error:
            yield FetchResult(f"{id_or_title}: {error.detail}", ok=False)
        else:
            year = film.year or "no year"
            yield FetchResult(f"{id_or_title}: {film.title} ({year}), {film.imdb_id}", ok=True)
