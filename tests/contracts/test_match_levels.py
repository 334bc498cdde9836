"""Not here is an answer: match levels, cut lists and `match="all"`, on each engine and by SQL."""

from typing import Any

import pytest

from service.films.models import Film
from service.search.criteria.filters import Filters
from service.search.index.document import MovieDocument
from service.search.ranking.match_level import MATCH_LEVELS
from service.search.retrieval.database_search import DatabaseSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.search_request import Page, SearchHit, SearchRequest, SearchResult
from service.search.vocabulary.vocabulary import Vocabulary
from tests.support.backends import BACKEND_TIMEOUT
from tests.support.sample_catalogue import SampleIndex

ABSENT = ["the third man", "oppenheimer", "citizen of glass", "zardoz", "metropolis dream"]
"""Queries for films that are neither among the samples nor among the films of the tests."""


async def search_database(films: list[Film], text: str, **options: Any) -> SearchResult:
    vocabulary = Vocabulary()
    vocabulary.add(w for film in films for w in MovieDocument.from_film(film).vocabulary_words())
    database_search = DatabaseSearch(vocabulary, FilmCache(), BACKEND_TIMEOUT)
    return await database_search.search(SearchRequest(text, page=Page(20), **options))


@pytest.mark.parametrize("text", ABSENT)
async def test_a_film_that_is_not_here_matches_some_words_at_most(
    sample_index: SampleIndex, films: list[Film], text: str
) -> None:
    for result in (await sample_index.search(text, 20), await search_database(films, text)):
        assert result.level != "all"
        assert all(hit.level != "all" for hit in result.hits)
        assert (await sample_index.search(text, match="all")).total == 0
        assert result.total < 60


@pytest.mark.parametrize("text", ["the godfather", "godfahter", "spielberg jaws", "star wars"])
async def test_a_film_that_is_here_matches_all_words(
    sample_index: SampleIndex, films: list[Film], text: str
) -> None:
    for result in (await sample_index.search(text), await search_database(films, text)):
        assert (result.level, result.hits[0].level) == ("all", "all")


async def test_a_list_of_similar_words_has_one_total_and_level_on_all_pages(
    sample_index: SampleIndex,
) -> None:
    whole = await sample_index.search("the third man", 100)
    assert (whole.level, whole.cursor) == ("some", None)
    assert whole.total == len(whole.hits) > 4
    by_offset = await sample_index.search("the third man", 2, 2)
    assert by_offset.hits == whole.hits[2:4]
    page = await sample_index.search("the third man", 2)
    hits = list(page.hits)
    while page.cursor is not None:
        page = await sample_index.search("the third man", 2, cursor=page.cursor)
        assert (page.total, page.level) == (whole.total, "some")
        hits += page.hits
    assert hits == list(whole.hits)


async def test_a_list_of_similar_words_is_sorted_and_counted_as_others_are(
    sample_index: SampleIndex,
) -> None:
    facets: Any = ("genre",)
    whole = await sample_index.search("the third man", 100, facets=facets)
    by_year = await sample_index.search("the third man", 100, sort="year", facets=facets)
    years = [hit.film.year or 0 for hit in by_year.hits]
    assert years == sorted(years)
    assert {hit.film.id for hit in by_year.hits} == {hit.film.id for hit in whole.hits}
    assert by_year.level == "some"
    assert whole.facets is not None
    dramas = sum("Drama" in hit.film.genres for hit in whole.hits)
    assert dramas in [count.count for count in whole.facets["genre"] if count.value == "Drama"]
    filters = Filters(genres=("drama",))
    filtered = await sample_index.search("the third man", 100, filters=filters, facets=facets)
    assert filtered.total == len(filtered.hits) >= dramas
    assert filtered.facets is not None and len(filtered.facets["genre"]) > 1


@pytest.mark.parametrize("text", ["the man", "the godfather part ii", "star", "love the", "of the"])
async def test_only_films_with_all_words_are_listed_on_request(
    sample_index: SampleIndex, films: list[Film], text: str
) -> None:
    complete = await sample_index.search(text, 100, match="all")
    assert complete.hits and {hit.level for hit in complete.hits} == {"all"}
    everything = await sample_index.search(text, 100)
    expected = {hit.film.id for hit in everything.hits if hit.level == "all"}
    assert {hit.film.id for hit in complete.hits} >= expected
    paged: list[SearchHit] = []
    cursor = None
    while True:
        page = await sample_index.search(text, 7, cursor=cursor, match="all")
        assert page.total == complete.total
        paged += page.hits
        if (cursor := page.cursor) is None:
            break
    assert len(paged) == complete.total
    alone = await search_database(films, text, match="all")
    assert alone.hits and {hit.level for hit in alone.hits} == {"all"}


async def test_misspelt_films_with_all_words_are_listed_on_request(
    sample_index: SampleIndex, films: list[Film]
) -> None:
    for result in (
        await sample_index.search("the godfahter", match="all"),
        await search_database(films, "the godfahter", match="all"),
    ):
        assert [hit.film.title for hit in result.hits] == ["The Godfather"]
        assert result.total == 1


@pytest.mark.parametrize("text", ["the", "star", "die hard 3", "the third man", "a man in the"])
@pytest.mark.parametrize("fields", [("title", "director"), ("title", "plot")])
async def test_scores_never_rise_from_hit_to_hit(
    sample_index: SampleIndex, text: str, fields: tuple[Any, ...]
) -> None:
    scores: list[float] = []
    cursor = None
    while True:
        page = await sample_index.search(text, 30, cursor=cursor, fields=frozenset(fields))
        scores += [hit.score for hit in page.hits]
        if (cursor := page.cursor) is None:
            break
    assert scores == sorted(scores, reverse=True)


async def test_the_level_of_a_list_is_the_best_of_its_films(sample_index: SampleIndex) -> None:
    for text in ("the", "man of the year", "xyzzy man", "jaws xyzzy"):
        result = await sample_index.search(text, 100)
        levels = {hit.level for hit in result.hits}
        assert result.level == next(level for level in MATCH_LEVELS if level in levels)
