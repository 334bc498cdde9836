"""Search by SQL while the engine is unavailable, with the same terms and the same ranking.

`degraded` names what is left out: `search_engine_away` always; `typos_left_out` until any words are
known; `facets_left_out`; `plot_left_out`; `later_results_left_out`, since only the rerank
window can be paged through; `similar_words_left_out` where the database has no trigrams.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from service.database.connection import is_postgres
from service.database.transactions import shield
from service.errors import Unavailable
from service.limits import (
    DATABASE_SEARCH_CONCURRENCY_POSTGRES,
    DATABASE_SEARCH_CONCURRENCY_SQLITE,
    DATABASE_SEARCH_TIMEOUT,
)
from service.search.criteria.filters import DEFAULT_FILTERS, Filters
from service.search.criteria.sorting import Sort, SortKey
from service.search.engines.base import Hits
from service.search.engines.sql import DatabaseEngine
from service.search.query.fields import DEFAULT_FIELDS, restrict_plan
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.query.synonyms import expand_series
from service.search.ranking.did_you_mean import did_you_mean
from service.search.ranking.match_level import MatchLevel
from service.search.ranking.rerank_window import RerankWindow, count_affordable
from service.search.ranking.scorer import Ranked, rank
from service.search.ranking.sequels import promote_sequel
from service.search.retrieval.cursors import MatchStage
from service.search.retrieval.database_words import DatabaseWords
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.paging import RERANK_SIZE, cut_window_page, fetch_sorted_page
from service.search.retrieval.people import find_people_stages, has_better_people, with_people
from service.search.retrieval.result_list import (
    FUZZY_SUFFICIENT,
    cut_window,
    judge_page,
    search_imdb_id,
    sort_window,
)
from service.search.retrieval.rewritten_search import search_other_writings
from service.search.retrieval.search_request import (
    Degradation,
    SearchRequest,
    SearchResult,
    describe_left_out,
)
from service.search.retrieval.similar_titles import place_well_known
from service.search.retrieval.stage_runner import PLAN_WORK
from service.search.retrieval.work_threads import WorkThreads
from service.search.vocabulary.vocabulary import Vocabulary

ENGINE_UNAVAILABLE: Degradation = "search_engine_away"


@dataclass(frozen=True, slots=True)
class _Found:
    """The hits of one plan in their final order; the window is not cut yet."""

    request: SearchRequest
    query: Query
    plan: Plan
    hits: Hits
    window: RerankWindow
    is_relaxed: bool = False


class DatabaseSearch:
    """Find films by SQL alone. Build it when the database is open.

    Every method raises `Unavailable` when it takes too long, and the database's own errors.

    Args:
        timeout: seconds for one search.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        film_cache: FilmCache,
        timeout: float = DATABASE_SEARCH_TIMEOUT,
        threads: WorkThreads | None = None,
    ) -> None:
        self._threads = threads or WorkThreads()
        self._engine = DatabaseEngine()
        self._words = DatabaseWords(vocabulary, self._engine)
        self._film_cache = film_cache
        self._timeout = timeout
        self._statements = asyncio.Semaphore(max_concurrent_statements())

    async def search(self, request: SearchRequest) -> SearchResult:
        """Return one page of films, as `EngineSearch.search` does, but without cursors."""
        query = None if request.text is None else Query.parse(request.text)
        async with self._within_timeout():
            if query is not None and query.imdb_id is not None:
                return await search_imdb_id(query.imdb_id, query, request)
            if query is not None and request.typo_tolerance:
                await self._words.learn(self._timeout / 2)
            if query is None:
                result = await self._load_sorted(None, None, request, None)
            else:
                query = expand_series(query, self._vocabulary)
                search, words = partial(self._search_text, request=request), self._vocabulary
                result = await search_other_writings(await search(query), request, words, search)
        degraded = (*result.degraded, *describe_left_out(request.budget))
        return replace(result, degraded=tuple(dict.fromkeys(degraded)))

    async def fetch_hits(self, plan: Plan, limit: int) -> Hits:
        """Return the first hits of a plan in the database's order, with the default filters."""
        async with self._within_timeout():
            return await self._fetch(plan, 0, limit, DEFAULT_FILTERS)

    async def _load_sorted(
        self,
        query: Query | None,
        plan: Plan | None,
        request: SearchRequest,
        level: MatchLevel | None,
    ) -> SearchResult:
        async def fetch(offset: int, limit: int, _after: SortKey | None) -> Hits:
            return await self._fetch(plan, offset, limit, request.filters, request.sort)

        page = await fetch_sorted_page(fetch, MatchStage.EXACT, request.page)
        levels: dict[str, MatchLevel] = {}
        if query is not None:
            levels = await judge_page(
                query,
                page,
                request,
                films=self._film_cache,
                threads=self._threads,
                is_known=self._vocabulary.is_film_word,
            )
        result = await page.load(self._film_cache, request.budget, levels)
        degraded = self._degraded(request, query)
        return replace(result, degraded=degraded, query=query, fields=request.fields, level=level)

    async def _search_text(self, query: Query, request: SearchRequest) -> SearchResult:
        titles = await self._find(query, request, relax=request.typo_tolerance)
        stage = await self._look_at_people(titles)
        request, hits, window = stage.request, stage.hits, stage.window
        degraded = list(self._degraded(request, query))
        if titles.is_relaxed and not await self._engine.has_trigrams():
            degraded.append("similar_words_left_out")
        best = window.ranked[0] if window.ranked and request.typo_tolerance else None
        if request.typo_tolerance or request.match == "all":
            window = cut_window(window, request)
        if request.sort != "relevance" and not window.is_cut:
            return await self._load_sorted(query, stage.plan, request, window.level)
        if hits.total > len(stage.window.ranked) and (not window.is_cut or request.match == "all"):
            degraded.append("later_results_left_out")
        if window.is_cut:
            window = await sort_window(window, self._film_cache, request)
        page = cut_window_page(window, hits, request.page)
        return replace(
            await page.load(self._film_cache, request.budget),
            did_you_mean=None if best is None else did_you_mean(query, best),
            degraded=tuple(degraded),
            query=query,
            fields=request.fields,
            level=window.level,
        )

    async def _find(self, query: Query, request: SearchRequest, *, relax: bool) -> _Found:
        plan = await self._plan(query, request)
        hits = await self._fetch(plan, 0, RERANK_SIZE, request.filters)
        ranked = await self._rank(query, hits, request)
        ranked = place_well_known(query, ranked, request, self._vocabulary.within(request.budget))
        stage = _Found(request, query, plan, hits, RerankWindow(ranked))
        is_sorted = request.sort != "relevance" and hits.total > 0
        is_sufficient = stage.window.explained >= FUZZY_SUFFICIENT or is_sorted
        if is_sufficient or not relax:
            return stage
        relaxed_hits = await self._fetch_relaxed(query, request)
        relaxed = await self._rank(query, relaxed_hits, request)
        if relaxed and (not ranked or relaxed[0].score > ranked[0].score):
            stage = replace(stage, hits=relaxed_hits, window=RerankWindow(relaxed))
        return replace(stage, is_relaxed=True)

    async def _look_at_people(self, found: _Found) -> _Found:
        """Return the films with the cast and the writers if they explain more, else `found`."""
        request, query, total = found.request, found.query, found.hits.total
        vocabulary = self._vocabulary.within(request.budget)
        if not find_people_stages(query, found.window, total, request, vocabulary):
            return found
        people = await self._find(query, with_people(request), relax=False)
        return people if has_better_people(query, people.window, found.window) else found

    @contextlib.asynccontextmanager
    async def _within_timeout(self) -> AsyncIterator[None]:
        """Bound a whole search. The database may be healthy: it is search that is unavailable."""
        timeout = asyncio.timeout(self._timeout)
        try:
            async with timeout:
                yield
        except TimeoutError:
            if not timeout.expired():  # the driver's own: the database does not answer
                raise
            raise Unavailable(
                "Searching without the search engine takes too long now.",
                code="search_unavailable",
                retry_after=1,
            ) from None

    async def _fetch(
        self,
        plan: Plan | None,
        offset: int,
        limit: int,
        filters: Filters,
        sort: Sort = "relevance",
    ) -> Hits:
        return await self._run_statement(
            lambda: self._engine.search(plan, offset, limit, filters, sort)
        )

    async def _run_statement(self, statement: Callable[[], Awaitable[Hits]]) -> Hits:
        """Run a statement that may be long, a few at a time.

        It holds its slot until it ends, even if its caller has given up: SQLite's only thread keeps
        working on it, and further statements would pile up behind it.
        """
        await self._statements.acquire()
        return await self._run_to_end(statement)

    @shield
    async def _run_to_end(self, statement: Callable[[], Awaitable[Hits]]) -> Hits:
        try:
            return await statement()
        finally:
            self._statements.release()

    async def _fetch_relaxed(self, query: Query, request: SearchRequest) -> Hits:
        """Return films with words that look alike or, if there are none, with any of the words."""
        if request.fields & DEFAULT_FIELDS:
            hits = await self._run_statement(
                lambda: self._engine.search_similar(query, RERANK_SIZE, request.filters)
            )
            if hits.hits:
                return hits
        build = partial(self._build_relaxed_plan, query, request)
        plan = await self._threads.run(request.budget, PLAN_WORK * len(query.core), build)
        return await self._fetch(plan, 0, RERANK_SIZE, request.filters)

    async def _rank(self, query: Query, hits: Hits, request: SearchRequest) -> list[Ranked]:
        budget = request.budget
        candidates = await self._film_cache.get_candidates(hits.hits, request.fields, budget)
        count, work = count_affordable(query, candidates, budget)
        build = partial(
            rank, query, candidates[:count], budget.checkpoint, self._vocabulary.is_film_word
        )
        return promote_sequel(query, await self._threads.run(budget, work, build))

    async def _plan(self, query: Query, request: SearchRequest) -> Plan:
        build = partial(self._build_plan, query, request)
        return await self._threads.run(request.budget, PLAN_WORK * len(query.core), build)

    def _build_relaxed_plan(self, query: Query, request: SearchRequest) -> Plan:
        vocabulary = self._vocabulary.within(request.budget)
        plan = Plan.relaxed(query, vocabulary)
        return restrict_plan(plan, request.fields, vocabulary, typos=True)

    def _build_plan(self, query: Query, request: SearchRequest) -> Plan:
        typos, vocabulary = request.typo_tolerance, self._vocabulary.within(request.budget)
        plan = Plan.fuzzy(query, vocabulary) if typos else Plan.exact(query)
        return restrict_plan(plan, request.fields, vocabulary, typos=typos)

    @property
    def _vocabulary(self) -> Vocabulary:
        return self._words.vocabulary

    def _degraded(self, request: SearchRequest, query: Query | None) -> tuple[Degradation, ...]:
        degraded: list[Degradation] = [ENGINE_UNAVAILABLE]
        if query is not None and request.typo_tolerance and not len(self._vocabulary):
            degraded.append("typos_left_out")
        if request.facets:
            degraded.append("facets_left_out")
        if "plot" in request.fields:
            degraded.append("plot_left_out")
        return tuple(degraded)


def max_concurrent_statements() -> int:
    """Return how many statements may run at the same time in this process."""
    if is_postgres():
        return DATABASE_SEARCH_CONCURRENCY_POSTGRES
    return DATABASE_SEARCH_CONCURRENCY_SQLITE
