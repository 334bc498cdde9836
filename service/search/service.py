"""Every search: through the engine, or by SQL while the engine is unavailable.

A circuit breaker stops calls to an engine that failed twice in a row, so that a hanging engine does
not cost its timeout at every search; a single failure may be the query's own fault. An index that
lacks a field of one search does not count as a failure. A cursor continues only where it began: the
database cannot continue behind an engine's sort key.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from service.errors import Unavailable
from service.limits import SEARCH_BREAKER_RESET, SEARCH_BREAKER_THRESHOLD
from service.resilience.circuit_breaker import CircuitBreaker
from service.resilience.work_budget import WorkBudget
from service.search.engines.base import IndexOutdated
from service.search.query.parser import Query
from service.search.retrieval.autocomplete import Autocomplete, Suggestion
from service.search.retrieval.database_search import ENGINE_UNAVAILABLE, DatabaseSearch
from service.search.retrieval.engine_search import EngineSearch
from service.search.retrieval.search_request import (
    Degradation,
    SearchRequest,
    SearchResult,
    describe_left_out,
)
from service.search.retrieval.work_threads import search_budget

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Completion:
    """Suggestions for what is being typed; `degraded` names what was left out."""

    suggestions: tuple[Suggestion, ...]
    degraded: tuple[Degradation, ...] = ()


class SearchService:
    """Find, list and complete, with or without an engine.

    Every method raises `Invalid` for a text that cannot be searched for, and the database's own
    errors when the database is unavailable as well.

    Args:
        on_engine_hit: called for each search that the engine answered.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        engine_search: EngineSearch,
        autocomplete: Autocomplete,
        database_search: DatabaseSearch,
        on_engine_hit: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine_search = engine_search
        self._autocomplete = autocomplete
        self._database_search = database_search
        self._on_engine_hit = on_engine_hit
        self._breaker = CircuitBreaker(SEARCH_BREAKER_THRESHOLD, SEARCH_BREAKER_RESET, clock)

    async def search(self, request: SearchRequest) -> SearchResult:
        """Return one page of films; raise `Unavailable` only for a request with a cursor."""
        if request.budget.is_late:
            request.budget.left_out.add("results")
            return SearchResult((), 0, "gte", degraded=describe_left_out(request.budget))
        if request.page.cursor is not None:
            result = await self._engine_search.search(request)
            self._on_engine_hit()
            return result
        if request.text is not None and Query.parse(request.text).imdb_id is not None:
            # It needs no engine, so it must not count as a success of the engine.
            return await self._database_search.search(request)
        if self._breaker.wait_time() == 0:
            with self._fall_back():
                return await self._engine_search.search(request)
        return await self._database_search.search(request)

    async def suggest(self, text: str, limit: int, budget: WorkBudget | None = None) -> Completion:
        """Return suggestions, as `Autocomplete.suggest` does."""
        budget = budget or search_budget()
        if self._breaker.wait_time() == 0:
            with self._fall_back():
                suggestions = await self._autocomplete.suggest(text, limit, budget=budget)
                return Completion(suggestions, describe_left_out(budget))
        fetch_hits = self._database_search.fetch_hits
        suggestions = await self._autocomplete.suggest(text, limit, fetch_hits, budget)
        return Completion(suggestions, (ENGINE_UNAVAILABLE, *describe_left_out(budget)))

    @contextmanager
    def _fall_back(self) -> Iterator[None]:
        """Swallow the engine's failure, so that the code behind the block answers instead."""
        try:
            yield
        except IndexOutdated as error:
            log.warning("search index outdated", action="search_degraded", reason=error.detail)
        except Unavailable as error:
            self._breaker.record_failure()
            log.warning("search engine away", action="search_degraded", reason=error.detail)
        else:
            self._breaker.record_success()
            self._on_engine_hit()
