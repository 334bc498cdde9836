"""The parser of OMDb's fields; a value that cannot be parsed costs only its own field."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from service.films.schemas import FilmFacts, ImdbRating, Ratings
from service.omdb.parser import parse_film
from tests.support.omdb_server import FILMS, complete_film

JAWS: dict[str, object] = {
    "Title": "Jaws",
    "Year": "1975",
    "Rated": "PG",
    "Released": "20 Jun 1975",
    "Runtime": "124 min",
    "Genre": "Adventure, Mystery, Thriller",
    "Director": "Steven Spielberg",
    "Writer": "Peter Benchley (novel, 1974), Carl Gottlieb, Peter Benchley (screenplay)",
    "Actors": "Roy Scheider, Robert Shaw, Richard Dreyfuss",
    "Plot": "A great shark.",
    "Language": "English",
    "Country": "United States",
    "Awards": "Won 3 Oscars",
    "Poster": "https://m.media-amazon.com/images/jaws.jpg",
    "Ratings": [
        {"Source": "Internet Movie Database", "Value": "8.0/10"},
        {"Source": "Rotten Tomatoes", "Value": "97%"},
        {"Source": "Metacritic", "Value": "87/100"},
    ],
    "Metascore": "87",
    "imdbRating": "8.0",
    "imdbVotes": "543,388",
    "imdbID": "tt0073195",
    "Type": "movie",
    "DVD": "N/A",
    "BoxOffice": "$260,758,300",
    "Production": "N/A",
    "Website": "N/A",
    "Response": "True",
}


def test_every_field_of_a_film_is_parsed() -> None:
    assert parse_film(JAWS) == FilmFacts(
        title="Jaws",
        imdb_id="tt0073195",
        type="movie",
        year=1975,
        released=date(1975, 6, 20),
        rated="PG",
        runtime_minutes=124,
        genres=("Adventure", "Mystery", "Thriller"),
        directors=("Steven Spielberg",),
        writers=("Peter Benchley", "Carl Gottlieb"),
        actors=("Roy Scheider", "Robert Shaw", "Richard Dreyfuss"),
        plot="A great shark.",
        languages=("English",),
        countries=("United States",),
        awards="Won 3 Oscars",
        ratings=Ratings(
            imdb=ImdbRating(value=8.0, votes=543_388), rotten_tomatoes=97, metacritic=87
        ),
        box_office_usd=260_758_300,
        poster_url="https://m.media-amazon.com/images/jaws.jpg",
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Year", "1999", {"year": 1999}),
        ("Year", "2008–2013", {"year": 2008, "end_year": 2013}),
        ("Year", "2008-2013", {"year": 2008, "end_year": 2013}),
        ("Year", "1989–", {"year": 1989, "end_year": None}),
        ("Year", 1999, {"year": 1999}),
        ("Year", "2024 TV Special", {"year": 2024}),
        ("Awards", r"\N", {}),
        ("Director", "Ren&eacute; &amp;amp; Co, L&#39;Un",
         {"directors": ("René &amp; Co", "L'Un")}),
        ("Awards", "R&D &unknown; &", {"awards": "R&D &unknown; &"}),
        ("imdbID", "TT00038675", {"imdb_id": "tt0038675"}),
        ("Runtime", "136 min", {"runtime_minutes": 136}),
        ("Runtime", "1 h 30 min", {"runtime_minutes": 90}),
        ("Runtime", "2 h", {"runtime_minutes": 120}),
        ("Runtime", "1,440 min", {"runtime_minutes": 1440}),
        ("Runtime", "95", {"runtime_minutes": 95}),
        ("Released", "26 Jun 1975", {"released": date(1975, 6, 26)}),
        ("Released", "01 Sep 2020", {"released": date(2020, 9, 1)}),
        ("Released", "1975-06-26", {"released": date(1975, 6, 26)}),
        ("BoxOffice", "$260,758,300", {"box_office_usd": 260_758_300}),
        ("BoxOffice", "$37.5M", {"box_office_usd": 37_500_000}),
        ("BoxOffice", "$0", {"box_office_usd": 0}),
        ("Season", "5", {"season": 5}),
        ("Episode", "14", {"episode": 14}),
        ("seriesID", "TT0903747", {"series": "tt0903747"}),
        ("Director", "Lana Wachowski, Lilly Wachowski",
         {"directors": ("Lana Wachowski", "Lilly Wachowski")}),
        ("Actors", "Robert Downey, Jr., Val Kilmer",
         {"actors": ("Robert Downey Jr.", "Val Kilmer")}),
        ("Genre", ["Drama", "N/A", "Crime"], {"genres": ("Drama", "Crime")}),
        ("Type", "Series", {"type": "series"}),
        ("imdbID", "tt11280740", {"imdb_id": "tt11280740"}),
        ("Plot", "  two\nlines\x00 and a \ud800 half ", {"plot": "two lines and a half"}),
        ("imdbVotes", "584,069", {"ratings": Ratings(imdb=ImdbRating(votes=584_069))}),
        ("Metascore", "0", {"ratings": Ratings(metacritic=0)}),
        ("Ratings", [{"Source": "Internet Movie Database", "Value": "8.1/10"}],
         {"ratings": Ratings(imdb=ImdbRating(value=8.1))}),
        ("Ratings", [{"Source": "Rotten Tomatoes", "Value": "98%"}, "x", {"Source": 1}],
         {"ratings": Ratings(rotten_tomatoes=98)}),
        ("totalSeasons", "5", {}),
        ("Ratings", [], {}),
    ],
)  # fmt: skip
def test_a_value_is_parsed_in_every_notation(
    name: str, value: object, expected: dict[str, Any]
) -> None:
    with capture_logs() as logs:
        facts = parse_film({"Title": "X", name: value})
    assert facts == FilmFacts(title="X", **expected)
    assert facts.model_fields_set == {"title", *expected}
    assert logs == []


def test_a_running_series_has_an_end_year_of_none() -> None:
    assert "end_year" in parse_film({"Title": "X", "Year": "1989–"}).model_fields_set
    assert "end_year" not in parse_film({"Title": "X", "Year": "1989"}).model_fields_set


@pytest.mark.parametrize("unknown", ["N/A", "n/a", "", "  ", None, True, {}])
def test_unknown_values_are_not_set(unknown: object) -> None:
    names = set(JAWS) - {"Title"}
    facts = parse_film({"Title": "X", **dict.fromkeys(names, unknown)})
    assert facts.model_fields_set == {"title"}


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("Year", "soon", "year"),
        ("imdbID", "tt٠٠٣٨٦٧٥", "imdb_id"),
        ("Year", "0001", "year"),
        ("Released", "31 Feb 1999", "released"),
        ("Released", "1 Foo 1999", "released"),
        ("Runtime", "S min", "runtime_minutes"),
        ("Runtime", "0 min", "runtime_minutes"),
        ("Runtime", "9" * 5_000, "runtime_minutes"),
        ("BoxOffice", "£1,000", "box_office_usd"),
        ("Season", "five", "season"),
        ("Episode", "14.5", "episode"),
        ("seriesID", "Breaking Bad", "series"),
        ("BoxOffice", "$1 zloty", "box_office_usd"),
        ("Type", "podcast", "type"),
        ("imdbID", "nm0000001", "imdb_id"),
        ("Poster", "javascript:alert(1)", "poster_url"),
        ("Poster", "https://x/" + "x" * 3_000, "poster_url"),
        ("Plot", "x" * 6_000, "plot"),
        ("Actors", "x" * 600, "actors"),
        ("imdbRating", "11", "imdbRating"),
        ("imdbVotes", "many", "imdbVotes"),
        ("Metascore", "101", "metacritic"),
    ],
)
def test_an_invalid_field_is_dropped_and_logged_and_the_others_are_kept(
    name: str, text: str, field: str
) -> None:
    rest = {key: value for key, value in JAWS.items() if key not in (name, "Ratings")}
    with capture_logs() as logs:
        facts = parse_film({**rest, name: text})
    assert facts == parse_film(rest)
    [line] = logs
    assert (line["event"], line["field"]) == ("omdb_field_dropped", field)


def test_an_end_before_the_beginning_is_dropped_and_the_year_is_kept() -> None:
    facts = parse_film({"Title": "X", "Year": "2013–2008", "Type": "series"})
    assert facts == FilmFacts(title="X", year=2013, type="series")


def test_an_invalid_rating_is_dropped_without_the_others() -> None:
    facts = parse_film({**JAWS, "Metascore": "high", "imdbRating": "eight"})
    assert facts.ratings == Ratings(imdb=ImdbRating(votes=543_388), rotten_tomatoes=97)


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"Title": "N/A"},
        {"Title": ["x"]},
        {"Title": "x" * 501},
        {"Title": "ﷺ" * 40},
        {"Title": "½" * 350},
        {"Response": "False"},
    ],
)
def test_a_reply_without_a_title_is_not_a_film(reply: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="title"):
        parse_film(reply)


def test_a_list_is_cut_at_its_maximum_length() -> None:
    names = ", ".join(f"Person {number}" for number in range(1_000))
    assert len(parse_film({"Title": "X", "Actors": names}).actors) == 200


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film["Title"])
def test_every_film_of_the_fake_server_is_parsed_without_loss(film: dict[str, str]) -> None:
    with capture_logs() as logs:
        facts = parse_film(complete_film(film, "http://127.0.0.1"))
    assert logs == []
    assert facts.imdb_id == film["imdbID"]
    assert facts.ratings.imdb is not None


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("N/A")


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(JAWS)), VALUES | st.lists(VALUES)))
def test_values_of_any_type_never_fail_the_film(fields: dict[str, object]) -> None:
    film = parse_film({**fields, "Title": "X"})
    assert film.title == "X"
