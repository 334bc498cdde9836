"""Which of the ranked hits are results, in which order, and how well each matches.

Engine search and database search share this. A list that explains little of the query is cut: its
results are the ranked films that explain nearly as much as the best one. Other films share a piece
of a word or a small one with the query, and would be counted into hundreds. A list of films with
every word is cut unless the plan itself asked for every word. A cut list has at most as many films
as the rerank window.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from service.film_fields import FilmRow
from service.films.rows import get_film_row
from service.search.criteria.facets import FacetCounts, count_facets
from service.search.criteria.sorting import Column, sort_column
from service.search.engines.base import Hit
from service.search.index.document import MovieDocument
from service.search.query.parser import Query
from service.search.ranking.match_level import MatchLevel
from service.search.ranking.rerank_window import RerankWindow, ScoredHit
from service.search.ranking.word_comparison import judge_levels
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.paging import HitPage
from service.search.retrieval.search_request import SearchHit, SearchRequest, SearchResult
from service.search.retrieval.work_threads import WorkThreads

FUZZY_SUFFICIENT = 0.80  # of the query explained: it is not relaxed, and the list is not cut
JUDGE_WORK = 60  # units, to judge one film that was not ranked


def cut_window(window: RerankWindow, request: SearchRequest) -> RerankWindow:
    """Return the window without the films that are no results, or unchanged if all are."""
    if request.match == "all":
        return window.cut_complete()
    if window.explained >= FUZZY_SUFFICIENT or "plot" in request.fields:
        return window
    return window.cut_weak()


def order_by_plot(window: RerankWindow, hits: Sequence[Hit]) -> RerankWindow:
    """Return the window with films that only their plots explain in the engine's order, last."""
    scores = {hit.film_id: ScoredHit.from_hit(hit).score for hit in hits}
    weak = [
        ScoredHit.from_ranked(ranked)._replace(score=scores[ranked.candidate.film_id])
        for ranked in window.ranked
        if ranked.features.explained < FUZZY_SUFFICIENT
    ]
    positions = {hit.film_id: position for position, hit in enumerate(hits)}
    weak.sort(key=lambda scored: positions[scored.film_id])
    strong = [
        ScoredHit.from_ranked(ranked)
        for ranked in window.ranked
        if ranked.features.explained >= FUZZY_SUFFICIENT
    ]
    tail = [ScoredHit.from_hit(hit) for hit in window.tail]
    return replace(window, in_order=(*strong, *weak, *tail))


async def sort_window(
    window: RerankWindow, films: FilmCache, request: SearchRequest
) -> RerankWindow:
    """Return a cut window in the order that the request asks for."""
    column = sort_column(request.sort, has_words=True)
    if column is None:
        return window
    rows = await films.get_rows([hit.film_id for hit in window.scored], request.budget)
    hits = [hit._replace(score=0.0) for hit in window.scored if hit.film_id in rows]
    hits.sort(key=lambda hit: _sort_key(rows[hit.film_id], column))
    return replace(window, in_order=tuple(hits))


def _sort_key(film: FilmRow, column: Column) -> tuple[int | str, ...]:
    document = MovieDocument.from_film(film)
    if column == "title":
        return document.full_title_key, -document.votes, document.film_id
    return document.sort_numbers[column], document.film_id


async def judge_page(
    query: Query,
    page: HitPage,
    request: SearchRequest,
    *,
    films: FilmCache,
    threads: WorkThreads,
    is_known: Callable[[str], bool],
) -> dict[str, MatchLevel]:
    """Return the match levels of those hits of a page that were not ranked.

    The budget is charged; nothing is left out.
    """
    hits, budget = page.unjudged, request.budget
    if not hits:
        return {}
    candidates = await films.get_candidates(hits, request.fields, budget)
    work = JUDGE_WORK * len(candidates)
    budget.charge(work)
    judge = partial(judge_levels, query, candidates, budget.checkpoint, is_known)
    return await threads.run(budget, work, judge)


async def count_cut_facets(
    hits: Sequence[ScoredHit], films: FilmCache, request: SearchRequest
) -> FacetCounts:
    """Count the facets of a list that was cut before it was filtered."""
    rows = await films.get_rows([hit.film_id for hit in hits], request.budget)
    return count_facets(list(rows.values()), request.filters, request.facets)


async def search_imdb_id(imdb_id: str, query: Query, request: SearchRequest) -> SearchResult:
    """Return the film with this IMDb id, which needs no engine; an episode is named by its id."""
    film = await get_film_row(imdb_id)
    films = [] if film is None else [film]
    filters = replace(request.filters, excluded_types=())
    facets = count_facets(films, filters, request.facets) if request.facets else None
    results = [SearchHit(film, 1.0) for film in films if filters.accepts(film)]
    page = request.page
    shown = tuple(results[page.offset : page.offset + page.limit])
    level: MatchLevel | None = "all" if results else None
    return SearchResult(shown, len(results), facets=facets, query=query, level=level)
