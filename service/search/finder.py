"""From what a person typed to films in order.

The engine gives ids, versions and scores; the films themselves come from the database in one
query, so that an answer never shows what the index alone still believes. A hit whose film is gone
is left out.
"""

from dataclasses import dataclass
from uuid import UUID

from service.films.models import Film
from service.search.engines.ports import Engine, Hit, Relation
from service.search.plan import Plan
from service.search.query import Query
from service.search.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class FoundFilm:
    """A film and the score that put it where it is."""

    film: Film
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """One page of films, how many there are in all, and what was given up to find them."""

    results: tuple[FoundFilm, ...]
    total: int
    relation: Relation = "eq"
    did_you_mean: str | None = None
    degraded: tuple[str, ...] = ()


class Finder:
    """Finds films by an index and the words that it holds."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary) -> None:
        self._engine = engine
        self._vocabulary = vocabulary

    async def find(self, text: str, limit: int, offset: int = 0) -> Found:
        """The films from `offset` on, at most `limit`.

        Raises:
            Invalid: the text is empty, too long, or cannot be read.
            Unavailable: the index does not answer.
        """
        query = Query.parse(text)
        if query.imdb_id is not None:
            films = await Film.filter(imdb_id=query.imdb_id)
            shown = films[offset : offset + limit]
            return Found(tuple(FoundFilm(film, 1.0) for film in shown), len(films))
        hits = await self._engine.search(Plan.of(query, self._vocabulary), offset, limit)
        return Found(await _films_of(hits.found), hits.total, hits.relation)


async def _films_of(hits: tuple[Hit, ...]) -> tuple[FoundFilm, ...]:
    ids = [UUID(hit.film_id) for hit in hits]
    films = {film.id: film for film in await Film.filter(id__in=ids)} if ids else {}
    found = ((films.get(film_id), hit) for film_id, hit in zip(ids, hits, strict=True))
    return tuple(FoundFilm(film, hit.score) for film, hit in found if film is not None)
