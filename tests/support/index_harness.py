"""One index of either engine with everything that reads or writes it, and a few films to index."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from service.search.engines.base import (
    Engine,
    Hits,
    IndexWriter,
    Inventory,
    SerializedDocument,
    WriteError,
)
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.inventory import ElasticsearchInventory
from service.search.engines.elasticsearch.mapping_check import MAPPING_MAX_AGE
from service.search.engines.elasticsearch.reader import ElasticsearchEngine
from service.search.engines.elasticsearch.writer import ElasticsearchWriter
from service.search.engines.tantivy.inventory import TantivyInventory
from service.search.engines.tantivy.reader import TantivyEngine
from service.search.engines.tantivy.writer import TantivyWriter
from service.search.index.document import MovieDocument
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.vocabulary.vocabulary import Vocabulary
from tests.support.backends import BACKEND_TIMEOUT, delete_indexes, require_backend


def build_document(number: int, title: str, **facts: Any) -> MovieDocument:
    """Return the document of a film that has only the given facts."""
    defaults: dict[str, Any] = {
        "id": UUID(int=number),
        "version": 1,
        "imdb_id": None,
        "aliases": [],
        "type": "movie",
        "year": None,
        "directors": [],
        "genres": [],
        "writers": [],
        "actors": [],
        "languages": [],
        "countries": [],
        "plot": None,
        "runtime_minutes": None,
        "imdb_rating": None,
        "imdb_votes": None,
        "popularity": None,
        "source": "user",
    }
    return MovieDocument.from_film(SimpleNamespace(title=title, **(defaults | facts)))


GODFATHER = build_document(
    1, "The Godfather", year=1972, directors=["Francis Ford Coppola"], imdb_votes=9
)
JAWS = build_document(2, "Jaws", year=1975, directors=["Steven Spielberg"])
SEVEN = build_document(3, "Se7en", year=1995, directors=["David Fincher"])
STAR_WARS = build_document(4, "Star Wars", year=1977, directors=["George Lucas"])
LEON = build_document(5, "Léon: The Professional", year=1994, aliases=["Léon"])
FILMS = [GODFATHER, JAWS, SEVEN, STAR_WARS, LEON]


@dataclass
class IndexHarness:
    """The engine, writer and inventory of one index, and the vocabulary of its documents."""

    engine: Engine
    writer: IndexWriter
    inventory: Inventory
    vocabulary: Vocabulary
    generation: int = 0

    async def write(self, *documents: MovieDocument) -> None:
        for document in documents:
            self.vocabulary.add(document.vocabulary_words())
        assert await self.writer.write(documents) == ()
        await self.refresh()

    async def fill(self, name: str, *documents: MovieDocument) -> tuple[WriteError, ...]:
        serialize = self.writer.serialize
        serialized = [SerializedDocument.of(document, serialize) for document in documents]
        return await self.writer.fill(name, serialized)

    async def refresh(self) -> None:
        """Let the engine show what was written."""
        self.generation += 1
        await self.engine.refresh(self.generation)

    async def hits(self, text: str, offset: int = 0, limit: int = 10) -> Hits:
        plan = Plan.fuzzy(Query.parse(text), self.vocabulary)
        return await self.engine.search(plan, offset, limit)

    async def ids(self, text: str) -> list[str]:
        return [hit.film_id for hit in (await self.hits(text)).hits]


def fresh_elasticsearch_address() -> ElasticsearchAddress:
    """Return an address on the test cluster with an unused alias; skip without a cluster."""
    address = ElasticsearchAddress.parse(require_backend("elasticsearch"))
    return replace(address, alias=f"test-{uuid4().hex[:12]}", timeout=BACKEND_TIMEOUT)


@asynccontextmanager
async def open_index(
    location: Path | ElasticsearchAddress, mapping_max_age: float = MAPPING_MAX_AGE
) -> AsyncIterator[IndexHarness]:
    """Open the index of a tantivy folder or of a cluster; remove it from the cluster afterwards."""
    engine: Engine
    writer: IndexWriter
    inventory: Inventory
    if isinstance(location, Path):
        engine, writer = TantivyEngine(location), TantivyWriter(location)
        inventory = TantivyInventory(location)
    else:
        engine, writer = (
            ElasticsearchEngine(location, mapping_max_age),
            ElasticsearchWriter(location),
        )
        inventory = ElasticsearchInventory(location)
    await writer.open()
    await engine.open()
    yield IndexHarness(engine, writer, inventory, Vocabulary())
    await inventory.close()
    await engine.close()
    await writer.close()
    if isinstance(location, ElasticsearchAddress):
        await delete_indexes(location)
