"""Parsing a text text, and the texts that are rejected before a search."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Invalid
from service.search.query.parser import MAX_QUERY_LENGTH, MAX_WORDS, Query


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "query_empty"),
        (" \t\n ", "query_empty"),
        ("\u200b", "query_empty"),
        ("x" * 201, "query_too_long"),
        ("x" * 10_000, "query_too_long"),
        ("ﷺ" * 100, "query_too_long"),
        ("a " * 33, "query_too_many_words"),
        ("jaws\x00", "query_unreadable"),
        ("jaws\x1b[0m", "query_unreadable"),
        ("jaws \ud800", "query_unreadable"),
    ],
)
def test_a_text_that_cannot_be_searched_is_rejected_with_a_code(text: str, code: str) -> None:
    with pytest.raises(Invalid) as error:
        Query.parse(text)
    assert error.value.code == code
    assert error.value.errors[0].pointer == "q"


def test_the_longest_text_and_the_maximum_of_words_are_accepted() -> None:
    assert Query.parse("x" * MAX_QUERY_LENGTH).words == ("x" * MAX_QUERY_LENGTH,)
    assert len(Query.parse("a " * MAX_WORDS).words) == MAX_WORDS


def test_surrounding_and_repeated_spaces_do_not_matter() -> None:
    assert Query.parse("  the \t godfather\n") == Query.parse("the godfather")


@pytest.mark.parametrize(
    "text",
    [
        "tt0068646",
        "TT0068646",
        " tt0068646 ",
        "https://www.imdb.com/title/tt0068646/",
        "http://m.imdb.com/title/tt0068646/?ref_=nv_sr_1",
        "imdb.com/title/tt0068646",
        "https://www.imdb.com/de/title/tt0068646/reviews",
        "imdb:tt0068646",
        "imdb_id=TT0068646",
        '"tt0068646"',
        "(tt0068646)",
        "tt0068646,",
        "<tt00068646>",
        "The Godfather [imdbid-tt0068646]",
        "https://example.org/title/tt0068646",
    ],
)
def test_an_imdb_id_or_address_is_recognized(text: str) -> None:
    assert Query.parse(text).imdb_id == "tt0068646"


@pytest.mark.parametrize("text", ["tt00", "tt006864", "watt0068646", "tt00686460000", "tt0068646x"])
def test_other_texts_are_not_imdb_ids(text: str) -> None:
    assert Query.parse(text).imdb_id is None


@pytest.mark.parametrize(
    ("text", "year", "title"),
    [
        ("dune 2021", 2021, ("dune",)),
        ("Dune (2021)", 2021, ("dune",)),
        ("2021 dune", 2021, ("dune",)),
        ("blade runner 2049", 2049, ("blade", "runner")),
        ("1917 2019", 2019, ("1917",)),
        ("dune 2021 full movie", 2021, ("dune",)),
        ("1917", None, ("1917",)),
        ("2012", None, ("2012",)),
        ("300", None, ("300",)),
        ("apollo 13", None, ("apollo", "13")),
    ],
)
def test_a_year_beside_words_is_a_year_and_alone_it_is_a_title(
    text: str, year: int | None, title: tuple[str, ...]
) -> None:
    query = Query.parse(text)
    assert (query.year, query.title) == (year, title)


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("watch jaws", ("jaws",)),
        ("jaws full movie", ("jaws",)),
        ("jaws the movie", ("jaws",)),
        ("the lego movie", ("the", "lego")),
        ("not another teen movie trailer", ("not", "another", "teen")),
        ("the movie", ("the", "movie")),
        ("movie", ("movie",)),
        ("the last movie star", ("the", "last", "movie", "star")),
    ],
)
def test_the_core_is_the_title_without_noise_words(text: str, core: tuple[str, ...]) -> None:
    assert Query.parse(text).core == core


def test_full_titles_come_with_and_without_noise_words() -> None:
    full_titles = Query.parse("the lego movie").full_titles
    assert {"lego", "legomovie", "thelegomovie"} <= set(full_titles)


def test_full_titles_come_with_numbers_in_digits() -> None:
    assert "rocky2" in Query.parse("rocky II").full_titles


@settings(deadline=None)
@given(st.text())
def test_any_text_is_either_parsed_or_rejected(text: str) -> None:
    try:
        query = Query.parse(text)
    except Invalid as error:
        assert error.code.startswith("query_")
    else:
        assert query.core
        assert query.title
        assert all(query.full_titles)


@pytest.mark.parametrize(
    "text",
    [
        "jaws where to watch",
        "jaws full movie in english",
        "jaws on netflix",
        "jaws 4k",
        "jaws blu ray",
        "jaws english subtitles",
        "jaws dubbed in german",
        "the movie jaws",
        "watch jaws online free",
        "jaws ending explained",
    ],
)
def test_words_of_intent_around_a_title_are_set_aside(text: str) -> None:
    assert Query.parse(text).core == ("jaws",)


@pytest.mark.parametrize(
    "text", ["the english patient", "the good german", "in america", "the movie hero", "film"]
)
def test_words_of_intent_within_a_title_stay(text: str) -> None:
    query = Query.parse(text)
    assert set(query.core) | {"the", "movie"} >= set(query.words)
