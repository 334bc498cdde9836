"""Run one match stage: from a query to its plan, to the engine's hits, to their final order."""

from collections.abc import Sequence
from functools import partial

from service.search.engines.base import Engine, Hit
from service.search.query.fields import restrict_plan
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.ranking.rerank_window import RerankWindow, count_affordable, rerank_cutoff
from service.search.ranking.scorer import Ranked, rank
from service.search.ranking.sequels import promote_sequel
from service.search.retrieval.cursors import MatchStage
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.match_stages import StageResult
from service.search.retrieval.paging import (
    RERANK_SIZE,
)
from service.search.retrieval.result_list import (
    cut_window,
    order_by_plot,
    sort_window,
)
from service.search.retrieval.search_request import (
    SearchRequest,
)
from service.search.retrieval.similar_titles import (
    place_similar_titles,
)
from service.search.retrieval.work_threads import WorkThreads
from service.search.vocabulary.vocabulary import Vocabulary

TERM_WORK = 10  # units of an engine, for each term of a plan
PLAN_WORK = 400  # units on the event loop or in a thread, for each word of a query


class StageRunner:
    """Runs the stages of searches through the engine."""

    def __init__(
        self,
        engine: Engine,
        vocabulary: Vocabulary,
        film_cache: FilmCache,
        threads: WorkThreads,
    ) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._film_cache = film_cache
        self._threads = threads

    async def run(self, query: Query, stage: MatchStage, request: SearchRequest) -> StageResult:
        """Return the first hits of one stage in their final order."""
        plan = await self.plan(query, stage, request)
        request.budget.charge(TERM_WORK * sum(len(clause.terms) for clause in plan.clauses))
        hits = await self._engine.search(plan, 0, RERANK_SIZE, filters=request.filters)
        window = await self.rerank(query, hits.hits, request)
        if not stage.is_literal:
            window = await self.cut(window, request)
        elif request.match == "all":
            window = window.as_complete()
        return StageResult(stage, request, query, plan, hits, window)

    async def cut(self, window: RerankWindow, request: SearchRequest) -> RerankWindow:
        """Return the window without the films that are no results."""
        cut = cut_window(window, request)
        return await sort_window(cut, self._film_cache, request) if cut.is_cut else cut

    async def plan(self, query: Query, stage: MatchStage, request: SearchRequest) -> Plan:
        """Return the plan of one stage."""
        build = partial(self._build_plan, query, stage, request)
        work = 0 if stage.is_literal else PLAN_WORK * len(query.core)
        return await self._threads.run(request.budget, work, build)

    def _build_plan(self, query: Query, stage: MatchStage, request: SearchRequest) -> Plan:
        vocabulary = self._vocabulary.within(request.budget)
        if stage.is_literal:
            is_complete = request.match == "all"
            similar = request.similar_titles
            plan = Plan.every_word(query, vocabulary) if is_complete else Plan.exact(query, similar)
        elif stage is MatchStage.RELAXED:
            plan = Plan.relaxed(query, vocabulary)
        else:
            plan = Plan.fuzzy(query, vocabulary)
        typos = not stage.is_literal
        return restrict_plan(plan, request.fields, vocabulary, typos=typos)

    async def rerank(
        self, query: Query, hits: Sequence[Hit], request: SearchRequest
    ) -> RerankWindow:
        """Return these hits in their final order."""
        if "plot" in request.fields:
            ranked, tail = await self._rank(query, hits, request)
            return order_by_plot(RerankWindow(ranked, tail), hits)
        size = rerank_cutoff(hits)
        ranked, tail = await self._rank(query, hits[:size], request)
        window = RerankWindow(promote_sequel(query, ranked), [*tail, *hits[size:]])
        return place_similar_titles(window, request.similar_titles)

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
