"""The order of films whose texts are compared: pure, without an engine."""

from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Invalid
from service.search.query.parser import Query
from service.search.query.synonyms import expand_nicknames
from service.search.ranking.candidates import Candidate
from service.search.ranking.did_you_mean import did_you_mean
from service.search.ranking.scorer import rank
from service.search.ranking.sequels import promote_sequel
from service.text.phonetics import phonetic_key

numbers = count(1)


def film(title: str, year: int | None = None, **facts: Any) -> Candidate:
    known: dict[str, Any] = {"aliases": (), "directors": (), "votes": 1_000}
    film_id = f"{next(numbers):032}"
    return Candidate.from_facts(
        film_id=film_id, version=1, title=title, year=year, **(known | facts)
    )


def order(typed: str, *films: Candidate) -> list[str]:
    query = Query.parse(typed)
    ranked = promote_sequel(query, rank(query, films))
    return [next(f.compact_key for f in r.candidate.titles) for r in ranked]


def test_the_whole_title_comes_before_a_better_known_longer_one() -> None:
    films = film("It Follows", votes=9_000_000), film("It"), film("Take It", votes=9_000_000)
    assert order("it", *films)[0] == "it"


def test_the_title_as_it_was_typed_comes_before_one_of_the_same_letters() -> None:
    joined, apart = film("Bloodbrothers", votes=90_000), film("Blood Brothers")
    longer = film("Blood Brothers Forever", votes=9_000_000)
    query = Query.parse("blood brothers")
    ranked = [r.candidate for r in rank(query, [joined, longer, apart])]
    assert ranked == [apart, joined, longer]


def test_of_equal_titles_the_better_known_comes_first() -> None:
    few, many = film("Dune", 1984, votes=10), film("Dune", 2021, votes=1_000_000)
    query = Query.parse("dune")
    assert rank(query, [few, many])[0].candidate is many


def test_the_year_that_was_typed_beats_votes() -> None:
    few, many = film("Dune", 1984, votes=10), film("Dune", 2021, votes=1_000_000)
    for typed in ("dune 1984", "dune 1985"):
        assert rank(Query.parse(typed), [many, few])[0].candidate is few, typed


def test_a_year_in_the_title_is_a_title() -> None:
    films = film("Blade Runner", 1982, votes=5_000_000), film("Blade Runner 2049", 2017)
    assert order("blade runner 2049", *films)[0] == "bladerunner2049"
    assert order("balde runner 2049", *films)[0] == "bladerunner2049"


def test_a_typo_beats_a_word_that_is_further_away() -> None:
    assert (
        order("bhtterfly", film("M. Butterfly", votes=9_000), film("Butterfly"))[0] == "butterfly"
    )


def test_joined_and_split_words_find_the_same_title() -> None:
    films = film("The God of War"), film("The Godfather"), film("Father")
    for typed in ("godfather", "god father", "thegodfather", "the god fahter"):
        assert order(typed, *films)[0] == "thegodfather", typed


def test_a_beginning_is_of_the_best_known_film_and_not_of_the_shortest_title() -> None:
    films = film("The American", votes=90_000), film("American Beauty", votes=1_100_000)
    assert order("americ", *films)[0] == "americanbeauty"
    assert order("american", *films)[0] == "theamerican"
    films = (
        film("Eternal Sunshine of the Spotless Mind", votes=935_000),
        film("E.T. the Extra-Terrestrial", votes=381_000),
    )
    assert order("et", *films)[0] == "ettheextraterrestrial"


def test_a_beginning_has_its_words_apart_where_the_title_has() -> None:
    films = film("Madman", votes=900_000), film("Mad Max"), film("Mad Max: Fury Road")
    assert order("mad m", *films)[0] == "madmax"
    assert order("fargoe", film("Fargo Express", votes=0), film("Fargo", votes=600_000)) == [
        "fargo",
        "fargoexpress",
    ]


def test_a_number_of_several_words_is_that_number() -> None:
    films = film("Five Days One Summer", votes=90_000), film("500 Days of Summer")
    assert order("five hundred days of sumer", *films)[0] == "500daysofsummer"
    assert order("three hundred", film("One Hundred and One Dalmatians"), film("300"))[0] == "300"


def test_a_number_must_be_the_right_one_however_it_is_written() -> None:
    films = film("Rocky"), film("Rocky II"), film("Rocky III"), film("Rocky IV")
    for typed in ("rocky 3", "rocky three", "rocky iii", "rokcy 3"):
        assert order(typed, *films)[0] == "rockyiii", typed


def test_the_director_beside_a_title_decides_between_films() -> None:
    films = (
        film("The Ring", directors=["Hideo Nakata"]),
        film("The Ring", directors=["Gore Verbinski"], votes=0),
    )
    best = rank(Query.parse("verbinski ring"), films)[0].candidate
    assert best.directors == (("gore", "verbinski"),)


def test_a_misspelt_directors_name_beats_a_title_that_is_a_little_alike() -> None:
    films = film("Dark Waters", votes=90_000), film("Freaky Friday", directors=["Mark Waters"])
    assert order("marik waters", *films)[0] == "freakyfriday"


def test_words_that_sound_alike_count() -> None:
    assert order("boihud", film("Bohemia"), film("Boyhood"))[0] == "boyhood"
    assert phonetic_key("moonlite") == phonetic_key("moonlight")
    assert phonetic_key("stuk") == phonetic_key("stuck")
    assert phonetic_key("exorcist") == phonetic_key("eksercist")


def test_initials_stand_for_the_title() -> None:
    films = film("The Lord of the Rings: The Two Towers"), film("Lot"), film("Lottery")
    assert order("lotr", *films)[0] == "thelordoftheringsthetwotowers"


def test_a_series_is_counted_by_years_when_no_title_has_the_number() -> None:
    films = (
        film("Live Free or Die Hard", 2007),
        film("Die Hard", 1988),
        film("Die Hard 2", 1990),
        film("Die Hard with a Vengeance", 1995),
        film("Die Hard Dracula", 1998, votes=3),
        film("Die Hardly", 1960, votes=2),
    )
    assert order("die hard 3", *films)[0] == "diehardwithavengeance"
    assert order("die hard 2", *films)[0] == "diehard2"
    assert order("die hard 4", *films)[0] == "livefreeordiehard"


def test_nicknames_are_written_out() -> None:
    written = expand_nicknames(Query.parse("t2 judgment day"))
    assert written is not None
    assert written.words == ("terminator", "2", "judgment", "day")
    assert expand_nicknames(Query.parse("jaws")) is None


def test_a_misspelt_query_is_answered_in_the_films_words() -> None:
    films = [film("The Godfather", directors=["Francis Ford Coppola"])]

    def meant(typed: str) -> str | None:
        query = Query.parse(typed)
        return did_you_mean(query, rank(query, films)[0])

    assert meant("the godfahter") == "the godfather"
    assert meant("godfather copola") == "godfather coppola"
    assert meant("the godfather") is None
    assert meant("the godf") is None
    assert meant("something else altogether") is None


texts = st.text("abcde fg1", min_size=1, max_size=20)


@settings(deadline=None, max_examples=60)
@given(texts, st.lists(texts, min_size=1, max_size=6))
def test_the_order_is_total_and_never_loses_an_exact_title(typed: str, titles: list[str]) -> None:
    try:
        query = Query.parse(typed)
    except Invalid:
        return
    films = [film(title) for title in titles if title.strip()]
    films.append(film(typed))
    forwards, backwards = rank(query, films), rank(query, films[::-1])
    assert [r.candidate for r in forwards] == [r.candidate for r in backwards]
    assert len(forwards) == len(films)
    assert any(title.compact_key == "".join(query.words) for title in forwards[0].candidate.titles)
