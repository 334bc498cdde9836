"""What search does when a part fails now and then: who is asked next, and what is kept of it."""

import asyncio
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
from service.http.pagination import Links
from service.indexing import search_activity
from service.indexing.reindex_jobs import ReindexJobs
from service.limits import SEARCH_BREAKER_RESET
from service.search.api import lasting, packed, unpacked
from service.search.criteria.filters import Filters
from service.search.engines.base import Hits, IndexOutdated
from service.search.engines.sql import DatabaseEngine
from service.search.index import generation
from service.search.responses import Suggestions
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.database_search import ENGINE_UNAVAILABLE, DatabaseSearch, turns
from service.search.retrieval.engine_search import SearchOptions, SearchResult
from service.search.retrieval.film_cache import FilmCache
from service.search.service import SearchService
from service.search.vocabulary.vocabulary import Vocabulary
from tests.support.backends import PATIENCE
from tests.support.sample_catalogue import row
from tests.support.waiting import until


class Moody:
    """A finder and an engine that fail as long as they are told to."""

    def __init__(self) -> None:
        self.fails, self.asked = True, 0

    async def _answer(self, answer: Any) -> Any:
        self.asked += 1
        if self.fails:
            raise Unavailable("away")
        return answer

    async def find(self, *_: object) -> SearchResult:
        found: SearchResult = await self._answer(SearchResult((), 0))
        return found

    async def search(self, *_: object) -> Hits:
        hits: Hits = await self._answer(Hits((), 0))
        return hits


async def test_an_engine_is_left_alone_after_two_failures_in_a_row(database: str) -> None:
    moody, shelf, time = Moody(), FilmCache(), [0.0]
    search = SearchService(
        moody,  # type: ignore[arg-type]  # it has what is called here
        Autocomplete(moody, Vocabulary(), shelf),  # type: ignore[arg-type]
        DatabaseSearch(Vocabulary(), shelf, PATIENCE),
        lambda: None,
        lambda: time[0],
    )

    async def degraded() -> bool:
        return ENGINE_UNAVAILABLE in (await search.find("jaws", 5, 0)).degraded

    assert await degraded()
    moody.fails = False
    assert not await degraded(), "one failure may be the query's own"
    moody.fails = True
    assert await degraded()
    assert (await search.suggest("jaws", 5)).degraded == (ENGINE_UNAVAILABLE,)
    moody.fails, asked = False, moody.asked
    assert await degraded()
    assert moody.asked == asked
    time[0] += SEARCH_BREAKER_RESET
    assert not await degraded()
    assert (await search.suggest("jaws", 5)).degraded == ()


async def test_what_an_older_index_lacks_the_database_answers_and_the_engine_all_else(
    database: str,
) -> None:
    class Older(Moody):
        async def find(self, *asked: object) -> SearchResult:
            wish = asked[-1]
            assert isinstance(wish, SearchOptions)
            if wish.filters.languages:
                raise IndexOutdated
            return await super().find(*asked)

    older, shelf = Older(), FilmCache()
    older.fails = False
    search = SearchService(
        older,  # type: ignore[arg-type]  # it has what is called here
        Autocomplete(older, Vocabulary(), shelf),  # type: ignore[arg-type]
        DatabaseSearch(Vocabulary(), shelf, PATIENCE),
        lambda: None,
    )
    for _ in range(3):
        swedish = SearchOptions(Filters(languages=("swedish",)))
        assert ENGINE_UNAVAILABLE in (await search.find("jaws", 5, 0, swedish)).degraded
    assert (await search.find("jaws", 5, 0, SearchOptions())).degraded == ()


async def test_a_wanted_rebuild_is_told_of_those_whom_the_engine_answers(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_activity, "LOOK", 0.01)
    moody, shelf, people = Moody(), FilmCache(), search_activity.SearchActivity()
    search = SearchService(
        moody,  # type: ignore[arg-type]  # it has what is called here
        Autocomplete(moody, Vocabulary(), shelf),  # type: ignore[arg-type]
        DatabaseSearch(Vocabulary(), shelf, PATIENCE),
        people.record_search,
    )
    await generation.advance()
    following = asyncio.create_task(people.publish_continuously())

    async def searched() -> bool:
        await search.find("jaws", 5, 0)
        await asyncio.sleep(0.1)
        return await search_activity.is_search_active()

    try:
        moody.fails = False
        assert not await searched(), "no rebuild is wanted"
        await ReindexJobs(utc_now).request()
        moody.fails = True
        assert not await searched(), "the database answered"
        moody.fails = False
        assert await until(searched)
        await fetch_rows(
            "UPDATE index_state SET searched_ms = searched_ms - $1", search_activity.GONE
        )
        assert not await search_activity.is_search_active(), "it is some seconds ago"
    finally:
        following.cancel()


@pytest.mark.parametrize("degraded", [[], [ENGINE_UNAVAILABLE]])
async def test_all_who_share_an_answer_send_it_with_the_same_headers(degraded: list[str]) -> None:
    cache, kept = MemoryCache(), []
    answers = ResponseCache(cache)

    async def make() -> bytes:
        await asyncio.sleep(0)
        return packed(Links("/next", None), Suggestions("ü\n", 1.0, [], degraded))

    for _ in range(2):
        asked = (answers.get_or_make("x", "q", 1, 60, make, is_cacheable=lasting) for _ in range(3))
        kept += await asyncio.gather(*asked)
    for each in kept:
        headers, page = unpacked(each.body)
        assert headers["Link"] == '</next>; rel="next"'
        assert (headers["Cache-Control"] == "no-store") == bool(degraded)
        assert orjson.loads(page)["degraded"] == degraded
    assert (await cache.get(cache_key("x", "q", 1)) is None) == bool(degraded)


class Claimed(MemoryCache):
    """A memory that several processes seem to share: a claim is given once."""

    def __init__(self) -> None:
        super().__init__()
        self.claims: set[str] = set()

    async def get_or_claim(self, key: str, seconds: float) -> tuple[bytes | None, bool]:
        there = key in self.claims
        self.claims.add(key)
        return await self.get(key), not there

    async def drop(self, *keys: str) -> None:
        self.claims.difference_update(keys)


async def test_nobody_waits_for_an_answer_that_was_not_kept() -> None:
    cache = Claimed()
    answers = ResponseCache(cache)

    async def fail() -> bytes:
        raise NotFound("nothing")

    async def make() -> bytes:
        return b"answer"

    with pytest.raises(NotFound):
        await answers.get_or_make("x", "q", 1, 60, fail)
    assert not cache.claims
    await answers.get_or_make("x", "q", 1, 60, make, is_cacheable=lambda body: body != b"answer")
    assert not cache.claims
    await answers.get_or_make("x", "q", 1, 60, make)
    assert cache.claims


async def test_a_page_behind_the_end_knows_the_total(database: str) -> None:
    facts = {"title": "Film", "year": 2000}
    await Film.bulk_create([row(number, facts) for number in range(3)])
    hits = await DatabaseEngine().search(None, 10, 5, SearchOptions().filters, "relevance")
    assert (hits.hits, hits.total) == ((), 3)


async def test_a_statement_that_is_given_up_keeps_its_turn_until_it_ends(database: str) -> None:
    standby, ended, running = DatabaseSearch(Vocabulary(), FilmCache(), 0.1), asyncio.Event(), []

    class Slow(DatabaseEngine):
        async def search(self, *_: object) -> Hits:
            running.append(1)
            await ended.wait()
            return Hits((), 0)

    standby._engine = Slow()
    for _ in range(4):
        with pytest.raises(Unavailable) as refused:
            await standby.find(None, 5, 0, SearchOptions())
        assert (refused.value.code, refused.value.retry_after) == ("search_unavailable", 1)
    assert len(running) == turns()
    ended.set()
    await wait_for_transactions()
    assert (await standby.find(None, 5, 0, SearchOptions())).total == 0
