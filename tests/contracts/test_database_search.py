"""Search in the database: the same films, filters and orders as in an index."""

from typing import Any

import pytest

from service.films.models import Film
from service.search.criteria.filters import NO_FILTERS
from service.search.criteria.sorting import Sort
from service.search.engines.sql import DatabaseEngine
from service.search.index.document import MovieDocument
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.retrieval.database_search import DatabaseSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.search_request import Page, SearchRequest, SearchResult
from service.search.vocabulary.vocabulary import Vocabulary
from tests.support.backends import BACKEND_TIMEOUT
from tests.support.filter_films import FILTER_CASES, FILTER_FILMS, expected_order
from tests.support.sample_catalogue import build_film


async def insert_films(
    facts_of_films: list[dict[str, Any]],
) -> tuple[list[Film], Vocabulary]:
    """Insert films into the database; return them and their vocabulary."""
    films, vocabulary = [], Vocabulary()
    for number, facts in enumerate(facts_of_films, 1):
        ratings = {"imdb": {"value": facts["imdb_rating"]}}
        film = build_film(number, {**facts, "ratings": ratings, "votes": facts["imdb_votes"]})
        film.type, film.runtime_minutes = facts["type"], facts["runtime_minutes"]
        film.popularity = facts["popularity"]
        films.append(film)
        vocabulary.add(MovieDocument.from_film(film).vocabulary_words())
    await Film.bulk_create(films)
    return films, vocabulary


async def search(vocabulary: Vocabulary, text: str, limit: int = 5, **options: Any) -> SearchResult:
    database_search = DatabaseSearch(vocabulary, FilmCache(), BACKEND_TIMEOUT)
    return await database_search.search(SearchRequest(text, page=Page(limit), **options))


async def test_an_imdb_id_finds_its_film_with_filters_and_facets(database: str) -> None:
    films, vocabulary = await insert_films(FILTER_FILMS)
    await Film.filter(id=films[0].id).update(imdb_id="tt0000042")
    for text in ("tt0000042", "https://www.imdb.com/title/tt0000042/"):
        result = await search(vocabulary, text, facets=("type",))
        assert [str(hit.film.id) for hit in result.hits] == [str(films[0].id)]
        assert result.total == 1 and result.facets is not None and not result.degraded
    assert (await search(vocabulary, "tt9999999")).hits == ()


async def test_filters_accept_the_same_films_as_in_python(database: str) -> None:
    films, vocabulary = await insert_films(FILTER_FILMS)
    man = Plan.fuzzy(Query.parse("man"), vocabulary)
    for filters in FILTER_CASES:
        expected = {str(film.id) for film in films if filters.accepts(film)}
        for plan in (None, man):
            hits = await DatabaseEngine().search(plan, 0, 100, filters, "relevance")
            assert {hit.film_id for hit in hits.hits} == expected
            assert hits.total == len(expected)


@pytest.mark.parametrize(
    "sort", ["year", "-year", "rating", "-rating", "title", "popularity", "relevance"]
)
async def test_every_order_is_that_of_the_engines(database: str, sort: Sort) -> None:
    await insert_films(FILTER_FILMS)
    hits = await DatabaseEngine().search(None, 0, 100, NO_FILTERS, sort)
    assert [hit.film_id for hit in hits.hits] == expected_order(sort)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("mna of stel", "Man of Steel"),
        ("manonfire", "Man on Fire"),
        ("a man aprt", "A Man Apart"),
        ("%", None),
        ("_____", None),
    ],
)
async def test_misspelt_titles_are_found_and_wildcards_are_plain_text(
    database: str, text: str, title: str | None
) -> None:
    _, vocabulary = await insert_films(FILTER_FILMS)
    result = await search(vocabulary, text)
    titles = [hit.film.title for hit in result.hits]
    assert "search_engine_away" in result.degraded
    assert titles[:1] == ([title] if title else [])


@pytest.mark.parametrize("text", ["lindgren", "Astrid Lingren", "man lindgren"])
async def test_writers_are_not_searched_when_only_titles_and_directors_are(
    database: str, text: str
) -> None:
    facts = {**FILTER_FILMS[0], "title": "Man of Letters", "writers": ["Astrid Lindgren"]}
    _, vocabulary = await insert_films([*FILTER_FILMS, facts])
    fields = frozenset({"title", "writer"} if "man" in text else {"writer"})
    for words in (vocabulary, Vocabulary()):  # also without a stored vocabulary
        result = await search(words, text, fields=fields)
        assert result.hits[0].film.title == "Man of Letters"
    result = await search(vocabulary, text, with_people=False)
    assert "Man of Letters" not in [hit.film.title for hit in result.hits[:1]]


@pytest.mark.parametrize(
    "text",
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
@pytest.mark.parametrize(
    "options", [{}, {"typo_tolerance": False}, {"sort": "year"}], ids=["default", "exact", "sorted"]
)
async def test_no_sign_has_a_meaning_in_sql_or_in_the_search_texts(
    database: str, text: str, options: dict[str, Any]
) -> None:
    films, vocabulary = await insert_films(FILTER_FILMS)
    assert (await search(vocabulary, text, 100, **options)).total < len(films)
