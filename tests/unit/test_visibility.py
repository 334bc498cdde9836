"""Texts in which nothing can be seen."""

import pytest

from service.text.analysis import tokenize
from service.text.visibility import is_blank


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\u200b", "\u200e\u00a0", "\u202e", "\u2800", "\u3164", "\u115f", "\ufe0f"),
        *("\ue000", "\U000e0001", "\ufeff\u00ad", "\t\n\x7f"),
    ],
)
def test_a_text_of_what_is_not_drawn_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["$", "...", "–", "♥", "🇩🇪", "ü", "\u200bM\u200b", "\u0301", "९"])
def test_a_text_with_a_visible_character_is_not_blank_and_has_a_word(text: str) -> None:
    assert not is_blank(text)
    assert tokenize(text)
