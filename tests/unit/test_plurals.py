"""The plural and the singular of an English word."""

import pytest

from service.text.plurals import other_numbers


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("story", "stories"),
        ("man", "men"),
        ("woman", "women"),
        ("policeman", "policemen"),
        ("gladiator", "gladiators"),
        ("wolf", "wolves"),
        ("knife", "knives"),
        ("child", "children"),
        ("mouse", "mice"),
        ("box", "boxes"),
    ],
)
def test_a_word_is_turned_into_its_plural_and_back(word: str, other: str) -> None:
    assert other in other_numbers(word)
    assert word in other_numbers(other)


@pytest.mark.parametrize("word", ["", "2", "x2", "8½"])
def test_what_is_no_word_has_no_plural(word: str) -> None:
    assert other_numbers(word) == ()
