"""Errors in talking to Elasticsearch: an address, credentials or a server that do not fit."""

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.errors import Unavailable
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.reader import ElasticsearchEngine
from service.search.engines.elasticsearch.writer import ElasticsearchWriter
from tests.faults.plugin import Observations
from tests.support.backends import BACKEND_TIMEOUT
from tests.support.fake_elasticsearch import FakeElasticsearch, Rejection, run_fake_elasticsearch


@pytest.fixture
async def cluster() -> AsyncIterator[FakeElasticsearch]:
    async with run_fake_elasticsearch(FakeElasticsearch()) as cluster:
        yield cluster


@pytest.fixture
async def engine(cluster: FakeElasticsearch) -> AsyncIterator[ElasticsearchEngine]:
    url = f"{cluster.url}?timeout={BACKEND_TIMEOUT}"
    engine = ElasticsearchEngine(ElasticsearchAddress.parse(url))
    await engine.open()
    yield engine
    await engine.close()


@pytest.mark.fault("elasticsearch-version-mismatch")
async def test_a_server_of_an_older_major_version_is_rejected(
    observations: Observations,
) -> None:
    async with run_fake_elasticsearch(FakeElasticsearch(version="8.19.3")) as cluster:
        address = ElasticsearchAddress.parse(cluster.url)
        engine, writer = ElasticsearchEngine(address), ElasticsearchWriter(address)
        await engine.open()
        for call in (writer.open, engine.check):
            with pytest.raises(Unavailable, match="the service needs version 9"):
                await call()
        await engine.close()
        await writer.close()
    observations.add("version 8: indexer and doctor say which version is needed")


@pytest.mark.fault("elasticsearch-credentials-wrong")
@pytest.mark.parametrize(
    ("rejection", "detail"),
    [
        ((401, "security_exception"), "user or password"),
        ((403, "security_exception"), "lacks a privilege"),
        ((404, "index_not_found_exception"), "no search index yet"),
        ((429, "circuit_breaking_exception"), "larger heap"),
        ((500, "null_pointer_exception"), "failed to execute"),
    ],
)
async def test_a_rejection_by_the_cluster_says_what_to_correct(
    cluster: FakeElasticsearch, engine: ElasticsearchEngine, rejection: Rejection, detail: str
) -> None:
    cluster.reject_all = rejection
    for call in (engine.check(), engine.search(None, 0, 1)):
        with pytest.raises(Unavailable, match=detail) as error:
            await call
        assert error.value.retry_after is not None


async def test_another_product_a_closed_engine_and_a_missing_server_are_told_apart(
    cluster: FakeElasticsearch, engine: ElasticsearchEngine
) -> None:
    cluster.is_another_product = True
    with pytest.raises(Unavailable, match="is not Elasticsearch"):
        await engine.check()
    unreachable = ElasticsearchEngine(ElasticsearchAddress.parse("http://127.0.0.1:1"))
    with pytest.raises(Unavailable, match="not open"):
        await unreachable.check()
    await unreachable.open()
    with pytest.raises(Unavailable, match="does not answer"):
        await unreachable.check()
    await unreachable.close()


def test_an_address_holds_nodes_user_certificate_alias_and_timeout() -> None:
    address = ElasticsearchAddress.parse(
        "https://films:p%40ss@one:9201,https://two?ca=/etc/ca.crt&index=catalogue&timeout=2.5"
    )
    assert address.nodes == ("https://one:9201", "https://two:9200")
    assert (address.user, address.password) == ("films", "p@ss")
    assert (address.ca_path, address.alias, address.timeout) == ("/etc/ca.crt", "catalogue", 2.5)
    assert address.local_name(address.cluster_name("movies-7")) == "movies-7"
    with pytest.raises(Unavailable):
        address.cluster_name("another-7")


async def test_the_user_is_sent_to_the_cluster(cluster: FakeElasticsearch) -> None:
    address = ElasticsearchAddress.parse(cluster.url.replace("//", "//films:p%40ss@"))
    async with address.create_client(BACKEND_TIMEOUT) as client:
        await client.info()
    assert cluster.authorizations[-1] == "Basic " + b64encode(b"films:p@ss").decode()


@pytest.mark.fault("elasticsearch-credentials-wrong")
@pytest.mark.parametrize("certificate", [None, "not a certificate"])
async def test_an_unreadable_certificate_fails_each_search_but_not_the_start(
    tmp_path: Path, certificate: str | None
) -> None:
    if certificate:
        (tmp_path / "ca.crt").write_text(certificate)
    address = ElasticsearchAddress.parse(f"https://127.0.0.1:1?ca={tmp_path}/ca.crt")
    engine = ElasticsearchEngine(address)
    await engine.open()
    for call in (engine.check(), engine.search(None, 0, 1), ElasticsearchWriter(address).open()):
        with pytest.raises(Unavailable, match=r"ca\.crt in SEARCH_URL cannot be read"):
            await call
    await engine.close()
