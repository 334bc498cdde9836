"""Search through the engine: from the text that a person typed to films in order.

There are three stages, the cheapest first. The words as typed are enough for most queries. If no
film has them, or the best hit does not explain all of the query, typos are expanded. If even then
too little of it is explained, any word and any n-gram is enough. Where titles and directors explain
too little, the cast and the writers are looked at as well. The first hundred hits of a stage are
reranked, so pages within them come in that order and later pages in the engine's own.
Other sorts list the same films in that order, without reranking.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from service.search.criteria.facets import FacetCounts
from service.search.criteria.sorting import Sort, SortKey
from service.search.engines.base import Engine, Hit, Hits, IndexOutdated
from service.search.query.fields import DEFAULT_FIELDS
from service.search.query.misspelling import has_misspelling
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.query.synonyms import expand_nicknames, expand_series
from service.search.ranking.did_you_mean import did_you_mean
from service.search.ranking.match_level import MatchLevel, best_level
from service.search.ranking.rerank_window import RerankWindow
from service.search.retrieval.cursors import Cursor, MatchStage
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.match_stages import STAGE_WORK, StageResult
from service.search.retrieval.paging import (
    RERANK_SIZE,
    FetchHits,
    HitPage,
    fetch_reranked_page,
    fetch_rest_of_window,
    fetch_sorted_page,
)
from service.search.retrieval.people import (
    find_people_stages,
    has_better_people,
    with_people,
)
from service.search.retrieval.result_list import (
    count_cut_facets,
    cut_window,
    judge_page,
    search_imdb_id,
)
from service.search.retrieval.rewritten_search import search_other_writings
from service.search.retrieval.search_request import (
    SearchRequest,
    SearchResult,
    describe_left_out,
)
from service.search.retrieval.similar_titles import (
    MAX_TITLES,
    find_similar_titles,
    pick_well_known,
)
from service.search.retrieval.stage_runner import StageRunner
from service.search.retrieval.work_threads import WorkThreads
from service.search.vocabulary.vocabulary import Vocabulary


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
        self._runner = StageRunner(engine, vocabulary, self._film_cache, self._threads)

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
        stage = await self._add_similar_titles(stage)
        stage = await self._look_at_people(stage)
        page = await self._fetch_page(stage)
        result = await self._load(page, stage)
        correction = None
        if stage.window.ranked and request.typo_tolerance and request.fields == DEFAULT_FIELDS:
            best = stage.window.ranked[0]
            correction = did_you_mean(stage.query, best)
        return replace(result, level=stage.window.level, did_you_mean=correction)

    async def _first_sufficient_stage(self, query: Query, request: SearchRequest) -> StageResult:
        """Run the stages in order until one explains enough of the query."""
        results: list[StageResult] = []
        for stage in self._stages(query, request):
            if results and request.budget.is_spent:
                request.budget.left_out.add(STAGE_WORK[stage])
                return results[-1]
            if stage is MatchStage.FUZZY:
                query = expand_nicknames(query) or query
            results.append(await self._runner.run(query, stage, request))
            if results[-1].is_sufficient:
                return results[-1]
        # The relaxed stage counts only where it explains more than the fuzzy one.
        *_, fuzzy, relaxed = results
        return relaxed if relaxed.window.explained > fuzzy.window.explained else fuzzy

    async def _add_similar_titles(self, result: StageResult) -> StageResult:
        """Return the stage with well-known films whose titles are nearly what was typed."""
        request, vocabulary = result.request, self._vocabulary.within(result.request.budget)
        if result.stage is not MatchStage.EXACT or request.budget.is_spent:
            return result
        titles = find_similar_titles(result.query, result.window.ranked, request, vocabulary)
        if not titles:
            return result
        plan, best = Plan.full_titles(titles), result.window.ranked[0].candidate
        hits = await self._engine.search(plan, 0, MAX_TITLES, filters=request.filters)
        candidates = await self._film_cache.get_candidates(hits.hits, budget=request.budget)
        if not (titles := pick_well_known(titles, candidates, best)):
            return result
        request = replace(request, similar_titles=titles)
        return await self._runner.run(result.query, result.stage, request)

    async def _look_at_people(self, result: StageResult) -> StageResult:
        """Return the stage with the cast and the writers if they explain more, else `result`."""
        request, query = result.request, result.query
        vocabulary = self._vocabulary.within(request.budget)
        stages = find_people_stages(query, result.window, result.hits.total, request, vocabulary)
        if stages and request.budget.is_spent:
            request.budget.left_out.add(STAGE_WORK[stages[0]])
            return result
        for stage in stages:
            try:
                people = await self._runner.run(query, stage, with_people(request))
            except IndexOutdated:  # an index of an earlier release, until it is rebuilt
                return result
            if people.is_sufficient or stage is MatchStage.PEOPLE_FUZZY:
                return people if has_better_people(query, people.window, result.window) else result
        return result

    def _stages(self, query: Query, request: SearchRequest) -> tuple[MatchStage, ...]:
        if not request.typo_tolerance:
            return (MatchStage.EXACT,)
        if request.fields == DEFAULT_FIELDS and has_misspelling(query, self._vocabulary):
            return (MatchStage.FUZZY, MatchStage.RELAXED)
        return (MatchStage.EXACT, MatchStage.FUZZY, MatchStage.RELAXED)

    def _fetch_from(
        self, plan: Plan | None, request: SearchRequest, sort: Sort = "relevance"
    ) -> FetchHits:
        async def fetch(offset: int, limit: int, after: SortKey | None) -> Hits:
            return await self._engine.search(
                plan, offset, limit, filters=request.filters, sort=sort, after=after
            )

        return fetch

    async def _fetch_page(self, stage: StageResult) -> HitPage:
        request = stage.request
        if request.sort != "relevance" and not stage.window.is_cut:
            fetch = self._fetch_from(stage.plan, request, request.sort)
            return await fetch_sorted_page(fetch, stage.stage, request.page, stage.window.level)
        fetch = self._fetch_from(stage.plan, request)
        return await fetch_reranked_page(fetch, stage.window, stage.hits, stage.stage, request.page)

    async def _continue(self, query: Query, request: SearchRequest, cursor: Cursor) -> SearchResult:
        """Return the page behind `cursor`, in the stage in which the list began."""
        if cursor.stage.with_people:
            request = with_people(request)
        request = replace(request, similar_titles=cursor.similar_titles)
        if cursor.stage is not MatchStage.EXACT:
            query = expand_nicknames(query) or query
        plan = await self._runner.plan(query, cursor.stage, request)
        window = RerankWindow([])
        if cursor.returned:

            async def rerank(hits: Sequence[Hit]) -> RerankWindow:
                nonlocal window
                window = await self._runner.rerank(query, hits, request)
                window = await self._runner.cut(window, request) if cursor.is_cut else window
                return window

            fetch = self._fetch_from(plan, request)
            page = await fetch_rest_of_window(fetch, rerank, cursor, request.page.limit)
        else:
            fetch = self._fetch_from(plan, request, request.sort)
            page = await fetch_sorted_page(fetch, cursor.stage, request.page, cursor.level)
        stage = StageResult(cursor.stage, request, query, plan, page.hits, window)
        result = await self._load(page, stage)
        return replace(result, level=cursor.level or best_level(h.level for h in result.hits))

    async def _load(self, page: HitPage, stage: StageResult) -> SearchResult:
        request = stage.request
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
        page = page.mark(request.similar_titles)
        result = await page.load(self._film_cache, request.budget, levels)
        facets = await self._count(stage)
        return replace(result, query=stage.query, fields=request.fields, facets=facets)

    async def _count(self, stage: StageResult) -> FacetCounts | None:
        request = stage.request
        if not request.facets:
            return None
        if not stage.window.is_cut:
            return await self._engine.count(stage.plan, request.filters, request.facets)
        window = stage.window
        unfiltered = replace(request, filters=request.filters.unfiltered)
        if unfiltered.filters != request.filters:
            hits = await self._engine.search(stage.plan, 0, RERANK_SIZE, filters=unfiltered.filters)
            window = await self._runner.rerank(stage.query, hits.hits, unfiltered)
            window = cut_window(window, unfiltered)
        return await count_cut_facets(window.scored, self._film_cache, request)
