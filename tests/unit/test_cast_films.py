"""The films with a cast of the tests, and how the benchmarks take their people over."""

from benches.cast import add_people
from tests.support.cast_films import load_cast_films


def test_there_are_two_hundred_films_with_people_and_none_comes_twice() -> None:
    films = load_cast_films()
    assert len({(film["title"], film["year"]) for film in films}) == len(films) >= 200
    assert all(film["actors"] and film["directors"] for film in films)
    assert all(name == name.strip() != "" for film in films for name in film["actors"])


def test_a_film_of_the_benchmarks_gets_its_people_by_title_and_year() -> None:
    jaws = {"title": "Jaws", "year": 1975, "directors": ["Steven Spielberg"]}
    [known, near, remake] = add_people([jaws, jaws | {"year": 1976}, jaws | {"year": 1998}])
    assert "Roy Scheider" in known["actors"] and "Peter Benchley" in known["writers"]
    assert near["actors"] == known["actors"]
    assert "actors" not in remake
