"""The contract of `Inventory`, tested on the embedded engine and on a real Elasticsearch."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from service.errors import Unavailable
from service.search.engines.base import (
    IndexEntry,
)
from service.search.index.document import MovieDocument
from tests.support.index_harness import (
    JAWS,
    LEON,
    SEVEN,
    IndexHarness,
    build_document,
)


async def test_the_inventory_lists_every_document_once_in_order_of_ids(index: IndexHarness) -> None:
    spread = [build_document((n << 64) + n % 5, "Twins") for n in range(1, 30)]
    close = [build_document(n, "Twins") for n in range(1, 9)]
    await index.write(*spread, *close)
    entries: list[IndexEntry] = []
    after = str(UUID(int=0))
    while page := await index.inventory.list_entries("movies-1", after, 5):
        assert len(page) <= 5
        entries += page
        after = page[-1].film_id
    films = (*spread, *close)
    assert [entry.film_id for entry in entries] == sorted(film.film_id for film in films)
    assert {entry.digest for entry in entries} == {film.digest() for film in films}


async def test_two_indexes_may_be_listed_at_the_same_time(index: IndexHarness) -> None:
    await index.write(JAWS)
    await index.writer.create("movies-2")
    await index.fill("movies-2", SEVEN)
    await index.writer.count("movies-2")  # makes it visible
    names, start = ["movies-1", "movies-2"] * 50, str(UUID(int=0))
    pages = await asyncio.gather(*(index.inventory.list_entries(name, start, 10) for name in names))
    expected = {"movies-1": JAWS.film_id, "movies-2": SEVEN.film_id}
    assert [[entry.film_id for entry in page] for page in pages] == [[expected[n]] for n in names]


async def test_the_inventory_reads_versions_and_tombstones(index: IndexHarness) -> None:
    assert await index.inventory.live_index() == "movies-1"
    await index.write(replace(JAWS, version=4), MovieDocument.tombstone(SEVEN.film_id, 2))
    assert await index.inventory.get_entry("movies-1", JAWS.film_id) == IndexEntry(
        JAWS.film_id, 4, JAWS.digest(), gone=False
    )
    tombstone = await index.inventory.get_entry("movies-1", SEVEN.film_id)
    assert tombstone is not None
    assert (tombstone.version, tombstone.gone) == (2, True)
    assert await index.inventory.get_entry("movies-1", LEON.film_id) is None


async def test_a_new_index_has_the_current_schema_and_a_missing_one_cannot_be_read(
    index: IndexHarness,
) -> None:
    assert await index.inventory.is_current_schema("movies-1")
    with pytest.raises(Unavailable):
        await index.inventory.is_current_schema("movies-7")
