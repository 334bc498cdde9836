"""The contract of `IndexWriter`, tested on the embedded engine and on a real Elasticsearch."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import tantivy

from service.errors import Unavailable
from service.search.engines.base import (
    Hits,
    SerializedDocument,
)
from service.search.engines.elasticsearch.writer import ElasticsearchWriter
from service.search.engines.tantivy.inventory import TantivyInventory
from service.search.engines.tantivy.writer import TantivyWriter
from service.search.index.document import MovieDocument
from tests.support.backends import BACKEND_TIMEOUT
from tests.support.index_harness import (
    FILMS,
    JAWS,
    LEON,
    SEVEN,
    IndexHarness,
    build_document,
    fresh_elasticsearch_address,
)


async def test_a_new_installation_has_one_live_empty_index(index: IndexHarness) -> None:
    assert await index.writer.live_index() == "movies-1"
    assert await index.writer.list_indexes() == ["movies-1"]
    assert await index.writer.count("movies-1") == 0
    assert await index.hits("anything") == Hits((), 0, "eq")


async def test_a_newer_version_replaces_an_older_one(index: IndexHarness) -> None:
    await index.write(JAWS)
    await index.write(replace(JAWS, version=3, title="Sharks"))
    assert await index.ids("jaws") == []
    assert [h.version for h in (await index.hits("sharks")).hits] == [3]


async def test_an_older_version_is_skipped_without_an_error(index: IndexHarness) -> None:
    await index.write(replace(JAWS, version=5))
    await index.write(replace(JAWS, version=4, title="Sharks"))
    assert await index.ids("sharks") == []
    assert [h.version for h in (await index.hits("jaws")).hits] == [5]


async def test_the_newer_of_two_versions_in_one_write_stays(index: IndexHarness) -> None:
    await index.write(replace(JAWS, version=2), replace(JAWS, version=1, title="Sharks"))
    assert await index.ids("sharks") == []
    assert [h.version for h in (await index.hits("jaws")).hits] == [2]


async def test_the_same_version_may_be_written_again(index: IndexHarness) -> None:
    await index.write(JAWS)
    await index.write(JAWS)
    assert await index.writer.count("movies-1") == 1


async def test_a_tombstone_hides_the_film_and_an_older_write_does_not_restore_it(
    index: IndexHarness,
) -> None:
    await index.write(*FILMS)
    await index.write(MovieDocument.tombstone(JAWS.film_id, 2))
    await index.write(JAWS)
    assert await index.ids("jaws") == []
    assert await index.writer.count("movies-1") == len(FILMS) - 1


async def test_added_documents_are_found_once_they_are_shown(index: IndexHarness) -> None:
    await index.write(replace(JAWS, version=2))
    index.vocabulary.add(SEVEN.vocabulary_words())
    assert await index.writer.add([SEVEN, replace(JAWS, title="Sharks")]) == ()
    assert await index.writer.add([LEON, replace(SEVEN, version=2)]) == ()
    await index.writer.show()
    await index.refresh()
    assert await index.writer.count("movies-1") == 3
    assert [hit.version for hit in (await index.hits("se7en")).hits] == [2]
    assert [hit.version for hit in (await index.hits("jaws")).hits] == [2]


@pytest.mark.fault("document-rejected")
@pytest.mark.parametrize(
    "facts",
    [{"year": 2**40}, {"year": 2**63}, {"imdb_rating": float("nan")}, {"popularity": 1e300}],
    ids=str,
)
async def test_a_document_that_cannot_be_stored_gets_a_final_error_and_the_others_are_written(
    index: IndexHarness, facts: dict[str, Any]
) -> None:
    impossible = build_document(9, "Impossible", **facts)
    (error,) = await index.writer.write([JAWS, impossible, SEVEN])
    assert (error.film_id, error.retryable) == (impossible.film_id, False)
    assert error.reason
    assert await index.writer.count("movies-1") == 2
    (error,) = await index.writer.write([impossible])
    assert not error.retryable


async def test_a_filled_index_is_searched_only_once_it_is_promoted(index: IndexHarness) -> None:
    await index.write(JAWS)
    await index.writer.create("movies-2")
    index.vocabulary.add(LEON.vocabulary_words())
    assert await index.fill("movies-2", SEVEN, LEON) == ()
    await index.refresh()
    assert await index.ids("leon") == []
    assert await index.writer.count("movies-2") == 2
    await index.writer.promote("movies-2")
    await index.refresh()
    assert await index.ids("leon") == [LEON.film_id]
    assert await index.ids("jaws") == []
    assert await index.writer.live_index() == "movies-2"
    assert await index.writer.list_indexes() == ["movies-1", "movies-2"]


async def test_the_previous_index_can_be_promoted_again(index: IndexHarness) -> None:
    await index.write(JAWS)
    await index.writer.create("movies-2")
    await index.writer.promote("movies-2")
    await index.writer.promote("movies-1")
    await index.refresh()
    assert await index.ids("jaws") == [JAWS.film_id]
    await index.write(SEVEN)
    assert await index.writer.count("movies-1") == 2


async def test_a_fill_keeps_the_newer_version(index: IndexHarness) -> None:
    await index.writer.create("movies-2")
    await index.fill("movies-2", replace(JAWS, version=2))
    await index.fill("movies-2", JAWS, SEVEN)
    await index.writer.promote("movies-2")
    await index.refresh()
    index.vocabulary.add(JAWS.vocabulary_words())
    assert [h.version for h in (await index.hits("jaws")).hits] == [2]


async def test_creating_an_index_again_empties_it(index: IndexHarness) -> None:
    await index.writer.create("movies-2")
    await index.fill("movies-2", JAWS)
    await index.writer.create("movies-2")
    assert await index.writer.count("movies-2") == 0


async def test_dropping_removes_an_index_and_ignores_a_missing_one(
    index: IndexHarness,
) -> None:
    await index.writer.create("movies-2")
    await index.writer.drop("movies-2")
    await index.writer.drop("movies-9")
    assert await index.writer.list_indexes() == ["movies-1"]


async def test_the_live_index_cannot_be_dropped(index: IndexHarness) -> None:
    with pytest.raises(Unavailable):
        await index.writer.drop("movies-1")


async def test_promoting_a_missing_index_changes_nothing(index: IndexHarness) -> None:
    with pytest.raises(Unavailable):
        await index.writer.promote("movies-7")
    assert await index.writer.live_index() == "movies-1"


async def test_only_tombstones_are_purged(index: IndexHarness) -> None:
    await index.write(JAWS, MovieDocument.tombstone(SEVEN.film_id, 2))
    await index.writer.purge_tombstones([JAWS.film_id, SEVEN.film_id, LEON.film_id])
    await index.refresh()
    assert (
        await index.writer.count("movies-1") == 1
    )  # on Elasticsearch this makes the purge visible
    entries = await index.inventory.list_entries("movies-1", str(UUID(int=0)), 10)
    assert [entry.film_id for entry in entries] == [JAWS.film_id]


async def test_indexers_that_start_together_on_an_empty_cluster_create_one_index() -> None:
    address = fresh_elasticsearch_address()
    writers = [ElasticsearchWriter(address) for _ in range(5)]
    try:
        await asyncio.gather(*(writer.open() for writer in writers))
        for writer in writers:
            assert (await writer.live_index(), await writer.list_indexes()) == (
                "movies-1",
                ["movies-1"],
            )
        assert await writers[0].write([JAWS]) == ()
        assert await writers[1].count("movies-1") == 1
    finally:
        for writer in writers:
            await writer.close()
        async with address.create_client(BACKEND_TIMEOUT) as client:
            await client.indices.delete(index=f"{address.alias}-1")


async def test_an_index_with_another_schema_is_left_unchanged_until_a_rebuild(
    tmp_path: Path,
) -> None:
    root, old = tmp_path / "index", tmp_path / "index" / "movies-1"
    old.mkdir(parents=True)
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    tantivy.Index(builder.build(), str(old))
    (old / "made-by").write_text("an older release")
    (root / "current").write_text("movies-1\n")
    writer, inventory = TantivyWriter(root), TantivyInventory(root)
    await writer.open()
    assert not await inventory.is_current_schema("movies-1")
    (error,) = await writer.write([JAWS])
    assert error.retryable and "rebuild" in error.reason
    await writer.purge_tombstones([JAWS.film_id])
    await writer.create("movies-2")
    assert await writer.fill("movies-2", [SerializedDocument.of(JAWS, writer.serialize)]) == ()
    await writer.promote("movies-2")
    assert await writer.write([SEVEN]) == ()
    assert await inventory.is_current_schema("movies-2")
    await writer.close()


async def test_another_reader_sees_a_fill_once_it_is_committed(
    tmp_path: Path,
) -> None:
    writer, inventory = TantivyWriter(tmp_path), TantivyInventory(tmp_path)
    await writer.open()
    await writer.create("movies-2")
    assert await writer.fill("movies-2", [SerializedDocument.of(JAWS, writer.serialize)]) == ()
    assert await inventory.list_entries("movies-2", str(UUID(int=0)), 10) == ()
    await writer.commit("movies-2")
    (entry,) = await inventory.list_entries("movies-2", str(UUID(int=0)), 10)
    assert entry.film_id == JAWS.film_id
    await writer.close()
