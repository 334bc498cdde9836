"""The films in an index of this run's stack, filled once for each file of tests."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from service.films.models import Film
from service.search.engines.base import Engine, IndexWriter
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.reader import ElasticsearchEngine
from service.search.engines.elasticsearch.writer import ElasticsearchWriter
from service.search.engines.tantivy.reader import TantivyEngine
from service.search.engines.tantivy.writer import TantivyWriter
from service.search.retrieval.engine_search import EngineSearch
from service.search.vocabulary.vocabulary import Vocabulary
from tests.support.backends import delete_indexes, require_backend
from tests.support.sample_catalogue import HARD, PATIENCE, Shelf, row, samples


@pytest.fixture(scope="module")
def films() -> list[Film]:
    return [row(number, each) for number, each in enumerate(samples() + HARD, 1)]


@pytest.fixture(scope="module")
async def indexed(
    stack: str, tmp_path_factory: pytest.TempPathFactory, films: list[Film]
) -> AsyncIterator[Shelf]:
    """The films in an index of this run's stack."""
    engine: Engine
    writer: IndexWriter
    if stack == "embedded":
        root: Path = tmp_path_factory.mktemp("index")
        engine, writer = TantivyEngine(root), TantivyWriter(root)
    else:
        url = require_backend("elasticsearch")
        alias = f"test-{uuid4().hex[:12]}"
        address = replace(ElasticsearchAddress.parse(url), alias=alias, timeout=PATIENCE)
        engine, writer = ElasticsearchEngine(address), ElasticsearchWriter(address)
    await writer.open()
    await engine.open()
    vocabulary = Vocabulary()
    shelf = Shelf(EngineSearch(engine, vocabulary), engine, writer, vocabulary)
    await shelf.put(films)
    yield shelf
    await engine.close()
    await writer.close()
    if stack == "full":
        await delete_indexes(address)


@pytest.fixture
async def shelf(indexed: Shelf, films: list[Film], database: str) -> Shelf:
    """The films in the index and, for this test, in the database."""
    await Film.bulk_create(films)
    return indexed
