"""Match levels: how much of a query one film explains."""

from typing import Any

import pytest

from service.search.query.parser import Query
from service.search.ranking.match_level import MatchLevel
from service.search.ranking.word_comparison import judge_levels
from tests.support.candidates import build_candidate


def judge(text: str, title: str, year: int | None = None, known: str = "", **facts: Any) -> str:
    film = build_candidate(title, year, **facts)
    levels = judge_levels(Query.parse(text), [film], is_known=known.split().__contains__)
    return levels[film.film_id]


@pytest.mark.parametrize(
    ("text", "title", "level"),
    [
        ("the godfather", "The Godfather", "all"),
        ("watch godfather full movie", "The Godfather", "all"),
        ("godfather part 2", "The Godfather: Part II", "all"),
        ("dr strangelove", "Doctor Strangelove", "all"),
        ("the godf", "The Godfather", "all"),
        ("god father", "The Godfather", "all"),
        ("starwars", "Star Wars", "all"),
        ("lotr", "The Lord of the Rings", "all"),
        ("godfahter", "The Godfather", "all"),
        ("shawshenk", "The Shawshank Redemption", "some"),
        ("the third man", "Iron Man", "some"),
        ("dune", "Due Date", "some"),
        ("oppenheimer", "Open Water", "similar"),
        ("the of", "The Lord of the Rings", "all"),
        ("product 3800", "Product 3000", "some"),
        ("300", "3000", "all"),
        ("alien 3", "Alien 2", "some"),
    ],
)
def test_a_film_has_all_words_some_or_only_similar_letters(
    text: str, title: str, level: MatchLevel
) -> None:
    assert judge(text, title) == level


def test_names_and_the_year_explain_words_too() -> None:
    facts: Any = {"directors": ["Steven Spielberg"], "aliases": ["Der weiße Hai"]}
    assert judge("spielberg jaws 1975", "Jaws", 1975, **facts) == "all"
    assert judge("spilberg jaws", "Jaws", 1975, **facts) == "all"
    assert judge("hai spielberg", "Jaws", 1975, **facts) == "all"
    assert judge("jaws 1976", "Jaws", 1975, **facts) == "some"


def test_a_misspelt_surname_alone_is_not_similar_to_the_whole_name() -> None:
    assert judge("spielburg", "Jaws", directors=["Steven Spielberg"]) == "some"
    assert judge("steven spielburg", "Jaws", directors=["Steven Spielberg"]) == "all"


def test_a_word_of_other_films_is_not_taken_for_a_misspelt_one() -> None:
    assert judge("the departed", "The Deported") == "all"
    assert judge("the departed", "The Deported", known="departed") == "some"


def test_words_of_the_plot_count_where_it_was_searched() -> None:
    assert judge("lighthouse keeper", "Nothing Else") == "similar"
    plot = "A lighthouse keeper counts albatrosses."
    assert judge("lighthouse keeper", "Nothing Else", plot=plot) == "all"
