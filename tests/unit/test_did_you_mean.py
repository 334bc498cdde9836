"""Did you mean: the query in the wording of the film that it found."""

from typing import Any

import pytest

from service.search.query.parser import Query
from service.search.ranking.did_you_mean import did_you_mean
from service.search.ranking.scorer import rank
from tests.support.candidates import build_candidate

FILMS: list[tuple[str, dict[str, Any]]] = [
    ("The Godfather", {"directors": ["Francis Ford Coppola"], "year": 1972}),
    ("Schindler's List", {"directors": ["Steven Spielberg"]}),
    ("Les Misérables", {}),
    ("Face/Off", {"directors": ["John Woo"]}),
    ("Jaws", {"directors": ["Steven Spielberg"]}),
    ("The Truman Show", {}),
    ("Due Date", {}),
    ("東京バナナ", {"aliases": ["Tokyo Banana"]}),
    ("Star Wars", {}),
    ("The Silence of the Lambs", {}),
    ("New York, New York", {}),
]


def suggest(text: str, known: str = "") -> str | None:
    films = [build_candidate(title, **facts) for title, facts in FILMS]
    query = Query.parse(text)
    ranked = rank(query, films, is_known=known.split().__contains__)
    return did_you_mean(query, ranked[0])


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("the godfahter", "The Godfather"),
        ("the godfahter full movie", "The Godfather"),
        ("godfather copola", "Godfather Coppola"),
        ("godfahter 1972", "Godfather 1972"),
        ("schindlers liste", "Schindler's List"),
        ("spilberg jaws", "Spielberg Jaws"),
        ("steven speilberg", "Steven Spielberg"),
        ("les miserabels", "Les Misérables"),
        ("face of", None),
        ("fcae off", "Face/Off"),
        ("jasw", "Jaws"),
        ("tokyo bannana", "Tokyo Banana"),
        ("star wras", "Star Wars"),
        ("the silense of the lambs", "The Silence of the Lambs"),
        ("lambs the silense", "Lambs The Silence"),
        ("new yrok new york", "New York, New York"),
        ("the godfather", None),
        ("the godf", None),
        ("schindlers list", None),
        ("les miserables", None),
        ("dune", None),
        ("the third man", None),
        ("godfather xyzzy", None),
        ("something else altogether", None),
    ],
)
def test_a_misspelt_query_is_offered_in_the_wording_of_the_film(
    text: str, wording: str | None
) -> None:
    assert suggest(text) == wording


def test_a_word_of_another_film_is_not_corrected() -> None:
    assert suggest("speilberg jaws") == "Spielberg Jaws"
    assert suggest("speilberg jaws", known="speilberg") is None
