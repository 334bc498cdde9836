"""What an engine refuses, in part or whole: on a fake that refuses on request."""

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from indexer.index_worker import IndexWorker
from service.cache.memory import MemoryCache
from service.cache.response_cache import ResponseCache
from service.clock import epoch_ms, utc_now
from service.errors import Unavailable
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts
from service.http.pagination import Links
from service.outbox import store
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
from service.search.api import decode_page, encode_page, is_cacheable
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.reader import ElasticsearchEngine
from service.search.engines.elasticsearch.writer import ElasticsearchWriter
from service.search.query.fields import DEFAULT_FIELDS
from service.search.responses import film_page, search_page
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.database_search import ENGINE_UNAVAILABLE, DatabaseSearch
from service.search.retrieval.engine_search import EngineSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.paging import PARTIAL_RESULTS
from service.search.retrieval.search_request import Page, SearchRequest
from service.search.service import SearchService
from service.search.vocabulary.sync import TermWriter
from service.search.vocabulary.vocabulary import Vocabulary
from tests.faults.fake_elasticsearch import Elasticsearch, running
from tests.faults.plugin import Observations
from tests.support.backends import BACKEND_TIMEOUT
from tests.support.indexing import FILMS, SAMPLE


@pytest.fixture
async def cluster() -> AsyncIterator[Elasticsearch]:
    async with running(Elasticsearch()) as cluster:
        yield cluster


@pytest.fixture
async def indexer(cluster: Elasticsearch, notifier: OutboxNotifier) -> AsyncIterator[IndexWorker]:
    writer = ElasticsearchWriter(ElasticsearchAddress.parse(cluster.url))
    try:
        await writer.open()
        yield IndexWorker(writer, TermWriter(), notifier, utc_now, "tester")
    finally:
        await writer.close()


@pytest.fixture
async def engine(cluster: Elasticsearch) -> AsyncIterator[ElasticsearchEngine]:
    made = ElasticsearchEngine(
        ElasticsearchAddress.parse(f"{cluster.url}?timeout={BACKEND_TIMEOUT}")
    )
    await made.open()
    yield made
    await made.close()


async def due_again() -> None:
    """As if the pauses before the next tries were over."""
    await Outbox.filter(done_at=None).update(due_at=0)


@pytest.mark.fault("bulk-429")
async def test_only_the_refused_items_of_a_bulk_are_tried_again_later_each_time(
    catalogue: Catalogue, cluster: Elasticsearch, indexer: IndexWorker, observations: Observations
) -> None:
    films = [str(film.id) for film in (await catalogue.upsert_all(FILMS, SAMPLE)).films]
    every_third = set(films[::3])
    cluster.refuse = lambda film_id: (429, "busy") if film_id in every_third else None
    waited = []
    for _ in range(3):
        before = epoch_ms(indexer._now())
        await indexer.process_batch()
        waiting = await Outbox.filter(done_at=None)
        assert {str(row.film_id) for row in waiting} == every_third
        assert all(row.reason and "busy" in row.reason for row in waiting)
        waited.append(min(row.due_at for row in waiting) - before)
        assert await indexer.process_batch() == 0, "nothing is tried before its time"
        await due_again()
    assert [set(bulk) for bulk in cluster.bulks] == [set(films), every_third, every_third]
    assert waited[0] >= 375 and waited[1] >= 750 and waited[2] >= 1500
    cluster.refuse = lambda _: None
    await indexer.process_batch()
    assert set(cluster.documents) == set(films)
    assert (await store.measure_depth(0)).waiting == 0
    observations.add("the 10 refused of 30 were sent again alone, after 0.4, 0.8, 1.5 s and more")
    observations.confirm("I5")


@pytest.mark.fault("bulk-429")
async def test_a_bulk_that_is_refused_whole_loses_nothing(
    catalogue: Catalogue, cluster: Elasticsearch, indexer: IndexWorker, observations: Observations
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    cluster.busy = 2
    for _ in range(3):
        assert await indexer.process_batch() == 30
        await due_again()
    assert await indexer.process_batch() == 0
    assert set(cluster.documents) == {str(film.id) for film in films}
    observations.add("a whole bulk refused twice was taken at the third try")


@pytest.mark.fault("document-rejected")
async def test_a_document_that_is_rejected_for_good_waits_for_a_person_and_the_rest_goes_on(
    catalogue: Catalogue, cluster: Elasticsearch, indexer: IndexWorker, observations: Observations
) -> None:
    films = [str(film.id) for film in (await catalogue.upsert_all(FILMS, SAMPLE)).films]
    poison = films[7]
    cluster.refuse = lambda i: (400, "document_parsing_exception") if i == poison else None
    await indexer.process_batch()
    assert set(cluster.documents) == set(films) - {poison}
    row = await Outbox.get(film_id=poison)
    assert row.quarantined_at is not None and row.done_at is None
    assert row.reason is not None and row.reason.startswith("document_parsing_exception")
    await due_again()
    assert await indexer.process_batch() == 0, "it is not tried again by itself"
    depth = await store.measure_depth(0)
    assert (depth.waiting, depth.quarantined) == (0, 1)
    observations.add("29 of 30 indexed, the rejected one in quarantine with Elasticsearch's reason")
    observations.confirm("I5")


@pytest.mark.fault("events-out-of-order")
async def test_an_older_version_is_no_error_and_changes_nothing(
    catalogue: Catalogue, cluster: Elasticsearch, indexer: IndexWorker, observations: Observations
) -> None:
    film = await catalogue.add(FilmFacts(title="Jaws"))
    cluster.documents[str(film.id)] = (9, {"gone": False, "votes": 0, "title": "newer"})
    await indexer.process_batch()
    assert cluster.documents[str(film.id)][1]["title"] == "newer"
    assert (await store.measure_depth(0)).waiting == 0
    observations.add("409 for an older version counts as done")


@pytest.fixture
async def search(engine: ElasticsearchEngine, database: str) -> SearchService:
    words, shelf = Vocabulary(), FilmCache()
    finder, suggester = EngineSearch(engine, words, shelf), Autocomplete(engine, words, shelf)
    return SearchService(
        finder, suggester, DatabaseSearch(words, shelf, BACKEND_TIMEOUT), lambda: None
    )


@pytest.mark.fault("partial-search-response")
async def test_an_answer_in_part_is_marked_and_kept_by_nobody(
    catalogue: Catalogue,
    cluster: Elasticsearch,
    indexer: IndexWorker,
    search: SearchService,
    observations: Observations,
) -> None:
    await catalogue.upsert_all(FILMS[:3], SAMPLE)
    await indexer.process_batch()
    assert (await search.search(SearchRequest("film", page=Page(2)))).degraded == ()
    cluster.answers_in_part = True
    answers, links = ResponseCache(MemoryCache()), Links(None, None)

    async def page_of_words() -> bytes:
        found = await search.search(SearchRequest("film", page=Page(2)))
        page = search_page(
            "film", found, links, DEFAULT_FIELDS, explain=False, took_ms=1.0, now=utc_now()
        )
        return encode_page((links, page))

    async def page_of_films() -> bytes:
        result = await search.search(SearchRequest(page=Page(2)))
        return encode_page((links, film_page(result, links, utc_now())))

    for make in (page_of_words, page_of_films):
        for _ in range(2):
            kept = await answers.get_or_make(
                "search", make.__name__, 1, 60, make, is_cacheable=is_cacheable
            )
            assert kept.status == "miss", "an answer in part was kept"
            headers, page = decode_page(kept.body)
            assert headers["Cache-Control"] == "no-store"
            assert b'"relation":"gte"' in page and PARTIAL_RESULTS.encode() in page
    cluster.answers_in_part = False
    whole = await answers.get_or_make(
        "search", "page_of_words", 1, 60, page_of_words, is_cacheable=is_cacheable
    )
    assert PARTIAL_RESULTS.encode() not in whole.body
    assert (
        await answers.get_or_make("search", "page_of_words", 1, 60, page_of_words)
    ).status == "hit"
    observations.add("timed out: the hits so far, `some_results_left_out`, total `gte`, `no-store`")


@pytest.mark.fault("partial-search-response")
@pytest.mark.parametrize("what", ["shards", "counts", "suggestions", "nothing"])
async def test_where_a_part_would_mislead_the_database_answers(
    catalogue: Catalogue,
    cluster: Elasticsearch,
    indexer: IndexWorker,
    search: SearchService,
    observations: Observations,
    what: str,
) -> None:
    await catalogue.upsert_all(FILMS[:3], SAMPLE)
    await indexer.process_batch()
    cluster.answers_in_part = what != "shards"
    cluster.failed_shards = int(what == "shards")
    cluster.blind = what == "nothing"
    if what == "suggestions":
        completed = await search.suggest("film number", 2)
        assert completed.suggestions and ENGINE_UNAVAILABLE in completed.degraded
    else:
        facets = ("genre",) if what == "counts" else ()
        found = await search.search(SearchRequest("film", facets=facets, page=Page(2)))
        assert found.hits and ENGINE_UNAVAILABLE in found.degraded
    observations.add(
        "shards failed, nothing found yet, counted or completed in part: the database answers"
    )


@pytest.mark.fault("elasticsearch-version-mismatch")
async def test_a_server_that_is_too_old_is_refused_in_words(observations: Observations) -> None:
    async with running(Elasticsearch(version="8.19.3")) as old:
        address = ElasticsearchAddress.parse(old.url)
        engine, writer = ElasticsearchEngine(address), ElasticsearchWriter(address)
        await engine.open()
        for ask in (writer.open, engine.check):
            with pytest.raises(Unavailable, match="the service needs version 9"):
                await ask()
        await engine.close()
        await writer.close()
    observations.add("version 8: indexer and doctor say which version is needed")


@pytest.mark.fault("elasticsearch-credentials-wrong")
@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        ((401, "security_exception"), "user or password"),
        ((403, "security_exception"), "lacks a privilege"),
        ((404, "index_not_found_exception"), "no search index yet"),
        ((429, "circuit_breaking_exception"), "larger heap"),
        ((500, "null_pointer_exception"), "failed to execute"),
    ],
)
async def test_what_the_cluster_refuses_is_told_in_words_that_say_what_to_mend(
    cluster: Elasticsearch, engine: ElasticsearchEngine, refusal: tuple[int, str], told: str
) -> None:
    cluster.refuses_all = refusal
    for ask in (engine.check(), engine.search(None, 0, 1)):
        with pytest.raises(Unavailable, match=told) as refused:
            await ask
        assert refused.value.retry_after is not None


async def test_what_is_not_elasticsearch_or_not_there_is_told(
    cluster: Elasticsearch, engine: ElasticsearchEngine
) -> None:
    cluster.is_something_else = True
    with pytest.raises(Unavailable, match="is not Elasticsearch"):
        await engine.check()
    nobody = ElasticsearchEngine(ElasticsearchAddress.parse("http://127.0.0.1:1"))
    with pytest.raises(Unavailable, match="not open"):
        await nobody.check()
    await nobody.open()
    with pytest.raises(Unavailable, match="does not answer"):
        await nobody.check()
    await nobody.close()


def test_an_address_names_nodes_user_certificate_alias_and_deadline() -> None:
    address = ElasticsearchAddress.parse(
        "https://films:p%40ss@one:9201,https://two?ca=/etc/ca.crt&index=catalogue&timeout=2.5"
    )
    assert address.nodes == ("https://one:9201", "https://two:9200")
    assert (address.user, address.password) == ("films", "p@ss")
    assert (address.ca_path, address.alias, address.timeout) == (
        "/etc/ca.crt",
        "catalogue",
        2.5,
    )
    assert address.local_name(address.cluster_name("movies-7")) == "movies-7"
    with pytest.raises(Unavailable):
        address.cluster_name("another-7")


async def test_a_user_is_sent_to_the_cluster(cluster: Elasticsearch) -> None:
    known = ElasticsearchAddress.parse(cluster.url.replace("//", "//films:p%40ss@"))
    async with known.create_client(BACKEND_TIMEOUT) as client:
        await client.info()
    assert cluster.users[-1] == "Basic " + b64encode(b"films:p@ss").decode()


@pytest.mark.fault("elasticsearch-credentials-wrong")
@pytest.mark.parametrize("certificate", [None, "not a certificate"])
async def test_a_certificate_that_cannot_be_read_is_told_at_each_search_and_stops_nothing(
    tmp_path: Path, certificate: str | None
) -> None:
    if certificate:
        (tmp_path / "ca.crt").write_text(certificate)
    address = ElasticsearchAddress.parse(f"https://127.0.0.1:1?ca={tmp_path}/ca.crt")
    engine = ElasticsearchEngine(address)
    await engine.open()
    for ask in (engine.check(), engine.search(None, 0, 1), ElasticsearchWriter(address).open()):
        with pytest.raises(Unavailable, match=r"ca\.crt in SEARCH_URL cannot be read"):
            await ask
    await engine.close()
