"""Comparison keys of titles and names, and the word forms under which titles are indexed."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from service.text import numerals
from service.text.analysis import tokenize, without_article


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
    """Return a title folded for case, width, blanks and Latin accents, and for nothing else."""
    if not title.isascii():
        # Half-width letters carry their marks behind them, so they are composed before folding.
        narrowed = unicodedata.normalize("NFC", "".join(map(_unify_width, title)))
        decomposed = unicodedata.normalize("NFD", narrowed.casefold())
        title = unicodedata.normalize("NFC", _remove_latin_accents(decomposed))
    return " ".join(title.casefold().split())


def _unify_width(character: str) -> str:
    kind, _, code = unicodedata.decomposition(character).partition(" ")
    return chr(int(code, 16)) if kind in ("<wide>", "<narrow>") else character


def _remove_latin_accents(decomposed: str) -> str:
    letters: list[str] = []
    is_latin = False
    for character in decomposed:
        if not unicodedata.combining(character):
            is_latin = unicodedata.name(character, "").startswith("LATIN ")
        elif is_latin:
            continue
        letters.append(character)
    return "".join(letters)


def title_index_forms(title_words: list[str]) -> list[str]:
    """Return the words of a title and the other forms of its numbers."""
    has_number = numerals.has_number(title_words)
    if not has_number and "".join(title_words).isalpha():
        return title_words
    forms = [form for word in title_words for form in numerals.index_forms(word)]
    if has_number:
        forms += [word for word in numerals.normalize_numerals(title_words) if word not in forms]
    return forms


@lru_cache(maxsize=10_000)  # most genres, languages and directors come again; about 2 MB
def compact_key(text: str) -> str:
    """Return the folded words of `text` run together, as filters compare names."""
    return "".join(tokenize(text))
