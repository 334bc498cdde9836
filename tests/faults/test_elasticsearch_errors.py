"""Documents and bulks that Elasticsearch rejects, and partial results, on a fake that does so."""

from collections.abc import AsyncIterator

import pytest

from indexer.index_worker import IndexWorker
from service.cache.memory import MemoryCache
from service.cache.response_cache import ResponseCache
from service.clock import epoch_ms, utc_now
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts
from service.http.cached_pages import decode_page, encode_page, is_cacheable
from service.http.pagination import Links
from service.outbox import store
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.reader import ElasticsearchEngine
from service.search.engines.elasticsearch.writer import ElasticsearchWriter
from service.search.responses import film_page, search_page
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.database_search import ENGINE_UNAVAILABLE, DatabaseSearch
from service.search.retrieval.engine_search import EngineSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.paging import PARTIAL_RESULTS
from service.search.retrieval.search_request import Page, SearchRequest
from service.search.retrieval.work_threads import search_budget
from service.search.service import SearchService
from service.search.vocabulary.sync import TermWriter
from service.search.vocabulary.vocabulary import Vocabulary
from tests.faults.plugin import Observations
from tests.support.backends import BACKEND_TIMEOUT
from tests.support.clock import FakeClock
from tests.support.fake_elasticsearch import (
    FakeElasticsearch,
    accept_all,
    run_fake_elasticsearch,
)
from tests.support.indexing import FILMS, SAMPLE


@pytest.fixture
async def cluster() -> AsyncIterator[FakeElasticsearch]:
    async with run_fake_elasticsearch(FakeElasticsearch()) as cluster:
        yield cluster


@pytest.fixture
async def index_worker(
    cluster: FakeElasticsearch, notifier: OutboxNotifier
) -> AsyncIterator[IndexWorker]:
    writer = ElasticsearchWriter(ElasticsearchAddress.parse(cluster.url))
    try:
        await writer.open()
        yield IndexWorker(writer, TermWriter(), notifier, FakeClock(), "tester")
    finally:
        await writer.close()


@pytest.fixture
async def engine(cluster: FakeElasticsearch) -> AsyncIterator[ElasticsearchEngine]:
    url = f"{cluster.url}?timeout={BACKEND_TIMEOUT}"
    engine = ElasticsearchEngine(ElasticsearchAddress.parse(url))
    await engine.open()
    yield engine
    await engine.close()


async def skip_backoff() -> None:
    """Make all waiting rows due, as if their backoff were over."""
    await Outbox.filter(done_at=None).update(due_at=0)


@pytest.mark.fault("bulk-429")
async def test_only_the_rejected_items_of_a_bulk_are_retried_with_backoff(
    catalogue: Catalogue,
    cluster: FakeElasticsearch,
    index_worker: IndexWorker,
    observations: Observations,
) -> None:
    films = [str(film.id) for film in (await catalogue.upsert_all(FILMS, SAMPLE)).films]
    every_third = set(films[::3])
    cluster.reject_item = lambda film_id: (429, "busy") if film_id in every_third else None
    waits = []
    for _ in range(3):
        before = epoch_ms(index_worker._now())
        await index_worker.process_batch()
        waiting = await Outbox.filter(done_at=None)
        assert {str(row.film_id) for row in waiting} == every_third
        assert all(row.reason and "busy" in row.reason for row in waiting)
        waits.append(min(row.due_at for row in waiting) - before)
        assert await index_worker.process_batch() == 0, "nothing is retried before it is due"
        await skip_backoff()
    assert [set(bulk) for bulk in cluster.bulks] == [set(films), every_third, every_third]
    assert waits[0] >= 375 and waits[1] >= 750 and waits[2] >= 1500
    cluster.reject_item = accept_all
    await index_worker.process_batch()
    assert set(cluster.documents) == set(films)
    assert (await store.measure_depth(0)).waiting == 0
    observations.add("only the 10 rejected of 30 were sent again, after 0.4, 0.8, 1.5 s and more")
    observations.confirm("I5")


@pytest.mark.fault("bulk-429")
async def test_a_bulk_that_is_rejected_as_a_whole_is_retried(
    catalogue: Catalogue,
    cluster: FakeElasticsearch,
    index_worker: IndexWorker,
    observations: Observations,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    cluster.rejected_bulks = 2
    for _ in range(3):
        assert await index_worker.process_batch() == 30
        await skip_backoff()
    assert await index_worker.process_batch() == 0
    assert set(cluster.documents) == {str(film.id) for film in films}
    observations.add("a whole bulk, rejected twice, was accepted at the third attempt")


@pytest.mark.fault("document-rejected")
async def test_a_document_that_is_rejected_for_good_is_quarantined_and_the_rest_is_indexed(
    catalogue: Catalogue,
    cluster: FakeElasticsearch,
    index_worker: IndexWorker,
    observations: Observations,
) -> None:
    films = [str(film.id) for film in (await catalogue.upsert_all(FILMS, SAMPLE)).films]
    poison = films[7]
    rejection = (400, "document_parsing_exception")
    cluster.reject_item = lambda film_id: rejection if film_id == poison else None
    await index_worker.process_batch()
    assert set(cluster.documents) == set(films) - {poison}
    row = await Outbox.get(film_id=poison)
    assert row.quarantined_at is not None and row.done_at is None
    assert row.reason is not None and row.reason.startswith("document_parsing_exception")
    await skip_backoff()
    assert await index_worker.process_batch() == 0, "a quarantined document is not retried"
    depth = await store.measure_depth(0)
    assert (depth.waiting, depth.quarantined) == (0, 1)
    observations.add("29 of 30 indexed, the rejected one in quarantine with Elasticsearch's reason")
    observations.confirm("I5")


@pytest.mark.fault("events-out-of-order")
async def test_a_version_conflict_is_no_error_and_changes_nothing(
    catalogue: Catalogue,
    cluster: FakeElasticsearch,
    index_worker: IndexWorker,
    observations: Observations,
) -> None:
    film = await catalogue.add(FilmFacts(title="Jaws"))
    cluster.documents[str(film.id)] = (9, {"gone": False, "votes": 0, "title": "newer"})
    await index_worker.process_batch()
    assert cluster.documents[str(film.id)][1]["title"] == "newer"
    assert (await store.measure_depth(0)).waiting == 0
    observations.add("409 for an older version counts as done")


@pytest.fixture
async def search_service(engine: ElasticsearchEngine, database: str) -> SearchService:
    vocabulary, film_cache = Vocabulary(), FilmCache()
    return SearchService(
        EngineSearch(engine, vocabulary, film_cache),
        Autocomplete(engine, vocabulary, film_cache),
        DatabaseSearch(vocabulary, film_cache, BACKEND_TIMEOUT),
        on_engine_hit=lambda: None,
    )


@pytest.mark.fault("partial-search-response")
async def test_partial_results_are_marked_and_not_cached(
    catalogue: Catalogue,
    cluster: FakeElasticsearch,
    index_worker: IndexWorker,
    search_service: SearchService,
    observations: Observations,
) -> None:
    await catalogue.upsert_all(FILMS[:3], SAMPLE)
    await index_worker.process_batch()
    assert (await search_service.search(SearchRequest("film", page=Page(2)))).degraded == ()
    cluster.times_out = True
    response_cache, links = ResponseCache(MemoryCache()), Links(None, None)

    async def render_search() -> bytes:
        result = await search_service.search(SearchRequest("film", page=Page(2)))
        page = search_page(
            "film",
            result,
            links,
            explain=False,
            took_ms=1.0,
            now=utc_now(),
            budget=search_budget(),
        )
        return encode_page((links, page))

    async def render_list() -> bytes:
        result = await search_service.search(SearchRequest(page=Page(2)))
        return encode_page((links, film_page(result, links, utc_now(), search_budget())))

    for render in (render_search, render_list):
        for _ in range(2):
            cached = await response_cache.get_or_make(
                "search", render.__name__, 1, 60, render, is_cacheable=is_cacheable
            )
            assert cached.status == "miss", "partial results were cached"
            headers, page = decode_page(cached.body)
            assert headers["Cache-Control"] == "no-store"
            assert b'"relation":"gte"' in page and PARTIAL_RESULTS.encode() in page
    cluster.times_out = False
    complete = await response_cache.get_or_make(
        "search", "render_search", 1, 60, render_search, is_cacheable=is_cacheable
    )
    assert PARTIAL_RESULTS.encode() not in complete.body
    again = await response_cache.get_or_make("search", "render_search", 1, 60, render_search)
    assert again.status == "hit"
    observations.add("timed out: the hits so far, `some_results_left_out`, total `gte`, `no-store`")


@pytest.mark.fault("partial-search-response")
@pytest.mark.parametrize("missing", ["shards", "counts", "suggestions", "hits"])
async def test_the_database_answers_where_partial_results_would_mislead(
    catalogue: Catalogue,
    cluster: FakeElasticsearch,
    index_worker: IndexWorker,
    search_service: SearchService,
    observations: Observations,
    missing: str,
) -> None:
    await catalogue.upsert_all(FILMS[:3], SAMPLE)
    await index_worker.process_batch()
    cluster.times_out = missing != "shards"
    cluster.failed_shards = int(missing == "shards")
    cluster.finds_nothing = missing == "hits"
    if missing == "suggestions":
        completion = await search_service.suggest("film number", 2)
        assert completion.suggestions and ENGINE_UNAVAILABLE in completion.degraded
    else:
        facets = ("genre",) if missing == "counts" else ()
        result = await search_service.search(SearchRequest("film", facets=facets, page=Page(2)))
        assert result.hits and ENGINE_UNAVAILABLE in result.degraded
    observations.add(
        "failed shards, no hits yet, partial counts or suggestions: the database answers"
    )
