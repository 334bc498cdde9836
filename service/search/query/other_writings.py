"""Other ways to write a query, for one that nothing fits as it is typed.

Somebody may type a Cyrillic or Greek title in Latin letters (`gulyay vasya`), a Latin one in
Cyrillic letters, or in the wrong keyboard layout (`фдшут` for `alien`).
"""

import re
from collections.abc import Iterator

from anyascii import anyascii

from service.errors import Invalid
from service.search.query.noise import STOP_WORDS
from service.search.query.parser import Query
from service.search.query.typo_budget import ONE_EDIT
from service.search.vocabulary.vocabulary import Vocabulary

MIN_LETTERS = 3  # of a query; any two letters mean something in every script
MIN_FUZZY_LENGTH = 3  # letters of a word that may be misspelt as well
MAX_UNKNOWN_WORDS = 3  # that may be misspelt: Latin letters have no soft sign

_LATIN = re.compile(r"[a-z]")
_OTHER_SCRIPT = re.compile(r"[\u0370-\u03ff\u0400-\u052f\u0590-\u05ff]")
_CYRILLIC_OR_GREEK = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")

_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_LAYOUTS = (
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "йцукенгшщзхїфівапролджєячсмитьбю",
    ";ςερτυθιοπ[]ασδφγηξκλ΄'ζχψωβνμ,.",
    "/'קראטוןםפ][שדגכעיחלךף,זסבהנמצתץ.",
)
"""Russian, Ukrainian, Greek and Hebrew: the letters on the keys of `_KEYS`."""

_TO_LAYOUTS = tuple(str.maketrans(_KEYS, layout[: len(_KEYS)]) for layout in _LAYOUTS)
_FROM_LAYOUTS = tuple(str.maketrans(layout[: len(_KEYS)], _KEYS) for layout in _LAYOUTS)

_CYRILLIC_LETTERS = "абвгдежзийклмнопрстуфхцчшщюя"
_CYRILLIC_SPELLINGS = {
    "yy": "ый", "iy": "ий", "ja": "я", "ju": "ю", "yo": "е", "jo": "е", "ye": "е", "sch": "щ",
    "x": "кс", "h": "х", "j": "й", "c": "к", "w": "в", "q": "к",
}  # fmt: skip
_GREEK_LETTERS = "αβγδεζθικλμνξοπρστυφχψ"
_GREEK_SPELLINGS = {
    "ou": "ου", "u": "ου", "b": "μπ", "ks": "ξ", "ph": "φ", "kh": "χ", "h": "η", "w": "ω", "c": "κ",
    "j": "τζ", "q": "κ",
}  # fmt: skip
_Y_BEHIND_A_CONSONANT = re.compile(r"(?<=[bcdfghjklmnpqrstvwxz])y(?![aeiouy])")


class _Transliteration:
    """Writes Latin letters in another script, the longest spelling first."""

    def __init__(self, letters: str, spellings: dict[str, str]) -> None:
        self._letters = {anyascii(letter): letter for letter in letters} | spellings
        longest_first = sorted(self._letters, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def write(self, text: str) -> str:
        return self._pattern.sub(lambda match: self._letters[match[0]], text)


_CYRILLIC = _Transliteration(_CYRILLIC_LETTERS, _CYRILLIC_SPELLINGS)
_GREEK = _Transliteration(_GREEK_LETTERS, _GREEK_SPELLINGS)


def list_other_writings(query: Query, vocabulary: Vocabulary) -> list[Query]:
    """Return the query in other scripts and keyboard layouts, where its words exist in films."""
    if len(query.compact_key) < MIN_LETTERS:
        return []
    queries = []
    for text in dict.fromkeys(_rewrite(query.text.lower())):
        try:
            other = Query.parse(text)
        except Invalid:  # nothing but signs, or too long
            continue
        if other.imdb_id is None and _is_plausible(other, vocabulary):
            queries.append(other)
    return queries


def _rewrite(text: str) -> Iterator[str]:
    if _OTHER_SCRIPT.search(text):
        yield from (text.translate(layout) for layout in _FROM_LAYOUTS)
        if _CYRILLIC_OR_GREEK.search(text):
            yield anyascii(text)
    elif _LATIN.search(text):
        yield _CYRILLIC.write(_Y_BEHIND_A_CONSONANT.sub("ы", text))
        yield _GREEK.write(text)
        yield from (text.translate(layout) for layout in _TO_LAYOUTS)


def _is_plausible(query: Query, vocabulary: Vocabulary) -> bool:
    """Return whether every word exists, or a word that is one letter away."""
    words = [word for word in query.core if word not in STOP_WORDS and not word.isdigit()]
    unknown = [word for word in words if not vocabulary.fields_of(word)]
    if len(unknown) > MAX_UNKNOWN_WORDS or not words:
        return False
    return all(
        len(word) >= MIN_FUZZY_LENGTH and vocabulary.expand(word, ONE_EDIT) for word in unknown
    )
