"""An index of an earlier release still answers, on each engine, what it can until a rebuild.

A search that needs a field that the index lacks is refused; it must not look as if no film matched.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import tantivy

from service.search.criteria.filters import Filters, Range
from service.search.criteria.sorting import Sort
from service.search.engines.base import FIRST_INDEX, IndexOutdated
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.serializer import to_source
from service.search.engines.elasticsearch.writer import DEFINITIONS
from service.search.engines.tantivy.folder import write_fingerprint, write_pointer
from service.search.engines.tantivy.schema import (
    FACET_FIELDS,
    FILTER_FIELDS,
    TERM_FIELDS,
    build_schema,
    register_tokenizers,
)
from service.search.engines.tantivy.serializer import serialize
from service.search.query.fields import SearchFields, restrict_plan
from service.search.query.parser import Query
from service.search.query.plan import Plan
from tests.support.backends import BACKEND_TIMEOUT
from tests.support.index_harness import (
    IndexHarness,
    build_document,
    fresh_elasticsearch_address,
    open_index,
)

NEW_FIELDS = {
    "writer", "is_language", "is_country", "is_source", "of_language", "of_country"
}  # fmt: skip
NEW_FACTS = {"writers", "languages", "countries", "source"}
JAWS = build_document(
    1,
    "Jaws",
    year=1975,
    directors=["Steven Spielberg"],
    writers=["Peter Benchley"],
    genres=["Thriller"],
    languages=["English"],
    countries=["United States"],
    imdb_rating=8.1,
    imdb_votes=600_000,
)
DEEP = build_document(2, "Jaws of the Deep", year=1999, genres=["Drama"], imdb_votes=90)
FILMS = [JAWS, DEEP]
WRITER: SearchFields = frozenset({"writer"})


@pytest.fixture(params=["tantivy", "elasticsearch"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[IndexHarness]:
    """Yield the films in a live index that lacks the newest fields."""
    location: Path | ElasticsearchAddress = tmp_path
    if request.param == "tantivy":
        create_outdated_folder(tmp_path)
    else:
        location = fresh_elasticsearch_address()
        await create_outdated_cluster_index(location)
    async with open_index(location, mapping_max_age=0) as index:
        for document in FILMS:
            index.vocabulary.add(document.vocabulary_words())
        yield index


def create_outdated_folder(root: Path) -> None:
    schema = build_schema(
        term_fields=[name for name in TERM_FIELDS if name not in NEW_FIELDS],
        filter_fields=[name for name in FILTER_FIELDS if name not in NEW_FIELDS],
        facet_fields=[name for name in FACET_FIELDS if name not in NEW_FIELDS],
    )
    folder = root / FIRST_INDEX
    folder.mkdir()
    write_fingerprint(folder, "an older release")
    writer = register_tokenizers(tantivy.Index(schema, str(folder))).writer(num_threads=1)
    for document in FILMS:
        values = orjson.loads(serialize(document))
        writer.add_json(json.dumps(without(NEW_FIELDS, values)))
    writer.commit()
    writer.wait_merging_threads()
    write_pointer(root, FIRST_INDEX)


async def create_outdated_cluster_index(address: ElasticsearchAddress) -> None:
    settings = json.loads((DEFINITIONS / "settings.json").read_text())
    mapping = json.loads((DEFINITIONS / "mapping.json").read_text())
    mapping["properties"] = without(NEW_FACTS, mapping["properties"])
    find = mapping["properties"]["find"]
    find["properties"] = without(NEW_FIELDS, find["properties"])
    mapping["_meta"] = {"alias": address.alias, "fingerprint": "an older release"}
    name = address.cluster_name(FIRST_INDEX)
    aliases: dict[str, Any] = {address.alias: {}}
    async with address.create_client(BACKEND_TIMEOUT) as client:
        await client.indices.create(
            index=name, settings=settings, mappings=mapping, aliases=aliases
        )
        for document in FILMS:
            source = without(NEW_FACTS, to_source(document))
            await client.index(
                index=name,
                id=document.film_id,
                version=1,
                version_type="external_gte",
                document=source | {"find": without(NEW_FIELDS, source["find"])},
                refresh=True,
            )


def without(names: set[str], values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def build_plan(index: IndexHarness, text: str, fields: SearchFields) -> Plan:
    plan = Plan.fuzzy(Query.parse(text), index.vocabulary)
    return restrict_plan(plan, fields, index.vocabulary, typos=True)


async def find_ids(index: IndexHarness, plan: Plan | None, **options: Any) -> list[str]:
    return [hit.film_id for hit in (await index.engine.search(plan, 0, 10, **options)).hits]


async def test_searches_that_need_only_present_fields_are_answered(index: IndexHarness) -> None:
    both = [JAWS.film_id, DEEP.film_id]
    assert await index.ids("jasw") == both
    assert await index.ids("steven spielberg") == both[:1]
    plan = build_plan(index, "jaws", frozenset({"title", "cast", "plot"}))
    assert await find_ids(index, plan) == both
    plan = Plan.exact(Query.parse("jaws"))
    orders: dict[Sort, list[str]] = {"-year": both[::-1], "title": both, "popularity": both}
    for sort, expected in orders.items():
        assert await find_ids(index, plan, sort=sort) == expected
        assert await find_ids(index, None, sort=sort) == expected
    dramas = Filters(genres=("drama",))
    for filters in (dramas, Filters(types=("movie",), years=Range(1990))):
        assert await find_ids(index, plan, filters=filters) == both[1:]
    counts = await index.engine.count(plan, dramas, ("genre", "decade"))
    assert [count.value for count in counts["genre"]] == ["Drama", "Thriller"]


async def test_a_search_that_needs_a_missing_field_is_refused(index: IndexHarness) -> None:
    jaws = Plan.exact(Query.parse("jaws"))
    for filters in (
        Filters(languages=("english",)),
        Filters(countries=("france",)),
        Filters(sources=("user",)),
    ):
        for plan in (jaws, None):
            with pytest.raises(IndexOutdated, match="until the indexer has rebuilt it"):
                await index.engine.search(plan, 0, 10, filters=filters)
    with pytest.raises(IndexOutdated):
        await index.engine.search(build_plan(index, "benchley", WRITER), 0, 10)
    for facet in ("language", "country"):
        with pytest.raises(IndexOutdated):
            await index.engine.count(jaws, Filters(), ("genre", facet))


async def test_the_inventory_reads_it_and_reports_another_schema(index: IndexHarness) -> None:
    assert not await index.inventory.is_current_schema(FIRST_INDEX)
    entries = await index.inventory.list_entries(FIRST_INDEX, str(UUID(int=0)), 10)
    assert [(entry.film_id, entry.version, entry.gone) for entry in entries] == [
        (JAWS.film_id, 1, False),
        (DEEP.film_id, 1, False),
    ]
    entry = await index.inventory.get_entry(FIRST_INDEX, DEEP.film_id)
    assert entry is not None and entry.film_id == DEEP.film_id


async def test_a_write_waits_for_the_rebuild_that_adds_the_missing_fields(
    index: IndexHarness,
) -> None:
    (error,) = await index.writer.write([JAWS])
    assert error.retryable
    await index.writer.create("movies-2")
    assert await index.fill("movies-2", *FILMS) == ()
    await index.writer.promote("movies-2")
    await index.refresh()
    assert await find_ids(index, build_plan(index, "benchly", WRITER)) == [JAWS.film_id]
    english = Filters(languages=("english",))
    assert await find_ids(index, None, filters=english) == [JAWS.film_id]
    counts = await index.engine.count(None, Filters(), ("country",))
    assert [count.value for count in counts["country"]] == ["United States"]
