"""The database as the engine of last resort: the same films, rule and order."""

from dataclasses import replace
from typing import Any

import pytest

from service.films.models import Film
from service.search.criteria.sorting import Sort
from service.search.engines.sql import DatabaseEngine
from service.search.index.document import MovieDocument
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.retrieval.database_search import DatabaseSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.search_request import Page, SearchRequest
from service.search.vocabulary.vocabulary import Vocabulary
from tests.contracts.test_engines import SELECTIONS, SHELF, by_hand
from tests.support.sample_catalogue import PATIENCE, row


async def filled(shelf: list[dict[str, Any]]) -> tuple[list[Film], Vocabulary]:
    films = []
    for number, facts in enumerate(shelf, 1):
        known = {"ratings": {"imdb": {"value": facts["imdb_rating"]}}, "votes": facts["imdb_votes"]}
        film = row(number, {**facts, **known})
        film.type, film.runtime_minutes = facts["type"], facts["runtime_minutes"]
        film.popularity = facts["popularity"]
        films.append(film)
    await Film.bulk_create(films)
    vocabulary = Vocabulary()
    for film in films:
        vocabulary.add(MovieDocument.from_film(film).vocabulary_words())
    return films, vocabulary


async def test_filters_keep_what_the_rule_in_python_keeps(database: str) -> None:
    films, vocabulary = await filled(SHELF)
    plan = Plan.fuzzy(Query.parse("man"), vocabulary)
    for selection in SELECTIONS:
        kept = {str(film.id) for film in films if selection.accepts(film)}
        for asked in (None, plan):
            hits = await DatabaseEngine().search(asked, 0, 100, selection, "relevance")
            assert {hit.film_id for hit in hits.hits} == kept
            assert hits.total == len(kept)


@pytest.mark.parametrize(
    "sort", ["year", "-year", "rating", "-rating", "title", "popularity", "relevance"]
)
async def test_every_order_is_that_of_the_engines(database: str, sort: Sort) -> None:
    await filled(SHELF)
    hits = await DatabaseEngine().search(None, 0, 100, SearchRequest().filters, sort)
    assert [hit.film_id for hit in hits.hits] == by_hand(sort)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("mna of stel", "Man of Steel"),
        ("manonfire", "Man on Fire"),
        ("a man aprt", "A Man Apart"),
        ("%", None),
        ("_____", None),
    ],
)
async def test_what_is_misspelt_is_found_and_signs_are_plain_text(
    database: str, typed: str, title: str | None
) -> None:
    _, vocabulary = await filled(SHELF)
    found = await DatabaseSearch(vocabulary, FilmCache(), PATIENCE).search(
        SearchRequest(typed, page=Page(5))
    )
    titles = [result.film.title for result in found.hits]
    assert "search_engine_away" in found.degraded
    assert titles[:1] == ([title] if title else [])


@pytest.mark.parametrize("typed", ["lindgren", "Astrid Lingren", "man lindgren"])
async def test_a_writer_is_found_when_asked_for(database: str, typed: str) -> None:
    written = {**SHELF[0], "title": "Man of Letters", "writers": ["Astrid Lindgren"]}
    _, vocabulary = await filled([*SHELF, written])
    wish = SearchRequest(fields=frozenset({"title", "writer"} if "man" in typed else {"writer"}))
    for words in (vocabulary, Vocabulary()):  # also where nobody has left any words
        found = await DatabaseSearch(words, FilmCache(), PATIENCE).search(
            replace(wish, text=typed, page=Page(5))
        )
        assert found.hits[0].film.title == "Man of Letters"
    found = await DatabaseSearch(vocabulary, FilmCache(), PATIENCE).search(
        SearchRequest(typed, page=Page(5))
    )
    assert "Man of Letters" not in [result.film.title for result in found.hits[:1]]


@pytest.mark.parametrize(
    "typed",
    [
        "%",
        "_",
        "\\",
        "'",
        '"',
        "$1 ? ?1 :x",
        "@zacksnyder",
        "#drama",
        "~english",
        "^france",
        "=lindgren",
        "½ 男",
        "' OR 1=1 --",
        "w " * 32,
    ],
)
async def test_no_sign_means_anything_to_the_database(database: str, typed: str) -> None:
    films, vocabulary = await filled(SHELF)
    for wish in (SearchRequest(), SearchRequest(typo_tolerance=False), SearchRequest(sort="year")):
        found = await DatabaseSearch(vocabulary, FilmCache(), PATIENCE).search(
            replace(wish, text=typed, page=Page(100))
        )
        assert found.total < len(films)
