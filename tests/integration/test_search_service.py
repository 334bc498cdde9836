"""Search when the engine fails now and then: failover, the circuit breaker, and what is cached."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from service.cache.memory import MemoryCache
from service.cache.response_cache import ResponseCache, cache_key
from service.clock import utc_now
from service.database.sql import fetch_rows
from service.database.transactions import wait_for_transactions
from service.errors import NotFound, Unavailable
from service.films.models import Film
from service.http.cached_pages import Rendered, decode_page, encode_page, is_cacheable
from service.http.pagination import Links
from service.indexing import search_activity
from service.indexing.reindex_jobs import ReindexJobs
from service.limits import SEARCH_BREAKER_RESET
from service.search.criteria.filters import Filters
from service.search.engines.base import Hits, IndexOutdated
from service.search.engines.sql import DatabaseEngine
from service.search.index import generation
from service.search.responses import Suggestions
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.database_search import (
    ENGINE_UNAVAILABLE,
    DatabaseSearch,
    max_concurrent_statements,
)
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.search_request import Page, SearchRequest, SearchResult
from service.search.service import SearchService
from service.search.vocabulary.vocabulary import Vocabulary
from tests.support.backends import BACKEND_TIMEOUT
from tests.support.sample_catalogue import build_film
from tests.support.waiting import wait_until


class FlakyEngine:
    """An engine that fails while `fails` is set."""

    def __init__(self, result: Hits | SearchResult) -> None:
        self.fails, self.calls = True, 0
        self._result = result

    async def search(self, *_: object, **__: object) -> Any:
        self.calls += 1
        if self.fails:
            raise Unavailable("away")
        return self._result


class FlakyEngineSearch(FlakyEngine):
    """An engine search that fails while `fails` is set."""

    def __init__(self) -> None:
        super().__init__(SearchResult((), 0))


def service_over(
    engine_search: FlakyEngineSearch,
    engine: FlakyEngine | None = None,
    on_engine_hit: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> SearchService:
    """Return a service over this engine search; completing goes through `engine`."""
    films = FilmCache()
    return SearchService(
        engine_search,  # it has the methods that are called here
        Autocomplete(engine or engine_search, Vocabulary(), films),
        DatabaseSearch(Vocabulary(), films, BACKEND_TIMEOUT),
        on_engine_hit,
        clock,
    )


JAWS = SearchRequest("jaws", page=Page(5))


async def is_degraded(service: SearchService, request: SearchRequest = JAWS) -> bool:
    """Return whether the database answered."""
    return ENGINE_UNAVAILABLE in (await service.search(request)).degraded


async def test_an_imdb_id_is_answered_without_the_engine(database: str) -> None:
    engine_search = FlakyEngineSearch()
    now = utc_now()
    await Film.create(
        title="Jaws", whole_title="jaws", imdb_id="tt0073195", created_at=now, updated_at=now
    )
    result = await service_over(engine_search).search(SearchRequest("TT0073195"))
    assert [hit.film.title for hit in result.hits] == ["Jaws"]
    assert (engine_search.calls, result.degraded) == (0, ())


async def test_the_engine_is_not_called_after_two_failures_in_a_row(database: str) -> None:
    engine_search, engine, seconds = FlakyEngineSearch(), FlakyEngine(Hits((), 0)), [0.0]
    service = service_over(engine_search, engine, clock=lambda: seconds[0])

    assert await is_degraded(service)
    engine_search.fails = False
    assert not await is_degraded(service), "one failure may be the query's own"
    engine_search.fails = True
    assert await is_degraded(service)
    assert (await service.suggest("jaws", 5)).degraded == (ENGINE_UNAVAILABLE,)
    engine_search.fails = engine.fails = False
    calls = engine_search.calls
    assert await is_degraded(service)
    assert engine_search.calls == calls
    seconds[0] += SEARCH_BREAKER_RESET
    assert not await is_degraded(service)
    assert (await service.suggest("jaws", 5)).degraded == ()


async def test_only_one_search_probes_an_engine_that_was_away(database: str) -> None:
    engine_search, seconds = FlakyEngineSearch(), [0.0]
    service = service_over(engine_search, clock=lambda: seconds[0])
    for _ in range(2):
        assert await is_degraded(service)
    seconds[0] += SEARCH_BREAKER_RESET
    calls = engine_search.calls
    assert all(await asyncio.gather(*(is_degraded(service) for _ in range(5))))
    assert engine_search.calls == calls + 1


async def test_what_an_older_index_lacks_the_database_answers_and_the_engine_all_else(
    database: str,
) -> None:
    class OlderIndex(FlakyEngineSearch):
        async def search(self, *args: object) -> Any:
            (request,) = args
            assert isinstance(request, SearchRequest)
            if request.filters.languages:
                raise IndexOutdated
            return await super().search(request)

    engine_search = OlderIndex()
    engine_search.fails = False
    service = service_over(engine_search)
    for _ in range(3):
        swedish = SearchRequest("jaws", Filters(languages=("swedish",)), page=Page(5))
        assert await is_degraded(service, swedish)
    assert (await service.search(JAWS)).degraded == ()


async def test_search_activity_is_recorded_for_a_wanted_rebuild_when_the_engine_answers(
    database: str,
) -> None:
    engine_search = FlakyEngineSearch()
    activity = search_activity.SearchActivity(poll_interval=0.01)
    service = service_over(engine_search, on_engine_hit=activity.record_search)
    await generation.advance()
    following = asyncio.create_task(activity.publish_continuously())

    async def is_recorded() -> bool:
        await service.search(JAWS)
        await asyncio.sleep(0.1)
        return await search_activity.is_search_active()

    try:
        engine_search.fails = False
        assert not await is_recorded(), "no rebuild is wanted"
        await ReindexJobs(utc_now).request()
        engine_search.fails = True
        assert not await is_recorded(), "the database answered"
        engine_search.fails = False
        assert await wait_until(is_recorded)
        following.cancel()  # it could record the last search after what follows
        await asyncio.gather(following, return_exceptions=True)
        await fetch_rows(
            "UPDATE index_state SET searched_ms = searched_ms - $1",
            search_activity.ACTIVE_WINDOW_MS,
        )
        assert not await search_activity.is_search_active(), "it is some seconds ago"
    finally:
        following.cancel()


@pytest.mark.parametrize("degraded", [[], [ENGINE_UNAVAILABLE]])
async def test_all_clients_that_share_a_page_get_the_same_headers(degraded: list[str]) -> None:
    cache, cached = MemoryCache(), []
    responses = ResponseCache(cache)

    async def render() -> Rendered:
        await asyncio.sleep(0)
        return Links("/next", None), Suggestions("ü\n", 1.0, [], degraded)

    for _ in range(2):
        requests = (
            responses.get_or_make(
                "x", "q", 1, 60, render, encode=encode_page, is_cacheable=is_cacheable
            )
            for _ in range(3)
        )
        cached += await asyncio.gather(*requests)
    for response in cached:
        headers, page = decode_page(response.body)
        assert headers["Link"] == '</next>; rel="next"'
        assert (headers["Cache-Control"] == "no-store") == bool(degraded)
        assert orjson.loads(page)["degraded"] == degraded
    assert (await cache.get(cache_key("x", "q", 1)) is None) == bool(degraded)


class SharedCache(MemoryCache):
    """A cache as several processes see it: a claim is granted once."""

    def __init__(self) -> None:
        super().__init__()
        self.claims: set[str] = set()

    async def get_or_claim(self, key: str, seconds: float) -> tuple[bytes | None, bool]:
        claimed = key in self.claims
        self.claims.add(key)
        return await self.get(key), not claimed

    async def delete(self, *keys: str) -> None:
        self.claims.difference_update(keys)


async def test_a_claim_is_dropped_when_the_response_is_not_cached() -> None:
    cache = SharedCache()
    responses = ResponseCache(cache)

    async def fail() -> bytes:
        raise NotFound("nothing")

    async def make() -> bytes:
        return b"answer"

    with pytest.raises(NotFound):
        await responses.get_or_make("x", "q", 1, 60, fail)
    assert not cache.claims
    await responses.get_or_make("x", "q", 1, 60, make, is_cacheable=lambda body: body != b"answer")
    assert not cache.claims
    await responses.get_or_make("x", "q", 1, 60, make)
    assert cache.claims


async def test_a_page_behind_the_end_has_the_total(database: str) -> None:
    facts = {"title": "Film", "year": 2000}
    await Film.bulk_create([build_film(number, facts) for number in range(3)])
    hits = await DatabaseEngine().search(None, 10, 5, SearchRequest().filters, "relevance")
    assert (hits.hits, hits.total) == ((), 3)


async def test_an_abandoned_statement_holds_its_slot_until_it_ends(database: str) -> None:
    search, ended = DatabaseSearch(Vocabulary(), FilmCache(), timeout=0.1), asyncio.Event()
    running: list[int] = []

    class SlowEngine(DatabaseEngine):
        async def search(self, *_: object) -> Hits:
            running.append(1)
            await ended.wait()
            return Hits((), 0)

    search._engine = SlowEngine()
    for _ in range(4):
        with pytest.raises(Unavailable) as refused:
            await search.search(SearchRequest(page=Page(5)))
        assert (refused.value.code, refused.value.retry_after) == ("search_unavailable", 1)
    assert len(running) == max_concurrent_statements()
    ended.set()
    await wait_for_transactions()
    search._timeout = BACKEND_TIMEOUT
    assert (await search.search(SearchRequest(page=Page(5)))).total == 0
