"""Films fetched by hand, from the command line."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from service.errors import DomainError
from service.omdb.lookup import FilmLookup


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What became of one asked film, as a line for a person."""

    line: str
    ok: bool


async def fetch_all(lookup: FilmLookup, films: Sequence[str]) -> AsyncIterator[FetchResult]:
    """Fetch each id or title through OMDb into the catalogue; one that fails stops no other."""
    for named in films:
        try:
            film = await lookup.fetch(named)
        except DomainError as error:
            yield FetchResult(f"{named}: {error.detail}", ok=False)
        else:
            year = film.year or "no year"
            yield FetchResult(f"{named}: {film.title} ({year}), {film.imdb_id}", ok=True)
