"""What a typed text is taken for, and what is refused before any engine is asked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Invalid
from service.search.query.parser import MAX_QUERY_LENGTH, MAX_WORDS, Query


@pytest.mark.parametrize(
    ("typed", "code"),
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
def test_what_cannot_be_searched_is_refused_by_name(typed: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        Query.parse(typed)
    assert refused.value.code == code
    assert refused.value.errors[0].pointer == "q"


def test_the_longest_text_and_the_most_words_are_taken() -> None:
    assert Query.parse("x" * MAX_QUERY_LENGTH).words == ("x" * MAX_QUERY_LENGTH,)
    assert len(Query.parse("a " * MAX_WORDS).words) == MAX_WORDS


def test_blanks_around_and_between_change_nothing() -> None:
    assert Query.parse("  the \t godfather\n") == Query.parse("the godfather")


@pytest.mark.parametrize(
    "typed",
    [
        "tt0068646",
        "TT0068646",
        " tt0068646 ",
        "https://www.imdb.com/title/tt0068646/",
        "http://m.imdb.com/title/tt0068646/?ref_=nv_sr_1",
        "imdb.com/title/tt0068646",
        "https://www.imdb.com/de/title/tt0068646/reviews",
    ],
)
def test_an_imdb_id_or_address_is_recognised(typed: str) -> None:
    assert Query.parse(typed).imdb_id == "tt0068646"


@pytest.mark.parametrize("typed", ["tt00", "jaws tt0068646", "https://example.org/title/tt0068646"])
def test_other_texts_are_no_imdb_id(typed: str) -> None:
    assert Query.parse(typed).imdb_id is None


@pytest.mark.parametrize(
    ("typed", "year", "title"),
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
def test_a_year_beside_words_is_a_year_and_alone_is_a_title(
    typed: str, year: int | None, title: tuple[str, ...]
) -> None:
    query = Query.parse(typed)
    assert (query.year, query.title) == (year, title)


@pytest.mark.parametrize(
    ("typed", "core"),
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
def test_what_people_add_around_a_title_is_not_its_core(typed: str, core: tuple[str, ...]) -> None:
    assert Query.parse(typed).core == core


def test_the_whole_title_is_known_with_and_without_what_was_added() -> None:
    wholes = Query.parse("the lego movie").full_titles
    assert {"lego", "legomovie", "thelegomovie"} <= set(wholes)


def test_numbers_in_the_whole_title_are_also_figures() -> None:
    assert "rocky2" in Query.parse("rocky II").full_titles


@settings(deadline=None)
@given(st.text())
def test_any_text_is_either_read_or_refused(text: str) -> None:
    try:
        query = Query.parse(text)
    except Invalid as refused:
        assert refused.code.startswith("query_")
    else:
        assert query.core
        assert query.title
        assert all(query.full_titles)
