"""How alike two films are."""

from typing import Any

import pytest

from service.community.discovery.similarity import compare, series_base
from service.film_fields import FilmRow

pytestmark = pytest.mark.once


def film(title: str, **facts: object) -> FilmRow:
    empty = dict.fromkeys(FilmRow._fields)
    lists = {name: [] for name in ("aliases", "genres", "directors", "writers", "actors")}
    values: dict[str, Any] = {**empty, **lists, "type": "movie", "title": title, **facts}
    return FilmRow(**values)


@pytest.mark.parametrize(
    ("title", "base"),
    [
        ("Rocky II", ("rocky",)),
        ("The Godfather Part III", ("godfather",)),
        ("Star Wars: Episode IV - A New Hope", ("star", "wars")),
        ("Alien – Director's Cut", ("alien",)),
        ("Spider-Man 2", ("spiderman",)),
        ("1917", ("1917",)),
    ],
)
def test_the_base_of_a_title_has_no_subtitle_and_no_number(
    title: str, base: tuple[str, ...]
) -> None:
    assert series_base(title) == base


def test_films_of_a_series_are_more_alike_than_films_of_a_director() -> None:
    rocky = film("Rocky", directors=["John G. Avildsen"], actors=["Sylvester Stallone"])
    sequel = film("Rocky III", directors=["Sylvester Stallone"], actors=["Sylvester Stallone"])
    other = film("The Karate Kid", directors=["John G. Avildsen"])
    series, by_director = compare(rocky, sequel), compare(rocky, other)
    assert series is not None
    assert by_director is not None
    assert series.score > by_director.score
    assert (series.reasons, by_director.reasons) == (("series", "actors"), ("directors",))


def test_one_common_word_makes_no_series_of_films_without_common_people() -> None:
    first = film("Frozen", year=2010, directors=["Adam Green"])
    second = film("Frozen 2", year=2019, directors=["Jennifer Lee"])
    assert compare(first, second) is None


def test_films_with_nothing_in_common_are_not_alike() -> None:
    assert compare(film("Heat", year=1995), film("Casino", year=1995, imdb_votes=500_000)) is None


def test_names_and_genres_compare_folded_and_users_count() -> None:
    first = film("A", genres=["Science Fiction", "Drama"], writers=["Émile Zola"])
    second = film("B", genres=["science-fiction"], writers=["Emile Zola"])
    alike = compare(first, second, co_rating=0.5)
    assert alike is not None
    assert alike.reasons == ("ratings", "genres", "writers")
