"""Which letters of a film stand for what was typed, and how that is said."""

from typing import Any

import pytest

from service.films.models import Film
from service.search.highlights import explain_match, find_matches, match_ranges
from service.search.query.fields import DEFAULT_FIELDS
from service.search.query.parser import Query
from service.search.query.plan import MAX_SLOTS


def film(title: str, **facts: Any) -> Film:
    return Film(title=title, **facts)


LEON = film("Léon: The Professional", aliases=["Léon"], directors=["Luc Besson"], year=1994)
JAWS = film("Jaws", directors=["Steven Spielberg"], year=1975)
STAR_WARS = film("Star Wars: Episode IV - A New Hope", directors=["George Lucas"], year=1977)
GODFATHER = film("The Godfather", directors=["Francis Ford Coppola"], year=1972)
TWINS = film("Twins", directors=["Joel Coen", "Ethan Coen"])


@pytest.mark.parametrize(
    ("typed", "found", "marked"),
    [
        ("spilberg jaws", JAWS, {"directors": ["Spielberg"], "title": ["Jaws"]}),
        ("leon", LEON, {"title": ["Léon"]}),
        ("starwars", STAR_WARS, {"title": ["Star Wars"]}),
        ("god father", GODFATHER, {"title": ["Godfather"]}),
        ("star wars 4", STAR_WARS, {"title": ["Star", "Wars", "IV"]}),
        ("profess", LEON, {"title": ["Professional"]}),
        ("ethan coen", TWINS, {"directors": ["Coen", "Ethan"]}),
        ("lotr", film("The Lord of the Rings"), {"title": ["The Lord of the Rings"]}),
        ("xyzzy", JAWS, {}),
    ],
)
def test_ranges_are_pieces_of_the_original_text(
    typed: str, found: Film, marked: dict[str, list[str]]
) -> None:
    query = Query.parse(typed)
    got = match_ranges(find_matches(query, [found], DEFAULT_FIELDS)[0])
    texts = {"title": found.title, "directors": ", ".join(found.directors or [])}
    assert {f: [texts[f][a:b] for a, b in each] for f, each in got.items()} == marked


def test_a_writer_is_shown_and_said_where_writers_are_looked_for() -> None:
    query, scope = Query.parse("benchly jaws"), DEFAULT_FIELDS | {"writer"}
    found = film("Jaws", directors=["Steven Spielberg"], writers=["Peter Benchley"])
    (matches,) = find_matches(query, [found], scope)
    assert match_ranges(matches) == {"title": [[0, 4]], "writers": [[6, 14]]}
    said = "writer ‘Benchley’, one letter off; title word ‘Jaws’ exact"
    assert explain_match(query, found, matches) == said
    assert "writers" not in match_ranges(find_matches(query, [found], DEFAULT_FIELDS)[0])


@pytest.mark.parametrize(
    ("typed", "found", "said"),
    [
        ("spilberg jaws", JAWS, "director ‘Spielberg’, one letter off; title word ‘Jaws’ exact"),
        ("jaws", JAWS, "title ‘Jaws’ in full"),
        ("jaws 1975", JAWS, "title word ‘Jaws’ exact; year 1975"),
        ("godf", GODFATHER, "title word ‘Godfather’, its beginning"),
        ("tt0073195", JAWS, "its IMDb id"),
        ("qqq", JAWS, "similar letters"),
    ],
)
def test_why_is_said_in_plain_words(typed: str, found: Film, said: str) -> None:
    query = Query.parse(typed)
    assert explain_match(query, found, find_matches(query, [found], DEFAULT_FIELDS)[0]) == said


def test_words_behind_those_that_are_looked_up_are_not_marked() -> None:
    most = " ".join(f"qqq{place}" for place in range(MAX_SLOTS - 1))
    for typed, marked in ((f"{most} jaws", ["title"]), (f"{most} qqq jaws", [])):
        assert (
            list(match_ranges(find_matches(Query.parse(typed), [JAWS], DEFAULT_FIELDS)[0]))
            == marked
        )
