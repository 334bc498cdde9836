"""What every engine promises, tried on each: the embedded one and a real Elasticsearch."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
import tantivy

from service.errors import Unavailable
from service.search.criteria.facets import count_facets
from service.search.criteria.filters import NO_FILTERS, Facet, Filters, Range
from service.search.criteria.sorting import Sort, SortKey
from service.search.engines.base import (
    Engine,
    Hits,
    IndexEntry,
    IndexWriter,
    Inventory,
    SerializedDocument,
    WriteError,
)
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.inventory import ElasticsearchInventory
from service.search.engines.elasticsearch.reader import ElasticsearchEngine
from service.search.engines.elasticsearch.writer import ElasticsearchWriter
from service.search.engines.tantivy.inventory import TantivyInventory
from service.search.engines.tantivy.reader import TantivyEngine
from service.search.engines.tantivy.writer import TantivyWriter
from service.search.index.document import NGRAM_FIELDS, MovieDocument
from service.search.query.parser import Query
from service.search.query.plan import Clause, Field, Group, Plan, Slot
from service.search.vocabulary.vocabulary import Vocabulary
from service.text.analysis import full_title_key
from tests.support.backends import delete_indexes, require_backend


def film(number: int, title: str, **facts: Any) -> MovieDocument:
    """A document of a film that has what searching needs and nothing more."""
    known: dict[str, Any] = {
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
    }
    return MovieDocument.from_film(SimpleNamespace(title=title, **(known | facts)))


GODFATHER = film(1, "The Godfather", year=1972, directors=["Francis Ford Coppola"], imdb_votes=9)
JAWS = film(2, "Jaws", year=1975, directors=["Steven Spielberg"])
SEVEN = film(3, "Se7en", year=1995, directors=["David Fincher"])
STAR_WARS = film(4, "Star Wars", year=1977, directors=["George Lucas"])
LEON = film(5, "Léon: The Professional", year=1994, aliases=["Léon"])
PATIENCE = 30.0  # seconds: a busy machine is no failure here
FILMS = [GODFATHER, JAWS, SEVEN, STAR_WARS, LEON]


@dataclass
class Store:
    """Both ends of one index, and the words that are in it."""

    engine: Engine
    writer: IndexWriter
    inventory: Inventory
    vocabulary: Vocabulary
    generation: int = 0

    async def write(self, *documents: MovieDocument) -> None:
        for document in documents:
            self.vocabulary.add(document.vocabulary_words())
        assert await self.writer.write(documents) == ()
        await self.moved()

    async def fill(self, name: str, *documents: MovieDocument) -> tuple[WriteError, ...]:
        ready = [SerializedDocument.of(document, self.writer.serialize) for document in documents]
        return await self.writer.fill(name, ready)

    async def moved(self) -> None:
        self.generation += 1
        await self.engine.refresh(self.generation)

    async def hits(self, text: str, offset: int = 0, limit: int = 10) -> Hits:
        plan = Plan.fuzzy(Query.parse(text), self.vocabulary)
        return await self.engine.search(plan, offset, limit)

    async def ids(self, text: str) -> list[str]:
        return [hit.film_id for hit in (await self.hits(text)).hits]


def elasticsearch_address() -> ElasticsearchAddress:
    """A fresh alias on the test cluster."""
    address = ElasticsearchAddress.parse(require_backend("elasticsearch"))
    return replace(address, alias=f"test-{uuid4().hex[:12]}", timeout=PATIENCE)


@pytest.fixture(params=["tantivy", "elasticsearch"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    engine: Engine
    writer: IndexWriter
    inventory: Inventory
    if request.param == "tantivy":
        engine, writer = TantivyEngine(tmp_path / "index"), TantivyWriter(tmp_path / "index")
        inventory = TantivyInventory(tmp_path / "index")
    else:
        address = elasticsearch_address()
        engine, writer = ElasticsearchEngine(address), ElasticsearchWriter(address)
        inventory = ElasticsearchInventory(address)
    await writer.open()
    await engine.open()
    yield Store(engine, writer, inventory, Vocabulary())
    await inventory.close()
    await engine.close()
    await writer.close()
    if request.param == "elasticsearch":
        await delete_indexes(address)


async def test_a_fresh_store_has_one_live_and_empty_index(store: Store) -> None:
    assert await store.writer.live_index() == "movies-1"
    assert await store.writer.list_indexes() == ["movies-1"]
    assert await store.writer.count("movies-1") == 0
    assert await store.hits("anything") == Hits((), 0, "eq")


async def test_a_film_is_found_as_soon_as_it_is_written(store: Store) -> None:
    await store.write(*FILMS)
    found = await store.hits("the godfather")
    assert (found.hits[0].film_id, found.hits[0].version) == (GODFATHER.film_id, 1)
    assert found.relation == "eq"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("godfahter", GODFATHER),
        ("god father", GODFATHER),
        ("godfather 1972", GODFATHER),
        ("spilberg jaws", JAWS),
        ("jaws full movie", JAWS),
        ("jaw", JAWS),
        ("se7en", SEVEN),
        ("seven", SEVEN),
        ("finchr", SEVEN),
        ("starwars", STAR_WARS),
        ("star wras", STAR_WARS),
        ("leon", LEON),
        ("profesional", LEON),
    ],
)
async def test_what_people_type_finds_the_film_first(
    store: Store, typed: str, expected: MovieDocument
) -> None:
    await store.write(*FILMS)
    assert (await store.ids(typed))[:1] == [expected.film_id]


async def test_grams_find_what_no_word_explains(store: Store) -> None:
    await store.write(*FILMS)
    plan = Plan.relaxed(Query.parse("gdofahterr"), store.vocabulary)
    found = await store.engine.search(plan, 0, 10)
    assert [hit.film_id for hit in found.hits][:1] == [GODFATHER.film_id]


@pytest.mark.parametrize("name", sorted(NGRAM_FIELDS))
async def test_an_engine_cuts_terms_into_the_pieces_that_plans_ask_for(
    store: Store, name: Field
) -> None:
    titles = ("The Unbelievably Long Adventures of Nobody", "기생충 가족", "Ünïcodé 𝔖𝔱𝔬𝔯𝔶", "It")
    films = [film(n, t, aliases=[t[::-1]], directors=[f"{t} Jr"]) for n, t in enumerate(titles, 1)]
    await store.write(*films)
    cut = NGRAM_FIELDS[name]
    kept: dict[str, set[str]] = defaultdict(set)
    asked: set[str] = set()
    for each in films:
        for term in (term for field in cut.source_fields for term in getattr(each.terms, field)):
            starts = range(len(term)) if cut.anywhere else [0]
            for start, size in product(starts, range(1, cut.max_length + 2)):
                asked.add(term[start : start + size])
                if size >= cut.min_length and size <= min(cut.max_length, len(term) - start):
                    kept[term[start : start + size]].add(each.film_id)
    for piece in sorted(asked):
        plan = Plan((Group((Slot((Clause(name, (piece,), 1.0),)),), 1),))
        found = await store.engine.search(plan, 0, 10)
        assert {hit.film_id for hit in found.hits} == kept[piece], piece


async def test_a_newer_version_replaces_an_older_one(store: Store) -> None:
    await store.write(JAWS)
    await store.write(replace(JAWS, version=3, title="Sharks"))
    assert await store.ids("jaws") == []
    assert [h.version for h in (await store.hits("sharks")).hits] == [3]


async def test_a_late_older_write_is_left_out_and_counts_as_done(store: Store) -> None:
    await store.write(replace(JAWS, version=5))
    await store.write(replace(JAWS, version=4, title="Sharks"))
    assert await store.ids("sharks") == []
    assert [h.version for h in (await store.hits("jaws")).hits] == [5]


async def test_of_two_versions_in_one_write_the_newer_one_stays(store: Store) -> None:
    await store.write(replace(JAWS, version=2), replace(JAWS, version=1, title="Sharks"))
    assert await store.ids("sharks") == []
    assert [h.version for h in (await store.hits("jaws")).hits] == [2]


async def test_the_same_version_again_is_written(store: Store) -> None:
    await store.write(JAWS)
    await store.write(JAWS)
    assert await store.writer.count("movies-1") == 1


async def test_a_tombstone_hides_the_film_and_no_late_write_brings_it_back(store: Store) -> None:
    await store.write(*FILMS)
    await store.write(MovieDocument.tombstone(JAWS.film_id, 2))
    await store.write(JAWS)
    assert await store.ids("jaws") == []
    assert await store.writer.count("movies-1") == len(FILMS) - 1


@pytest.mark.fault("document-rejected")
@pytest.mark.parametrize(
    "facts",
    [{"year": 2**40}, {"year": 2**63}, {"imdb_rating": float("nan")}, {"popularity": 1e300}],
    ids=str,
)
async def test_a_document_that_cannot_be_held_is_refused_for_good_and_the_others_are_written(
    store: Store, facts: dict[str, Any]
) -> None:
    impossible = film(9, "Impossible", **facts)
    (refusal,) = await store.writer.write([JAWS, impossible, SEVEN])
    assert (refusal.film_id, refusal.retryable) == (impossible.film_id, False)
    assert refusal.reason
    assert await store.writer.count("movies-1") == 2
    (alone,) = await store.writer.write([impossible])
    assert not alone.retryable


async def test_equal_hits_come_in_the_order_of_votes_then_ids(store: Store) -> None:
    twins = [film(n, "Twins", imdb_votes=7) for n in (31, 12, 23)]
    await store.write(*twins, film(40, "Twins", imdb_votes=8))
    assert await store.ids("twins") == [str(UUID(int=n)) for n in (40, 12, 23, 31)]


async def test_pages_neither_overlap_nor_skip(store: Store) -> None:
    await store.write(*(film(n, "Twins") for n in range(1, 48)))
    seen: list[str] = []
    for offset in range(0, 60, 10):
        hits = await store.hits("twins", offset, 10)
        assert hits.total == 47
        seen += [hit.film_id for hit in hits.hits]
    assert seen == [str(UUID(int=n)) for n in range(1, 48)]


async def test_a_filled_index_shows_only_when_it_is_promoted(store: Store) -> None:
    await store.write(JAWS)
    await store.writer.create("movies-2")
    store.vocabulary.add(LEON.vocabulary_words())
    assert await store.fill("movies-2", SEVEN, LEON) == ()
    await store.moved()
    assert await store.ids("leon") == []
    assert await store.writer.count("movies-2") == 2
    await store.writer.promote("movies-2")
    await store.moved()
    assert await store.ids("leon") == [LEON.film_id]
    assert await store.ids("jaws") == []
    assert await store.writer.live_index() == "movies-2"
    assert await store.writer.list_indexes() == ["movies-1", "movies-2"]


async def test_the_index_before_can_be_promoted_again(store: Store) -> None:
    await store.write(JAWS)
    await store.writer.create("movies-2")
    await store.writer.promote("movies-2")
    await store.writer.promote("movies-1")
    await store.moved()
    assert await store.ids("jaws") == [JAWS.film_id]
    await store.write(SEVEN)
    assert await store.writer.count("movies-1") == 2


async def test_filling_keeps_the_newer_version_too(store: Store) -> None:
    await store.writer.create("movies-2")
    await store.fill("movies-2", replace(JAWS, version=2))
    await store.fill("movies-2", JAWS, SEVEN)
    await store.writer.promote("movies-2")
    await store.moved()
    store.vocabulary.add(JAWS.vocabulary_words())
    assert [h.version for h in (await store.hits("jaws")).hits] == [2]


async def test_creating_an_index_again_empties_it(store: Store) -> None:
    await store.writer.create("movies-2")
    await store.fill("movies-2", JAWS)
    await store.writer.create("movies-2")
    assert await store.writer.count("movies-2") == 0


async def test_dropping_removes_an_index_and_forgives_one_that_is_not_there(store: Store) -> None:
    await store.writer.create("movies-2")
    await store.writer.drop("movies-2")
    await store.writer.drop("movies-9")
    assert await store.writer.list_indexes() == ["movies-1"]


async def test_the_live_index_is_not_dropped(store: Store) -> None:
    with pytest.raises(Unavailable):
        await store.writer.drop("movies-1")


async def test_promoting_what_is_not_there_changes_nothing(store: Store) -> None:
    with pytest.raises(Unavailable):
        await store.writer.promote("movies-7")
    assert await store.writer.live_index() == "movies-1"


async def test_the_check_says_in_a_line_what_is_there(store: Store) -> None:
    await store.write(*FILMS)
    line = await store.engine.check()
    assert "5 documents" in line
    assert "\n" not in line


async def test_opening_and_closing_twice_is_harmless(store: Store) -> None:
    await store.engine.open()
    await store.writer.open()
    await store.writer.close()
    await store.engine.close()


async def test_the_longest_query_is_answered(store: Store) -> None:
    await store.write(*FILMS)
    heavy = " ".join(["abcde"] * 32)
    assert (await store.hits(heavy)).total == 0
    plan = Plan.relaxed(Query.parse("x" * 200), store.vocabulary)
    assert (await store.engine.search(plan, 0, 10)).total == 0


async def test_signs_of_query_languages_are_plain_text(store: Store) -> None:
    await store.write(*FILMS)
    for text in (
        "title:jaws",
        "jaws*",
        '"jaws" OR +x -y',
        "[a TO b]",
        "/jaws/",
        "jaws~2^3",
        "\\",
        "{",
    ):
        await store.hits(text)
    assert (await store.ids("jaws*"))[:1] == [JAWS.film_id]


async def test_the_inventory_lists_every_document_once_in_order_of_ids(store: Store) -> None:
    spread = [film((n << 64) + n % 5, "Twins") for n in range(1, 30)]
    close = [film(n, "Twins") for n in range(1, 9)]
    await store.write(*spread, *close)
    seen: list[IndexEntry] = []
    after = str(UUID(int=0))
    while page := await store.inventory.list_entries("movies-1", after, 5):
        assert len(page) <= 5
        seen += page
        after = page[-1].film_id
    assert [one.film_id for one in seen] == sorted(made.film_id for made in (*spread, *close))
    assert {one.digest for one in seen} == {made.digest() for made in (*spread, *close)}


async def test_two_indexes_may_be_listed_at_the_same_time(store: Store) -> None:
    await store.write(JAWS)
    await store.writer.create("movies-2")
    await store.fill("movies-2", SEVEN)
    await store.writer.count("movies-2")  # shows it
    names, none = ["movies-1", "movies-2"] * 50, str(UUID(int=0))
    pages = await asyncio.gather(*(store.inventory.list_entries(name, none, 10) for name in names))
    there = {"movies-1": JAWS.film_id, "movies-2": SEVEN.film_id}
    assert [[held.film_id for held in page] for page in pages] == [[there[n]] for n in names]


async def test_the_inventory_knows_versions_and_tombstones(store: Store) -> None:
    assert await store.inventory.live_index() == "movies-1"
    await store.write(replace(JAWS, version=4), MovieDocument.tombstone(SEVEN.film_id, 2))
    assert await store.inventory.get_entry("movies-1", JAWS.film_id) == IndexEntry(
        JAWS.film_id, 4, JAWS.digest(), gone=False
    )
    gone = await store.inventory.get_entry("movies-1", SEVEN.film_id)
    assert gone is not None and (gone.version, gone.gone) == (2, True)
    assert await store.inventory.get_entry("movies-1", LEON.film_id) is None


async def test_an_index_made_now_fits_and_one_that_is_not_there_cannot_be_read(
    store: Store,
) -> None:
    assert await store.inventory.is_current_schema("movies-1")
    with pytest.raises(Unavailable):
        await store.inventory.is_current_schema("movies-7")


async def test_only_tombstones_are_buried(store: Store) -> None:
    await store.write(JAWS, MovieDocument.tombstone(SEVEN.film_id, 2))
    await store.writer.purge_tombstones([JAWS.film_id, SEVEN.film_id, LEON.film_id])
    await store.moved()
    assert await store.writer.count("movies-1") == 1  # on Elasticsearch this is what shows it
    held = await store.inventory.list_entries("movies-1", str(UUID(int=0)), 10)
    assert [one.film_id for one in held] == [JAWS.film_id]


async def test_indexers_that_start_at_once_on_an_empty_cluster_make_one_index() -> None:
    address = elasticsearch_address()
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
        async with address.create_client(PATIENCE) as client:
            await client.indices.delete(index=f"{address.alias}-1")


async def test_a_folder_of_another_schema_is_left_as_it_is_until_a_rebuild(tmp_path: Path) -> None:
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
    (refusal,) = await writer.write([JAWS])
    assert refusal.retryable and "rebuild" in refusal.reason
    await writer.purge_tombstones([JAWS.film_id])
    await writer.create("movies-2")
    assert await writer.fill("movies-2", [SerializedDocument.of(JAWS, writer.serialize)]) == ()
    await writer.promote("movies-2")
    assert await writer.write([SEVEN]) == ()
    assert await inventory.is_current_schema("movies-2")
    await writer.close()


async def test_another_process_sees_what_a_folder_was_filled_with_once_it_is_kept(
    tmp_path: Path,
) -> None:
    writer, inventory = TantivyWriter(tmp_path), TantivyInventory(tmp_path)
    await writer.open()
    await writer.create("movies-2")
    assert await writer.fill("movies-2", [SerializedDocument.of(JAWS, writer.serialize)]) == ()
    assert await inventory.list_entries("movies-2", str(UUID(int=0)), 10) == ()
    await writer.commit("movies-2")
    (held,) = await inventory.list_entries("movies-2", str(UUID(int=0)), 10)
    assert held.film_id == JAWS.film_id
    await writer.close()


async def test_the_index_that_is_said_to_be_live_is_the_one_that_is(tmp_path: Path) -> None:
    engine, writer = TantivyEngine(tmp_path), TantivyWriter(tmp_path)
    await writer.open()
    await engine.open()
    assert "movies-1: 0 documents" in await engine.check()
    await writer.create("movies-2")
    assert await writer.fill("movies-2", [SerializedDocument.of(JAWS, writer.serialize)]) == ()
    await writer.promote("movies-2")
    assert "movies-2: 1 documents" in await engine.check()
    await engine.close()
    await writer.close()


SHELF: list[dict[str, Any]] = [
    {
        "title": ["Man of Steel", "The Man", "A Man Apart", "Mån", "Man on Fire"][n % 5],
        "type": "series" if n % 7 == 0 else "movie",
        "year": None if n % 9 == 0 else 1960 + n * 5 % 60,
        "genres": [["Drama"], ["Sci-Fi", "Drama"], ["Film-Noir"], []][n % 4],
        "directors": [["Zack Snyder"], ["Agnès Varda", "Zack Snyder"], []][n % 3],
        "languages": [["English"], ["Old English", "Français"], []][n % 3],
        "countries": [["Côte d'Ivoire", "France"], ["USA"], [], ["France"], ["U.S.A."]][n % 5],
        "imdb_rating": None if n % 8 == 0 else n % 11 * 9 / 10,
        "runtime_minutes": None if n % 10 == 0 else 60 + n * 3,
        "imdb_votes": n % 6 * 100,
        "popularity": None if n % 2 else n % 13 / 3,
    }
    for n in range(1, 61)
]

SELECTIONS = [
    NO_FILTERS,
    Filters(types=("series",)),
    Filters(genres=("scifi", "filmnoir")),
    Filters(directors=("agnesvarda",)),
    Filters(languages=("francais", "english")),
    Filters(countries=("cotedivoire",)),
    Filters(languages=("english",), countries=("usa", "france")),
    Filters(years=Range(1970, 1990)),
    Filters(ratings=Range(minimum=4.5)),
    Filters(minutes=Range(maximum=90)),
    Filters(("movie",), ("drama",), ("zacksnyder",), Range(1965), Range(maximum=8), Range(70, 200)),
]


async def test_filters_keep_what_the_rule_in_python_keeps(store: Store) -> None:
    documents = [film(n, **facts) for n, facts in enumerate(SHELF, 1)]
    await store.write(*documents)
    rows = [SimpleNamespace(**facts) for facts in SHELF]
    plan = Plan.fuzzy(Query.parse("man"), store.vocabulary)
    for selection in SELECTIONS:
        kept = [d.film_id for d, r in zip(documents, rows, strict=True) if selection.accepts(r)]
        assert kept
        for asked in (None, plan):
            hits = await store.engine.search(asked, 0, 100, filters=selection)
            assert sorted(hit.film_id for hit in hits.hits) == sorted(kept)
            assert (hits.total, hits.relation) == (len(kept), "eq")


async def test_counts_are_those_of_the_rule_in_python(store: Store) -> None:
    await store.write(*(film(n, **facts) for n, facts in enumerate(SHELF, 1)))
    rows = [SimpleNamespace(**facts) for facts in SHELF]
    plan, facets = Plan.exact(Query.parse("man")), get_args(Facet)
    for selection in SELECTIONS:
        found = await store.engine.count(plan, selection, facets)
        assert found == count_facets(rows, selection, facets)


def by_hand(sort: Sort) -> list[str]:
    """The ids of the shelf in the order that `sort` promises."""

    def key(numbered: tuple[int, dict[str, Any]]) -> tuple[Any, ...]:
        number, facts = numbered
        name = {"-year": "year", "rating": "imdb_rating", "-rating": "imdb_rating"}.get(sort, sort)
        value = full_title_key(facts["title"]) if sort == "title" else facts.get(name, 0)
        if isinstance(value, float | int) and sort in ("-year", "-rating", "popularity"):
            value = -value
        return value is None, value or 0, -facts["imdb_votes"], number

    return [str(UUID(int=n)) for n, _ in sorted(enumerate(SHELF, 1), key=key)]


@pytest.mark.parametrize(
    "sort", ["year", "-year", "rating", "-rating", "title", "popularity", "relevance"]
)
async def test_every_order_is_total_and_goes_on_after_any_hit(store: Store, sort: Sort) -> None:
    """Page by page after the last one's place, while films are added and taken away."""
    await store.write(*(film(n, **facts) for n, facts in enumerate(SHELF, 1)))
    expected = by_hand(sort)
    for plan in (None, Plan.exact(Query.parse("man"))):
        everything = await store.engine.search(plan, 0, 100, sort=sort)
        in_order = [hit.film_id for hit in everything.hits]
        if sort != "relevance" or plan is None:
            assert in_order == expected
        middle = await store.engine.search(plan, 17, 9, sort=sort)
        assert [hit.film_id for hit in middle.hits] == in_order[17:26]
        walked: list[str] = []
        after: SortKey | None = None
        while page := (
            await store.engine.search(plan, len(walked), 7, sort=sort, after=after)
        ).hits:
            walked += [hit.film_id for hit in page]
            after = page[-1].sort_key
            number = 100 + len(walked)
            await store.write(film(number, **SHELF[len(walked) % 60]))
        assert len(walked) == len(set(walked))
        assert [film_id for film_id in walked if film_id in set(expected)] == in_order
        await store.write(*(MovieDocument.tombstone(str(UUID(int=n)), 9) for n in range(100, 200)))
