"""Which ranges of a film match a query, and how that is explained."""

from typing import Any

import pytest

from service.films.models import Film
from service.search.explanation import Reason, describe_reasons, explain_match
from service.search.highlights import find_matches, match_ranges
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
    ("text", "hit", "highlights"),
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
    text: str, hit: Film, highlights: dict[str, list[str]]
) -> None:
    ranges_by_field = match_ranges(find_matches(Query.parse(text), [hit], DEFAULT_FIELDS)[0])
    texts = {"title": hit.title, "directors": ", ".join(hit.directors or [])}
    assert {
        field: [texts[field][start:end] for start, end in ranges]
        for field, ranges in ranges_by_field.items()
    } == highlights


def test_a_writer_is_highlighted_and_explained_if_writers_are_searched() -> None:
    query, fields = Query.parse("benchly jaws"), DEFAULT_FIELDS | {"writer"}
    hit = film("Jaws", directors=["Steven Spielberg"], writers=["Peter Benchley"])
    (matches,) = find_matches(query, [hit], fields)
    assert match_ranges(matches) == {"title": [[0, 4]], "writers": [[6, 14]]}
    explanation = "writer ‘Benchley’, one letter off; title word ‘Jaws’ exact"
    assert describe_reasons(explain_match(query, hit, matches)) == explanation
    assert "writers" not in match_ranges(find_matches(query, [hit], DEFAULT_FIELDS)[0])


@pytest.mark.parametrize(
    ("text", "hit", "explanation"),
    [
        ("spilberg jaws", JAWS, "director ‘Spielberg’, one letter off; title word ‘Jaws’ exact"),
        ("jaws", JAWS, "title ‘Jaws’ in full"),
        ("jaws 1975", JAWS, "title word ‘Jaws’ exact; year 1975"),
        ("godf", GODFATHER, "title word ‘Godfather’, its beginning"),
        ("tt0073195", JAWS, "its IMDb id"),
        ("qqq", JAWS, "similar letters"),
    ],
)
def test_a_match_is_explained_in_plain_words(text: str, hit: Film, explanation: str) -> None:
    query = Query.parse(text)
    (matches,) = find_matches(query, [hit], DEFAULT_FIELDS)
    assert describe_reasons(explain_match(query, hit, matches)) == explanation


def test_words_beyond_the_maximum_are_not_highlighted() -> None:
    filler = " ".join(f"qqq{number}" for number in range(MAX_SLOTS - 1))
    for text, fields in ((f"{filler} jaws", ["title"]), (f"{filler} qqq jaws", [])):
        assert (
            list(match_ranges(find_matches(Query.parse(text), [JAWS], DEFAULT_FIELDS)[0])) == fields
        )


@pytest.mark.parametrize(
    ("text", "hit", "reasons"),
    [
        ("jaws", JAWS, [Reason("title", "Jaws", "in_full")]),
        (
            "spilberg jaws 1975",
            JAWS,
            [
                Reason("directors", "Spielberg", "one_letter_off"),
                Reason("title", "Jaws", "exact"),
                Reason("year", "1975", "exact"),
            ],
        ),
        ("tt0073195", JAWS, [Reason("imdb_id", "tt0073195", "exact")]),
        ("xyzzy", JAWS, []),
    ],
)
def test_reasons_name_field_text_and_kind(text: str, hit: Film, reasons: list[Reason]) -> None:
    query = Query.parse(text)
    (matches,) = find_matches(query, [hit], DEFAULT_FIELDS)
    assert explain_match(query, hit, matches) == reasons
