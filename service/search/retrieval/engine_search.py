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

from service.resilience.work_budget import WorkKind
from service.search.criteria.facets import FacetCounts
from service.search.criteria.sorting import Sort, SortKey
from service.search.engines.base import Engine, Hit, Hits
from service.search.query.fields import DEFAULT_FIELDS, restrict_plan
from service.search.query.misspelling import has_misspelling
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.query.synonyms import expand_nicknames, expand_series
from service.search.ranking.did_you_mean import did_you_mean
from service.search.ranking.match_level import MatchLevel, best_level
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
from service.search.retrieval.result_list import (
    FUZZY_SUFFICIENT,
    count_cut_facets,
    cut_window,
    judge_page,
    order_by_plot,
    search_imdb_id,
    sort_window,
)
from service.search.retrieval.rewritten_search import search_other_writings
from service.search.retrieval.search_request import (
    SearchRequest,
    SearchResult,
    describe_left_out,
)
from service.search.retrieval.work_threads import WorkThreads
from service.search.vocabulary.vocabulary import Vocabulary

EXACT_SUFFICIENT = 0.995  # of the query explained: typos are not expanded
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
            return await self._list(request)
        query = Query.parse(request.text)
        if query.imdb_id is not None:
            return await search_imdb_id(query.imdb_id, query, request)
        query = expand_series(query, self._vocabulary)
        if request.page.cursor is not None:
            result = await self._continue(query, request, request.page.cursor)
        else:
            search = partial(self._search_in_stages, request=request)
            result = await search_other_writings(
                await search(query), request, self._vocabulary, search
            )
        left_out = describe_left_out(request.budget)
        return replace(result, degraded=(*result.degraded, *left_out)) if left_out else result

    async def _list(self, request: SearchRequest) -> SearchResult:
        fetch = self._fetch_from(None, request, request.sort)
        page = await fetch_sorted_page(fetch, MatchStage.EXACT, request.page)
        result = await page.load(self._film_cache, request.budget)
        if not request.facets:
            return result
        facets = await self._engine.count(None, request.filters, request.facets)
        return replace(result, facets=facets)

    async def _search_in_stages(self, query: Query, request: SearchRequest) -> SearchResult:
        stage = await self._first_sufficient_stage(query, request)
        page = await self._fetch_page(stage, request)
        result = await self._load(page, stage, request)
        correction = None
        if stage.window.ranked and request.typo_tolerance and request.fields == DEFAULT_FIELDS:
            best = stage.window.ranked[0]
            correction = did_you_mean(stage.query, best)
        return replace(result, level=stage.window.level, did_you_mean=correction)

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
            if stage is not MatchStage.EXACT:
                window = await self._cut(window, request)
            elif request.match == "all":
                window = window.as_complete()
            results.append(_StageResult(stage, query, plan, hits, window))
            if _is_sufficient(results[-1], request):
                return results[-1]
        # The relaxed stage counts only where it explains more than the fuzzy one.
        *_, fuzzy, relaxed = results
        return relaxed if relaxed.window.explained > fuzzy.window.explained else fuzzy

    async def _cut(self, window: RerankWindow, request: SearchRequest) -> RerankWindow:
        cut = cut_window(window, request)
        return await sort_window(cut, self._film_cache, request) if cut.is_cut else cut

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
                is_complete = request.match == "all"
                plan = Plan.every_word(query, vocabulary) if is_complete else Plan.exact(query)
            case MatchStage.FUZZY:
                plan = Plan.fuzzy(query, vocabulary)
            case MatchStage.RELAXED:
                plan = Plan.relaxed(query, vocabulary)
        typos = stage is not MatchStage.EXACT
        return restrict_plan(plan, request.fields, vocabulary, typos=typos)

    async def _rerank(
        self, query: Query, hits: Sequence[Hit], request: SearchRequest
    ) -> RerankWindow:
        if "plot" in request.fields:
            ranked, tail = await self._rank(query, hits, request)
            return order_by_plot(RerankWindow(ranked, tail), hits)
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
        build = partial(
            rank, query, candidates[:count], budget.checkpoint, self._vocabulary.is_film_word
        )
        ranked = await self._threads.run(budget, work, build)
        if count == len(candidates):
            return ranked, ()
        ids = [hit.film_id for hit in hits]
        return ranked, hits[ids.index(candidates[count].film_id) :]

    def _fetch_from(
        self, plan: Plan | None, request: SearchRequest, sort: Sort = "relevance"
    ) -> FetchHits:
        async def fetch(offset: int, limit: int, after: SortKey | None) -> Hits:
            return await self._engine.search(
                plan, offset, limit, filters=request.filters, sort=sort, after=after
            )

        return fetch

    async def _fetch_page(self, stage: _StageResult, request: SearchRequest) -> HitPage:
        if request.sort != "relevance" and not stage.window.is_cut:
            fetch = self._fetch_from(stage.plan, request, request.sort)
            return await fetch_sorted_page(fetch, stage.stage, request.page, stage.window.level)
        fetch = self._fetch_from(stage.plan, request)
        return await fetch_reranked_page(fetch, stage.window, stage.hits, stage.stage, request.page)

    async def _continue(self, query: Query, request: SearchRequest, cursor: Cursor) -> SearchResult:
        """Return the page behind `cursor`, in the stage in which the list began."""
        if cursor.stage is not MatchStage.EXACT:
            query = expand_nicknames(query) or query
        plan = await self._plan(query, cursor.stage, request)
        window = RerankWindow([])
        if cursor.returned:

            async def rerank(hits: Sequence[Hit]) -> RerankWindow:
                nonlocal window
                window = await self._rerank(query, hits, request)
                window = await self._cut(window, request) if cursor.is_cut else window
                return window

            fetch = self._fetch_from(plan, request)
            page = await fetch_rest_of_window(fetch, rerank, cursor, request.page.limit)
        else:
            fetch = self._fetch_from(plan, request, request.sort)
            page = await fetch_sorted_page(fetch, cursor.stage, request.page, cursor.level)
        stage = _StageResult(cursor.stage, query, plan, page.hits, window)
        result = await self._load(page, stage, request)
        return replace(result, level=cursor.level or best_level(h.level for h in result.hits))

    async def _load(
        self, page: HitPage, stage: _StageResult, request: SearchRequest
    ) -> SearchResult:
        levels: dict[str, MatchLevel] = {}
        if request.match == "any":  # else the plan, or the cut, left only films with every word
            levels = await judge_page(
                stage.query,
                page,
                request,
                films=self._film_cache,
                threads=self._threads,
                is_known=self._vocabulary.is_film_word,
            )
        result = await page.load(self._film_cache, request.budget, levels)
        return replace(result, query=stage.query, facets=await self._count(stage, request))

    async def _count(self, stage: _StageResult, request: SearchRequest) -> FacetCounts | None:
        if not request.facets:
            return None
        if not stage.window.is_cut:
            return await self._engine.count(stage.plan, request.filters, request.facets)
        window = stage.window
        unfiltered = replace(request, filters=request.filters.unfiltered)
        if unfiltered.filters != request.filters:
            hits = await self._engine.search(stage.plan, 0, RERANK_SIZE, filters=unfiltered.filters)
            window = await self._rerank(stage.query, hits.hits, unfiltered)
            window = cut_window(window, unfiltered)
        return await count_cut_facets(window.scored, self._film_cache, request)


def _is_sufficient(result: _StageResult, request: SearchRequest) -> bool:
    """Return whether a stage explains enough, so that the next one is not run."""
    by_plot = "plot" in request.fields
    if request.match == "all":
        is_found = result.hits.total if result.stage is MatchStage.EXACT else result.window.ranked
        return bool(is_found)
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
