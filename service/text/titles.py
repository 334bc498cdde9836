"""Comparison keys of titles and names, and the word forms under which titles are indexed."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import product

from service.text import numerals
from service.text.analysis import remove_accents, tokenize, without_article

MIN_DIGRAPH_WORD_LENGTH = 6  # letters
MAX_DIGRAPHS = 3  # of one word that are read as umlauts
_DIGRAPH = re.compile("(ae|oe|ue|aa)")
_SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ø": "oe", "ü": "ue", "å": "aa"}
    | {"Ä": "Ae", "Ö": "Oe", "Ø": "Oe", "Ü": "Ue", "Å": "Aa"}
)


def full_title_keys(title_words: list[str]) -> tuple[str, ...]:
    """Return the forms of a full title without spaces.

    These are the words as they are and with numbers in digits, both also without a leading article.
    """
    forms = [title_words, without_article(title_words)]
    if numerals.has_number(title_words):
        forms += [numerals.normalize_numerals(form) for form in forms]
    return unique(filter(None, map("".join, forms)))


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts without repetitions, in order of appearance."""
    return tuple(dict.fromkeys(texts))


def exact_title_key(title: str) -> str:
    """Return a title folded for case, width, blanks and accents, and for nothing else."""
    folded = title if title.isascii() else remove_accents(title)
    return " ".join(folded.casefold().split())


def spelt_out_words(text: str) -> list[str]:
    """Return the words with `ue` for `ü` and the like, as some people type them; or []."""
    if text.isascii():
        return []
    composed = unicodedata.normalize("NFC", text)
    spelt_out = composed.translate(_SPELT_OUT)
    return [] if spelt_out == composed else tokenize(spelt_out)


def title_index_forms(title_words: list[str]) -> list[str]:
    """Return the words of a title and the other forms of its numbers."""
    has_number = numerals.has_number(title_words)
    if not has_number and "".join(title_words).isalpha():
        return title_words
    forms = [form for word in title_words for form in numerals.index_forms(word)]
    if has_number:
        forms += [word for word in numerals.normalize_numerals(title_words) if word not in forms]
    return forms


def umlaut_readings(word: str) -> tuple[str, ...]:
    """Return the folded words that `ue` for `ü` and the like may stand for, without the word.

    In a short word, they are more often a typo: `haet` is `heat`.
    """
    if len(word) < MIN_DIGRAPH_WORD_LENGTH:
        return ()
    parts = _DIGRAPH.split(word, maxsplit=MAX_DIGRAPHS)
    choices = [(part, part[0]) if place % 2 else (part,) for place, part in enumerate(parts)]
    return tuple(map("".join, product(*choices)))[1:]


def name_index_forms(name: str) -> list[str]:
    """Return the words of a person's name, and those with `ue` for `ü` and the like."""
    return [*tokenize(name), *spelt_out_words(name)]


@lru_cache(maxsize=10_000)  # most genres, languages and directors come again; about 2 MB
def compact_key(text: str) -> str:
    """Return the folded words of `text` run together, as filters compare names."""
    return "".join(tokenize(text))


def compact_keys(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the compact keys of names, each once and in order."""
    return tuple(sorted(set(map(compact_key, texts))))
