"""Every search comes through here: by the engine, or by the database while the engine is away.

After two failures in a row the engine is left alone for a moment, so that one that hangs does not
cost its deadline at every search; a single one may be the query's own fault, and that an index
lacks what one search looks at is none. A walk goes on only where it began: the database does not
know the places of an engine's hits.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from service.errors import Unavailable
from service.film_fields import FilmRow
from service.limits import SEARCH_BREAKER_RESET, SEARCH_BREAKER_THRESHOLD
from service.resilience.circuit_breaker import CircuitBreaker
from service.search.engines.base import IndexOutdated
from service.search.query.parser import Query
from service.search.retrieval.autocomplete import Autocomplete, Suggestion
from service.search.retrieval.cursors import Cursor
from service.search.retrieval.database_search import ENGINE_UNAVAILABLE, DatabaseSearch
from service.search.retrieval.engine_search import (
    DEFAULT_OPTIONS,
    EngineSearch,
    SearchOptions,
    SearchResult,
)

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Completion:
    """What may be meant; `degraded` names what had to be done without."""

    suggestions: tuple[Suggestion, ...]
    degraded: tuple[str, ...] = ()


class SearchService:
    """Finds, lists and completes, with or without an engine.

    Every method raises `Invalid` for a text that cannot be searched for, and the database's own
    errors when that is away as well.
    """

    def __init__(
        self,
        finder: EngineSearch,
        suggester: Autocomplete,
        standby: DatabaseSearch,
        seen: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._finder = finder
        self._suggester = suggester
        self._standby = standby
        self._on_engine_hit = seen
        self._breaker = CircuitBreaker(SEARCH_BREAKER_THRESHOLD, SEARCH_BREAKER_RESET, clock)

    async def find(
        self,
        text: str,
        limit: int,
        offset: int,
        wish: SearchOptions = DEFAULT_OPTIONS,
        walk: Cursor | None = None,
    ) -> SearchResult:
        """As `EngineSearch.find`; only a walk raises `Unavailable`."""
        if walk is not None:
            return await self._call_engine(self._finder.find(text, limit, offset, wish, walk))
        return await self._with_fallback(
            lambda: self._finder.find(text, limit, offset, wish),
            lambda: self._standby.find(Query.parse(text), limit, offset, wish),
        )

    async def films(self, text: str, limit: int) -> list[FilmRow]:
        """The first films that `find` gives."""
        return [result.film for result in (await self.find(text, limit, 0)).results]

    async def browse(
        self,
        limit: int,
        offset: int,
        wish: SearchOptions = DEFAULT_OPTIONS,
        walk: Cursor | None = None,
    ) -> SearchResult:
        """As `EngineSearch.browse`; only a walk raises `Unavailable`."""
        if walk is not None:
            return await self._call_engine(self._finder.browse(limit, offset, wish, walk))
        return await self._with_fallback(
            lambda: self._finder.browse(limit, offset, wish),
            lambda: self._standby.find(None, limit, offset, wish),
        )

    async def suggest(self, text: str, limit: int) -> Completion:
        """As `Autocomplete.suggest`, and whether that was done without the engine."""

        async def by_engine() -> Completion:
            return Completion(await self._suggester.suggest(text, limit))

        async def by_database() -> Completion:
            found = await self._suggester.suggest(text, limit, self._standby.hits)
            return Completion(found, (ENGINE_UNAVAILABLE,))

        return await self._with_fallback(by_engine, by_database)

    async def _with_fallback(
        self, by_engine: Callable[[], Awaitable[T]], by_database: Callable[[], Awaitable[T]]
    ) -> T:
        if self._breaker.wait_time() == 0:
            try:
                found = await self._call_engine(by_engine())
            except IndexOutdated as fault:
                log.warning("search index outdated", action="search_degraded", reason=fault.detail)
            except Unavailable as away:
                self._breaker.record_failure()
                log.warning("search engine away", action="search_degraded", reason=away.detail)
            else:
                self._breaker.record_success()
                return found
        return await by_database()

    async def _call_engine(self, by_engine: Awaitable[T]) -> T:
        """The engine's answer; whoever wants to know of it is told that there was one."""
        found = await by_engine
        self._on_engine_hit()
        return found
