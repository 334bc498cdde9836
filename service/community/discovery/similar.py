"""The films that are like a film: found by several small searches, then compared with it.

The searches are those of the search API, so they work without the engine as well.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from service.community.discovery.similarity import Similarity, compare, series_base
from service.errors import Invalid
from service.film_fields import FilmRow
from service.films.rows import get_film_rows
from service.resilience.work_budget import WorkBudget
from service.search.criteria.filters import (
    DEFAULT_FILTERS,
    NO_FILTERS,
    UNLISTED_TYPES,
    Filters,
)
from service.search.query.fields import SearchField
from service.search.retrieval.search_request import (
    Degradation,
    Page,
    SearchRequest,
    SearchResult,
)
from service.search.retrieval.work_threads import search_budget
from service.text.titles import compact_key

MAX_SIMILAR = 50  # films
MAX_PEOPLE = 3  # of each kind whose other films are looked for
FILMS_OF_PERSON, FILMS_OF_GENRE, FILMS_OF_SERIES = 40, 60, 30
MAX_TEXT_LENGTH = 200  # characters of a name or a title that is searched for


class Searcher(Protocol):
    """What finds films."""

    async def search(self, request: SearchRequest) -> SearchResult: ...


class RequestThreads(Protocol):
    """What counts requests that are being answered."""

    def answering(self, budget: WorkBudget) -> AbstractContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class SimilarFilm:
    """A film, how alike it is, and by what."""

    film: FilmRow
    similarity: Similarity


@dataclass(frozen=True, slots=True)
class SimilarFilms:
    """The films that are like one, the most alike first; `degraded` names what was left out."""

    films: tuple[SimilarFilm, ...]
    degraded: tuple[Degradation, ...]


async def find_similar(
    film: FilmRow, search: Searcher, threads: RequestThreads, co_ratings: dict[UUID, float]
) -> SimilarFilms:
    """Return the films that are like `film`.

    Args:
        co_ratings: films that users who like this film like as well; from 0 to 1, how many do.
    """
    candidates: dict[UUID, FilmRow] = {}
    degraded: dict[Degradation, None] = {}
    for request in _plan_searches(film):
        with threads.answering(request.budget), suppress(Invalid):  # a name of signs alone
            result = await search.search(request)
            candidates |= {hit.film.id: hit.film for hit in result.hits}
            degraded |= dict.fromkeys(result.degraded)
    missing = [str(film_id) for film_id in co_ratings if film_id not in candidates]
    candidates |= {row.id: row for row in await get_film_rows(missing)}
    candidates.pop(film.id, None)
    compared = (
        (other, compare(film, other, co_ratings.get(other.id, 0.0)))
        for other in candidates.values()
    )
    similar = [SimilarFilm(other, alike) for other, alike in compared if alike is not None]
    similar.sort(key=lambda entry: (-entry.similarity.score, str(entry.film.id)))
    return SimilarFilms(tuple(similar[:MAX_SIMILAR]), tuple(degraded))


def _plan_searches(film: FilmRow) -> Iterable[SearchRequest]:
    every_type = NO_FILTERS if film.type in UNLISTED_TYPES else DEFAULT_FILTERS
    for name in film.directors[:MAX_PEOPLE]:
        filters = replace(every_type, directors=(compact_key(name),))
        yield SearchRequest(filters=filters, page=Page(FILMS_OF_PERSON), budget=search_budget())
    people: tuple[tuple[list[str], SearchField], ...] = (
        (film.actors, "cast"),
        (film.writers, "writer"),
    )
    for names, field in people:
        for name in names[:MAX_PEOPLE]:
            yield SearchRequest(
                text=name[:MAX_TEXT_LENGTH],
                filters=every_type,
                fields=frozenset({field}),
                typo_tolerance=False,
                page=Page(FILMS_OF_PERSON),
                budget=search_budget(),
            )
    if film.genres:
        filters = Filters(types=(film.type,), genres=(compact_key(film.genres[0]),))
        yield SearchRequest(filters=filters, page=Page(FILMS_OF_GENRE), budget=search_budget())
    if base := " ".join(series_base(film.title)):
        yield SearchRequest(
            text=base[:MAX_TEXT_LENGTH],
            filters=every_type,
            fields=frozenset({"title"}),
            typo_tolerance=False,
            page=Page(FILMS_OF_SERIES),
            budget=search_budget(),
        )
