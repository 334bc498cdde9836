"""Search through the engine: from the text that a person typed to films in order.

There are three stages, the cheapest first. The words as typed are enough for most queries. If no
film has them, or the best hit does not explain all of the query, typos are expanded. If even then
too little of it is explained, any word and any n-gram is enough. The first hundred hits of a stage
are reranked, so pages within them come in that order and later pages in the engine's own.
Other sorts list the same films in that order, without reranking.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from service.films.rows import get_film_row
from service.resilience.work_budget import WorkKind
from service.search.criteria.facets import count_facets
from service.search.criteria.sorting import SortKey
from service.search.engines.base import Engine, Hit, Hits
from service.search.query.fields import DEFAULT_FIELDS, restrict_plan
from service.search.query.misspelling import has_misspelling
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.query.synonyms import expand_nicknames
from service.search.ranking.did_you_mean import did_you_mean
from service.search.ranking.rerank_window import RerankWindow, count_affordable, rerank_cutoff
from service.search.ranking.scorer import Ranked, rank
from service.search.ranking.sequels import promote_sequel
from service.search.retrieval.cursors import Cursor, MatchStage
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.paging import (
    RERANK_SIZE,
    FetchHits,
    HitPage,
    fetch_reranked_page,
    fetch_rest_of_window,
    fetch_sorted_page,
)
from service.search.retrieval.search_request import (
    SearchHit,
    SearchRequest,
    SearchResult,
    describe_left_out,
)
from service.search.retrieval.work_threads import WorkThreads
from service.search.vocabulary.vocabulary import Vocabulary

EXACT_SUFFICIENT = 0.995  # of the query explained: typos are not expanded
FUZZY_SUFFICIENT = 0.80  # of the query explained: the query is not relaxed
TERM_WORK = 10  # units of an engine, for each term of a plan
PLAN_WORK = 400  # units on the event loop or in a thread, for each word of a query
STAGE_WORK: dict[MatchStage, WorkKind] = {
    MatchStage.EXACT: "results",
    MatchStage.FUZZY: "typos",
    MatchStage.RELAXED: "similar_words",
}
"""What is left out with each stage."""


@dataclass(frozen=True, slots=True)
class _StageResult:
    """The outcome of one stage: its plan, the first hits and their rerank window."""

    stage: MatchStage
    query: Query
    plan: Plan
    hits: Hits
    window: RerankWindow


class EngineSearch:
    """Find films through the engine."""

    def __init__(
        self,
        engine: Engine,
        vocabulary: Vocabulary,
        film_cache: FilmCache | None = None,
        threads: WorkThreads | None = None,
    ) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._film_cache = film_cache or FilmCache()
        self._threads = threads or WorkThreads()

    async def search(self, request: SearchRequest) -> SearchResult:
        """Return one page of films.

        Raises:
            Invalid: the text is empty, too long or unreadable.
            Unavailable: the index cannot be read.
        """
        if request.text is None:
            fetch = self._fetch_from(None, request)
            page = await fetch_sorted_page(fetch, MatchStage.EXACT, request.page)
            return await self._load(page, None, request)
        query = Query.parse(request.text)
        if query.imdb_id is not None:
            return await search_imdb_id(query.imdb_id, query, request)
        if request.page.cursor is not None:
            result = await self._continue(query, request, request.page.cursor)
        else:
            result = await self._search_in_stages(query, request)
        left_out = describe_left_out(request.budget)
        return replace(result, degraded=(*result.degraded, *left_out)) if left_out else result

    async def _search_in_stages(self, query: Query, request: SearchRequest) -> SearchResult:
        stage = await self._first_sufficient_stage(query, request)
        page = await self._fetch_page(stage, request)
        result = await self._load(page, stage.plan, request)
        return replace(result, query=stage.query, did_you_mean=_did_you_mean(stage, request))

    async def _first_sufficient_stage(self, query: Query, request: SearchRequest) -> _StageResult:
        """Run the stages in order until one explains enough of the query."""
        results: list[_StageResult] = []
        for stage in self._stages(query, request):
            if results and request.budget.is_spent:
                request.budget.left_out.add(STAGE_WORK[stage])
                return results[-1]
            if stage is MatchStage.FUZZY:
                query = expand_nicknames(query) or query
            plan = await self._plan(query, stage, request)
            request.budget.charge(TERM_WORK * sum(len(clause.terms) for clause in plan.clauses))
            hits = await self._engine.search(plan, 0, RERANK_SIZE, filters=request.filters)
            window = await self._rerank(query, hits.hits, request)
            results.append(_StageResult(stage, query, plan, hits, window))
            if _is_sufficient(results[-1], request):
                return results[-1]
        # The relaxed stage counts only where it explains more than the fuzzy one.
        *_, fuzzy, relaxed = results
        return relaxed if relaxed.window.explained > fuzzy.window.explained else fuzzy

    def _stages(self, query: Query, request: SearchRequest) -> tuple[MatchStage, ...]:
        if not request.typo_tolerance:
            return (MatchStage.EXACT,)
        if request.fields == DEFAULT_FIELDS and has_misspelling(query, self._vocabulary):
            return (MatchStage.FUZZY, MatchStage.RELAXED)
        return tuple(MatchStage)

    async def _plan(self, query: Query, stage: MatchStage, request: SearchRequest) -> Plan:
        build = partial(self._build_plan, query, stage, request)
        work = 0 if stage is MatchStage.EXACT else PLAN_WORK * len(query.core)
        return await self._threads.run(request.budget, work, build)

    def _build_plan(self, query: Query, stage: MatchStage, request: SearchRequest) -> Plan:
        vocabulary = self._vocabulary.within(request.budget)
        match stage:
            case MatchStage.EXACT:
                plan = Plan.exact(query)
            case MatchStage.FUZZY:
                plan = Plan.fuzzy(query, vocabulary)
            case MatchStage.RELAXED:
                plan = Plan.relaxed(query, vocabulary)
        typos = stage is not MatchStage.EXACT
        return restrict_plan(plan, request.fields, vocabulary, typos=typos)

    async def _rerank(
        self, query: Query, hits: Sequence[Hit], request: SearchRequest
    ) -> RerankWindow:
        if "plot" in request.fields:  # a film explained by its plot alone keeps the engine's order
            ranked, tail = await self._rank(query, hits, request)
            position = {hit.film_id: index for index, hit in enumerate(hits)}
            ranked.sort(key=lambda r: position[r.candidate.film_id] if _is_weak(r) else -1)
            return RerankWindow(ranked, tail)
        size = rerank_cutoff(hits)
        ranked, tail = await self._rank(query, hits[:size], request)
        return RerankWindow(promote_sequel(query, ranked), [*tail, *hits[size:]])

    async def _rank(
        self, query: Query, hits: Sequence[Hit], request: SearchRequest
    ) -> tuple[list[Ranked], Sequence[Hit]]:
        """Return the ranked hits, and the last ones if the budget does not allow to rank them."""
        budget = request.budget
        candidates = await self._film_cache.get_candidates(hits, request.fields, budget)
        count, work = count_affordable(query, candidates, budget)
        build = partial(rank, query, candidates[:count], budget.checkpoint)
        ranked = await self._threads.run(budget, work, build)
        if count == len(candidates):
            return ranked, ()
        ids = [hit.film_id for hit in hits]
        return ranked, hits[ids.index(candidates[count].film_id) :]

    def _fetch_from(self, plan: Plan | None, request: SearchRequest) -> FetchHits:
        async def fetch(offset: int, limit: int, after: SortKey | None) -> Hits:
            return await self._engine.search(
                plan, offset, limit, filters=request.filters, sort=request.sort, after=after
            )

        return fetch

    async def _fetch_page(self, stage: _StageResult, request: SearchRequest) -> HitPage:
        fetch = self._fetch_from(stage.plan, request)
        if request.sort != "relevance":
            return await fetch_sorted_page(fetch, stage.stage, request.page)
        return await fetch_reranked_page(fetch, stage.window, stage.hits, stage.stage, request.page)

    async def _continue(self, query: Query, request: SearchRequest, cursor: Cursor) -> SearchResult:
        """Return the page behind `cursor`, in the stage in which the list began."""
        if cursor.stage is not MatchStage.EXACT:
            query = expand_nicknames(query) or query
        plan = await self._plan(query, cursor.stage, request)
        fetch = self._fetch_from(plan, request)
        if cursor.returned:

            async def rerank(hits: Sequence[Hit]) -> RerankWindow:
                return await self._rerank(query, hits, request)

            page = await fetch_rest_of_window(fetch, rerank, cursor, request.page.limit)
        else:
            page = await fetch_sorted_page(fetch, cursor.stage, request.page)
        return replace(await self._load(page, plan, request), query=query)

    async def _load(self, page: HitPage, plan: Plan | None, request: SearchRequest) -> SearchResult:
        result = await page.load(self._film_cache, request.budget)
        if not request.facets:
            return result
        facets = await self._engine.count(plan, request.filters, request.facets)
        return replace(result, facets=facets)


async def search_imdb_id(imdb_id: str, query: Query, request: SearchRequest) -> SearchResult:
    """Return the film with this IMDb id, which needs no engine."""
    film = await get_film_row(imdb_id)
    films = [] if film is None else [film]
    facets = count_facets(films, request.filters, request.facets) if request.facets else None
    results = [SearchHit(film, 1.0) for film in films if request.filters.accepts(film)]
    page = request.page
    shown = tuple(results[page.offset : page.offset + page.limit])
    return SearchResult(shown, len(results), facets=facets, query=query)


def _is_sufficient(result: _StageResult, request: SearchRequest) -> bool:
    """Return whether a stage explains enough, so that the next one is not run."""
    by_plot = "plot" in request.fields
    match result.stage:
        case MatchStage.EXACT:
            found_by_plot = by_plot and result.hits.total > 0
            explained = result.window.explained >= EXACT_SUFFICIENT
            return not request.typo_tolerance or explained or found_by_plot
        case MatchStage.FUZZY:
            # A list sorted by year must not begin with films that hardly fit.
            sorted_hits = request.sort != "relevance" and result.hits.total > 0
            return result.window.explained >= FUZZY_SUFFICIENT or by_plot or sorted_hits
        case MatchStage.RELAXED:
            return False


def _did_you_mean(result: _StageResult, request: SearchRequest) -> str | None:
    if not (result.window.ranked and request.typo_tolerance and request.fields == DEFAULT_FIELDS):
        return None
    return did_you_mean(result.query, result.window.ranked[0])


def _is_weak(ranked: Ranked) -> bool:
    return ranked.features.explained < FUZZY_SUFFICIENT
