"""An index for one test on each engine, and the sample films in an index of this run's stack."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.films.models import Film
from service.search.retrieval.engine_search import EngineSearch
from tests.support.index_harness import IndexHarness, fresh_elasticsearch_address, open_index
from tests.support.sample_catalogue import (
    TRICKY_FILMS,
    SampleIndex,
    build_film,
    load_sample_films,
)


@pytest.fixture(params=["tantivy", "elasticsearch"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[IndexHarness]:
    """Yield a fresh, empty index of each engine."""
    in_a_folder = request.param == "tantivy"
    async with open_index(
        tmp_path / "index" if in_a_folder else fresh_elasticsearch_address()
    ) as index:
        yield index


@pytest.fixture(scope="module")
def films() -> list[Film]:
    facts = load_sample_films() + TRICKY_FILMS
    return [build_film(number, film) for number, film in enumerate(facts, 1)]


@pytest.fixture(scope="module")
async def filled_index(
    stack: str, tmp_path_factory: pytest.TempPathFactory, films: list[Film]
) -> AsyncIterator[SampleIndex]:
    """Yield the films in an index of this run's stack, shared by the tests of one file."""
    embedded = stack == "embedded"
    location = tmp_path_factory.mktemp("index") if embedded else fresh_elasticsearch_address()
    async with open_index(location) as index:
        sample = SampleIndex(index, EngineSearch(index.engine, index.vocabulary))
        await sample.add_films(films)
        yield sample


@pytest.fixture
async def sample_index(filled_index: SampleIndex, films: list[Film], database: str) -> SampleIndex:
    """Return the films in the index and, for this test, in the database."""
    await Film.bulk_create(films)
    return filled_index
