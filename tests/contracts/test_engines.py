"""The contract of `Engine`, tested on the embedded engine and on a real Elasticsearch."""

from collections import defaultdict
from itertools import chain, product
from pathlib import Path
from types import SimpleNamespace
from typing import get_args
from uuid import UUID

import pytest

from service.search.criteria.facets import count_facets
from service.search.criteria.filters import Facet
from service.search.criteria.sorting import Sort, SortKey
from service.search.engines.base import (
    SerializedDocument,
)
from service.search.engines.tantivy.reader import TantivyEngine
from service.search.engines.tantivy.writer import TantivyWriter
from service.search.index.document import NGRAM_FIELDS, MovieDocument
from service.search.query.parser import Query
from service.search.query.plan import Group, Plan
from service.search.query.slots import Clause, Field, Slot
from tests.support.filter_films import FILTER_CASES, FILTER_FILMS, expected_order
from tests.support.index_harness import (
    FILMS,
    GODFATHER,
    JAWS,
    LEON,
    SEVEN,
    STAR_WARS,
    IndexHarness,
    build_document,
)


async def test_a_film_is_found_as_soon_as_it_is_written(index: IndexHarness) -> None:
    await index.write(*FILMS)
    hits = await index.hits("the godfather")
    assert (hits.hits[0].film_id, hits.hits[0].version) == (GODFATHER.film_id, 1)
    assert hits.relation == "eq"


@pytest.mark.parametrize(
    ("text", "expected"),
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
    index: IndexHarness, text: str, expected: MovieDocument
) -> None:
    await index.write(*FILMS)
    assert (await index.ids(text))[:1] == [expected.film_id]


async def test_ngrams_find_a_film_that_no_word_matches(index: IndexHarness) -> None:
    await index.write(*FILMS)
    plan = Plan.relaxed(Query.parse("gdofahterr"), index.vocabulary)
    hits = await index.engine.search(plan, 0, 10)
    assert [hit.film_id for hit in hits.hits][:1] == [GODFATHER.film_id]


@pytest.mark.parametrize("field", sorted(NGRAM_FIELDS))
async def test_an_engine_cuts_terms_into_the_ngrams_that_plans_use(
    index: IndexHarness, field: Field
) -> None:
    titles = ("The Unbelievably Long Adventures of Nobody", "기생충 가족", "Ünïcodé 𝔖𝔱𝔬𝔯𝔶", "It")
    films = [
        build_document(number, title, aliases=[title[::-1]], directors=[f"{title} Jr"])
        for number, title in enumerate(titles, 1)
    ]
    await index.write(*films)
    spec = NGRAM_FIELDS[field]
    expected: dict[str, set[str]] = defaultdict(set)
    pieces: set[str] = set()
    for film in films:
        for term in chain.from_iterable(getattr(film.terms, name) for name in spec.source_fields):
            starts = range(len(term)) if spec.anywhere else [0]
            for start, length in product(starts, range(1, spec.max_length + 2)):
                piece = term[start : start + length]
                pieces.add(piece)
                if spec.min_length <= length <= min(spec.max_length, len(term) - start):
                    expected[piece].add(film.film_id)
    for piece in sorted(pieces):
        plan = Plan((Group((Slot((Clause(field, (piece,), 1.0),)),), 1),))
        hits = await index.engine.search(plan, 0, 10)
        assert {hit.film_id for hit in hits.hits} == expected[piece], piece


async def test_ties_are_ordered_by_votes_then_ids(index: IndexHarness) -> None:
    twins = [build_document(n, "Twins", imdb_votes=7) for n in (31, 12, 23)]
    await index.write(*twins, build_document(40, "Twins", imdb_votes=8))
    assert await index.ids("twins") == [str(UUID(int=n)) for n in (40, 12, 23, 31)]


async def test_pages_neither_overlap_nor_skip(index: IndexHarness) -> None:
    await index.write(*(build_document(n, "Twins") for n in range(1, 48)))
    paged: list[str] = []
    for offset in range(0, 60, 10):
        hits = await index.hits("twins", offset, 10)
        assert hits.total == 47
        paged += [hit.film_id for hit in hits.hits]
    assert paged == [str(UUID(int=n)) for n in range(1, 48)]


async def test_a_check_returns_one_line_about_the_index(index: IndexHarness) -> None:
    await index.write(*FILMS)
    line = await index.engine.check()
    assert "5 documents" in line
    assert "\n" not in line


async def test_opening_and_closing_twice_is_harmless(index: IndexHarness) -> None:
    await index.engine.open()
    await index.writer.open()
    await index.writer.close()
    await index.engine.close()


async def test_the_longest_query_is_answered(index: IndexHarness) -> None:
    await index.write(*FILMS)
    longest = " ".join(["abcde"] * 32)
    assert (await index.hits(longest)).total == 0
    plan = Plan.relaxed(Query.parse("x" * 200), index.vocabulary)
    assert (await index.engine.search(plan, 0, 10)).total == 0


async def test_query_syntax_is_plain_text(index: IndexHarness) -> None:
    await index.write(*FILMS)
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
        await index.hits(text)
    assert (await index.ids("jaws*"))[:1] == [JAWS.film_id]


async def test_a_check_reports_the_index_that_has_just_become_live(tmp_path: Path) -> None:
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


async def test_filters_accept_the_same_films_as_in_python(index: IndexHarness) -> None:
    documents = [build_document(n, **facts) for n, facts in enumerate(FILTER_FILMS, 1)]
    await index.write(*documents)
    rows = [SimpleNamespace(**facts) for facts in FILTER_FILMS]
    man = Plan.fuzzy(Query.parse("man"), index.vocabulary)
    for filters in FILTER_CASES:
        expected = [d.film_id for d, r in zip(documents, rows, strict=True) if filters.accepts(r)]
        assert expected
        for plan in (None, man):
            hits = await index.engine.search(plan, 0, 100, filters=filters)
            assert sorted(hit.film_id for hit in hits.hits) == sorted(expected)
            assert (hits.total, hits.relation) == (len(expected), "eq")


async def test_facet_counts_are_the_same_as_in_python(index: IndexHarness) -> None:
    await index.write(*(build_document(n, **facts) for n, facts in enumerate(FILTER_FILMS, 1)))
    rows = [SimpleNamespace(**facts) for facts in FILTER_FILMS]
    plan, facets = Plan.exact(Query.parse("man")), get_args(Facet)
    for filters in FILTER_CASES:
        counts = await index.engine.count(plan, filters, facets)
        assert counts == count_facets(rows, filters, facets)


@pytest.mark.parametrize(
    "sort", ["year", "-year", "rating", "-rating", "title", "popularity", "relevance"]
)
async def test_every_order_is_total_and_continues_after_any_hit(
    index: IndexHarness, sort: Sort
) -> None:
    """Read page by page, while films are added and deleted."""
    await index.write(*(build_document(n, **facts) for n, facts in enumerate(FILTER_FILMS, 1)))
    expected = expected_order(sort)
    for plan in (None, Plan.exact(Query.parse("man"))):
        all_hits = await index.engine.search(plan, 0, 100, sort=sort)
        in_order = [hit.film_id for hit in all_hits.hits]
        if sort != "relevance" or plan is None:
            assert in_order == expected
        middle = await index.engine.search(plan, 17, 9, sort=sort)
        assert [hit.film_id for hit in middle.hits] == in_order[17:26]
        paged: list[str] = []
        after: SortKey | None = None
        while page := (await index.engine.search(plan, len(paged), 7, sort=sort, after=after)).hits:
            paged += [hit.film_id for hit in page]
            after = page[-1].sort_key
            number = 100 + len(paged)
            await index.write(build_document(number, **FILTER_FILMS[len(paged) % 60]))
        assert len(paged) == len(set(paged))
        assert [film_id for film_id in paged if film_id in set(expected)] == in_order
        await index.write(*(MovieDocument.tombstone(str(UUID(int=n)), 9) for n in range(100, 200)))
