"""Reranking: the order of films whose texts are compared, without an engine."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Invalid
from service.search.query.parser import Query
from service.search.ranking.scorer import rank
from service.text.phonetics import phonetic_key
from tests.support.candidates import build_candidate, rank_titles


def test_a_full_title_comes_before_a_better_known_longer_one() -> None:
    films = (
        build_candidate("It Follows", votes=9_000_000),
        build_candidate("It"),
        build_candidate("Take It", votes=9_000_000),
    )
    assert rank_titles("it", *films)[0] == "it"


def test_a_title_as_typed_comes_before_one_of_the_same_letters() -> None:
    joined, apart = (
        build_candidate("Bloodbrothers", votes=90_000),
        build_candidate("Blood Brothers"),
    )
    longer = build_candidate("Blood Brothers Forever", votes=9_000_000)
    query = Query.parse("blood brothers")
    ranked = [r.candidate for r in rank(query, [joined, longer, apart])]
    assert ranked == [apart, joined, longer]


def test_a_film_of_which_a_title_has_no_words_is_ranked_by_the_others() -> None:
    blank, other = build_candidate("Kestrelmoor", aliases=("\u200b",)), build_candidate("Kestrel")
    assert rank_titles("kestrelmoor", other, blank)[0] == "kestrelmoor"
    assert rank_titles("000", blank, build_candidate("\u200b")) == ["kestrelmoor", ""]


def test_of_equal_titles_the_one_with_more_votes_comes_first() -> None:
    few, many = (
        build_candidate("Dune", 1984, votes=10),
        build_candidate("Dune", 2021, votes=1_000_000),
    )
    query = Query.parse("dune")
    assert rank(query, [few, many])[0].candidate is many


def test_a_typed_year_outweighs_votes() -> None:
    few, many = (
        build_candidate("Dune", 1984, votes=10),
        build_candidate("Dune", 2021, votes=1_000_000),
    )
    for text in ("dune 1984", "dune 1985"):
        assert rank(Query.parse(text), [many, few])[0].candidate is few, text


def test_a_year_that_is_part_of_a_title_is_not_a_filter() -> None:
    films = (
        build_candidate("Blade Runner", 1982, votes=5_000_000),
        build_candidate("Blade Runner 2049", 2017),
    )
    assert rank_titles("blade runner 2049", *films)[0] == "bladerunner2049"
    assert rank_titles("balde runner 2049", *films)[0] == "bladerunner2049"


def test_a_title_with_one_typo_comes_before_a_less_similar_one() -> None:
    assert (
        rank_titles(
            "bhtterfly", build_candidate("M. Butterfly", votes=9_000), build_candidate("Butterfly")
        )[0]
        == "butterfly"
    )


def test_joined_and_split_words_find_the_same_title() -> None:
    films = (
        build_candidate("The God of War"),
        build_candidate("The Godfather"),
        build_candidate("Father"),
    )
    for text in ("godfather", "god father", "thegodfather", "the god fahter"):
        assert rank_titles(text, *films)[0] == "thegodfather", text


def test_a_prefix_finds_the_best_known_film_and_not_the_shortest_title() -> None:
    films = (
        build_candidate("The American", votes=90_000),
        build_candidate("American Beauty", votes=1_100_000),
    )
    assert rank_titles("americ", *films)[0] == "americanbeauty"
    assert rank_titles("american", *films)[0] == "theamerican"
    films = (
        build_candidate("Eternal Sunshine of the Spotless Mind", votes=935_000),
        build_candidate("E.T. the Extra-Terrestrial", votes=381_000),
    )
    assert rank_titles("et", *films)[0] == "ettheextraterrestrial"


def test_a_prefix_matches_titles_with_the_same_word_boundaries() -> None:
    films = (
        build_candidate("Madman", votes=900_000),
        build_candidate("Mad Max"),
        build_candidate("Mad Max: Fury Road"),
    )
    assert rank_titles("mad m", *films)[0] == "madmax"
    assert rank_titles(
        "fargoe", build_candidate("Fargo Express", votes=0), build_candidate("Fargo", votes=600_000)
    ) == [
        "fargo",
        "fargoexpress",
    ]


def test_a_number_of_several_words_matches_its_digits() -> None:
    films = (
        build_candidate("Five Days One Summer", votes=90_000),
        build_candidate("500 Days of Summer"),
    )
    assert rank_titles("five hundred days of sumer", *films)[0] == "500daysofsummer"
    assert (
        rank_titles(
            "three hundred",
            build_candidate("One Hundred and One Dalmatians"),
            build_candidate("300"),
        )[0]
        == "300"
    )


def test_a_number_matches_in_any_form_but_no_other_number_does() -> None:
    films = (
        build_candidate("Rocky"),
        build_candidate("Rocky II"),
        build_candidate("Rocky III"),
        build_candidate("Rocky IV"),
    )
    for text in ("rocky 3", "rocky three", "rocky iii", "rokcy 3"):
        assert rank_titles(text, *films)[0] == "rockyiii", text


def test_a_director_beside_a_title_decides_between_films() -> None:
    films = (
        build_candidate("The Ring", directors=["Hideo Nakata"]),
        build_candidate("The Ring", directors=["Gore Verbinski"], votes=0),
    )
    best = rank(Query.parse("verbinski ring"), films)[0].candidate
    assert best.directors == (("gore", "verbinski"),)


def test_a_misspelt_director_outweighs_a_slightly_similar_title() -> None:
    films = (
        build_candidate("Dark Waters", votes=90_000),
        build_candidate("Freaky Friday", directors=["Mark Waters"]),
    )
    assert rank_titles("marik waters", *films)[0] == "freakyfriday"


def test_words_that_sound_alike_match() -> None:
    assert (
        rank_titles("boihud", build_candidate("Bohemia"), build_candidate("Boyhood"))[0]
        == "boyhood"
    )
    assert phonetic_key("moonlite") == phonetic_key("moonlight")
    assert phonetic_key("stuk") == phonetic_key("stuck")
    assert phonetic_key("exorcist") == phonetic_key("eksercist")


def test_initials_stand_for_the_title() -> None:
    films = (
        build_candidate("The Lord of the Rings: The Two Towers"),
        build_candidate("Lot"),
        build_candidate("Lottery"),
    )
    assert rank_titles("lotr", *films)[0] == "thelordoftheringsthetwotowers"


texts = st.text("abcde fg1", min_size=1, max_size=20)


@settings(deadline=None, max_examples=60)
@given(texts, st.lists(texts, min_size=1, max_size=6))
def test_the_order_is_total_and_an_exact_title_comes_first(text: str, titles: list[str]) -> None:
    try:
        query = Query.parse(text)
    except Invalid:
        return
    films = [build_candidate(title) for title in titles if title.strip()]
    films.append(build_candidate(text))
    forwards, backwards = rank(query, films), rank(query, films[::-1])
    assert [r.candidate for r in forwards] == [r.candidate for r in backwards]
    assert len(forwards) == len(films)
    assert any(title.compact_key == "".join(query.words) for title in forwards[0].candidate.titles)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Help!", "Help!"),
        ("help", "Help"),
        ("the help", "The Help"),
        ("Up!", "Up!"),
        ("#Alive", "#Alive"),
        ("alive", "Alive"),
        ("The Border", "The Border"),
        ("border", "Border"),
    ],
)
def test_an_exact_title_wins_with_its_signs_whatever_the_votes(text: str, first: str) -> None:
    titles = ["Help!", "Help", "The Help", "Up", "Up!", "Alive", "#Alive", "Border", "The Border"]
    votes = {title: 1 if title == first else 900_000 for title in titles}
    films = [build_candidate(title, votes=votes[title]) for title in titles]
    ranked = rank(Query.parse(text), films)
    assert ranked[0].candidate.titles[0].text == first
