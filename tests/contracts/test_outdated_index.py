"""An index that an earlier release made goes on answering what it can, on each engine, until a
rebuild: what it lacks is refused, never taken for a film that is not there."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import tantivy

from service.search.criteria.filters import Filters, Range
from service.search.criteria.sorting import Sort
from service.search.engines.base import IndexOutdated
from service.search.engines.elasticsearch import serializer
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.inventory import ElasticsearchInventory
from service.search.engines.elasticsearch.reader import ElasticsearchEngine
from service.search.engines.elasticsearch.writer import DEFINITIONS, ElasticsearchWriter
from service.search.engines.tantivy.folder import write_fingerprint, write_pointer
from service.search.engines.tantivy.inventory import TantivyInventory
from service.search.engines.tantivy.reader import TantivyEngine
from service.search.engines.tantivy.schema import (
    FACET_FIELDS,
    FILTER_FIELDS,
    TERM_FIELDS,
    build_schema,
    register_tokenizers,
)
from service.search.engines.tantivy.serializer import serialize
from service.search.engines.tantivy.writer import TantivyWriter
from service.search.query.fields import SearchFields, restrict_plan
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.vocabulary.vocabulary import Vocabulary
from tests.contracts.test_engines import PATIENCE, Store, elasticsearch_address, film
from tests.support.backends import delete_indexes

YOUNG = {"writer", "is_language", "is_country", "of_language", "of_country"}
YOUNG_FACTS = {"writers", "languages", "countries"}
JAWS = film(
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
DEEP = film(2, "Jaws of the Deep", year=1999, genres=["Drama"], imdb_votes=90)
FILMS = [JAWS, DEEP]
BENCHLEY: SearchFields = frozenset({"writer"})


@pytest.fixture(params=["tantivy", "elasticsearch"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """The films in a live index without the fields that came last."""
    vocabulary = Vocabulary()
    for document in FILMS:
        vocabulary.add(document.vocabulary_words())
    if request.param == "tantivy":
        _older_folder(tmp_path)
        engine, writer = TantivyEngine(tmp_path), TantivyWriter(tmp_path)
        inventory = TantivyInventory(tmp_path)
        await writer.open()
        await engine.open()
        yield Store(engine, writer, inventory, vocabulary)
        await engine.close()
        await writer.close()
        return
    address = elasticsearch_address()
    async with address.create_client(PATIENCE) as client:
        await _older_cluster(client, address)
        there = (
            ElasticsearchEngine(address, mapping_max_age=0),
            ElasticsearchWriter(address),
            ElasticsearchInventory(address),
        )
        await there[1].open()
        await there[0].open()
        yield Store(*there, vocabulary)
        for part in there:
            await part.close()
    await delete_indexes(address)


def _older_folder(root: Path) -> None:
    schema = build_schema(
        term_fields=[name for name in TERM_FIELDS if name not in YOUNG],
        filter_fields=[name for name in FILTER_FIELDS if name not in YOUNG],
        facet_fields=[name for name in FACET_FIELDS if name not in YOUNG],
    )
    folder = root / "movies-1"
    folder.mkdir()
    write_fingerprint(folder, "an older release")
    writer = register_tokenizers(tantivy.Index(schema, str(folder))).writer(num_threads=1)
    for document in FILMS:
        values = orjson.loads(serialize(document))
        kept = {name: value for name, value in values.items() if name not in YOUNG}
        writer.add_json(json.dumps(kept))
    writer.commit()
    writer.wait_merging_threads()
    write_pointer(root, "movies-1")


async def _older_cluster(client: Any, address: ElasticsearchAddress) -> None:
    mapping, settings = (
        json.loads((DEFINITIONS / f"{name}.json").read_text()) for name in ("mapping", "settings")
    )
    for name in YOUNG_FACTS:
        del mapping["properties"][name]
    for name in YOUNG & mapping["properties"]["find"]["properties"].keys():
        del mapping["properties"]["find"]["properties"][name]
    mapping["_meta"] = {"alias": address.alias, "fingerprint": "an older release"}
    index = address.cluster_name("movies-1")
    aliases: dict[str, Any] = {address.alias: {}}
    await client.indices.create(index=index, settings=settings, mappings=mapping, aliases=aliases)
    for document in FILMS:
        values = serializer.to_source(document)
        values = {name: value for name, value in values.items() if name not in YOUNG_FACTS}
        found = {name: value for name, value in values["find"].items() if name not in YOUNG}
        await client.index(
            index=index,
            id=document.film_id,
            version=1,
            version_type="external_gte",
            document={**values, "find": found},
            refresh=True,
        )


def asked(store: Store, text: str, scope: SearchFields) -> Plan:
    plan = Plan.fuzzy(Query.parse(text), store.vocabulary)
    return restrict_plan(plan, scope, store.vocabulary, typos=True)


async def ids(store: Store, plan: Plan | None, **how: Any) -> list[str]:
    return [hit.film_id for hit in (await store.engine.search(plan, 0, 10, **how)).hits]


async def test_words_filters_orders_and_counts_that_it_has_go_on(store: Store) -> None:
    both = [JAWS.film_id, DEEP.film_id]
    assert await store.ids("jasw") == both
    assert await store.ids("steven spielberg") == both[:1]
    assert await ids(store, asked(store, "jaws", frozenset({"title", "cast", "plot"}))) == both
    plan = Plan.exact(Query.parse("jaws"))
    orders: dict[Sort, list[str]] = {"-year": both[::-1], "title": both, "popularity": both}
    for sort, expected in orders.items():
        assert await ids(store, plan, sort=sort) == expected
        assert await ids(store, None, sort=sort) == expected
    selections = [Filters(genres=("drama",)), Filters(types=("movie",), years=Range(1990))]
    for selection in selections:
        assert await ids(store, plan, filters=selection) == both[1:]
    counts = await store.engine.count(plan, selections[0], ("genre", "decade"))
    assert [count.value for count in counts["genre"]] == ["Drama", "Thriller"]


async def test_what_it_lacks_is_refused_rather_than_not_found(store: Store) -> None:
    plan = Plan.exact(Query.parse("jaws"))
    for selection in (Filters(languages=("english",)), Filters(countries=("france",))):
        for each in (plan, None):
            with pytest.raises(IndexOutdated, match="movies reindex"):
                await store.engine.search(each, 0, 10, filters=selection)
    with pytest.raises(IndexOutdated):
        await store.engine.search(asked(store, "benchley", BENCHLEY), 0, 10)
    for facet in ("language", "country"):
        with pytest.raises(IndexOutdated):
            await store.engine.count(plan, Filters(), ("genre", facet))


async def test_it_is_compared_film_by_film_and_said_to_be_anothers(store: Store) -> None:
    assert not await store.inventory.is_current_schema("movies-1")
    held = await store.inventory.list_entries(
        "movies-1", "00000000-0000-0000-0000-000000000000", 10
    )
    assert [(one.film_id, one.version, one.gone) for one in held] == [
        (JAWS.film_id, 1, False),
        (DEEP.film_id, 1, False),
    ]
    one = await store.inventory.get_entry("movies-1", DEEP.film_id)
    assert one is not None and one.film_id == DEEP.film_id


async def test_a_change_waits_for_a_rebuild_which_brings_what_it_lacked(store: Store) -> None:
    (refusal,) = await store.writer.write([JAWS])
    assert refusal.retryable
    await store.writer.create("movies-2")
    assert await store.fill("movies-2", *FILMS) == ()
    await store.writer.promote("movies-2")
    await store.moved()
    assert await ids(store, asked(store, "benchly", BENCHLEY)) == [JAWS.film_id]
    assert await ids(store, None, filters=Filters(languages=("english",))) == [JAWS.film_id]
    counts = await store.engine.count(None, Filters(), ("country",))
    assert [count.value for count in counts["country"]] == ["United States"]
