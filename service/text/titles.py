"""Comparison keys of titles and names, and the word forms under which titles are indexed."""

from collections.abc import Iterable
from functools import lru_cache

from service.text import numerals
from service.text.analysis import tokenize, without_article


def full_title_keys(title_words: list[str]) -> tuple[str, ...]:
    """The forms of a whole title without spaces: as it is, with figures, and both without a leading
    article.
    """
    forms = [title_words, without_article(title_words)]
    if numerals.has_number(title_words):
        forms += [numerals.normalize_numerals(form) for form in forms]
    return unique(filter(None, map("".join, forms)))


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def title_index_forms(title_words: list[str]) -> list[str]:
    """A title's words, with their numbers written both ways."""
    numbered = numerals.has_number(title_words)
    if not numbered and "".join(title_words).isalpha():
        return title_words
    found = [form for word in title_words for form in numerals.index_forms(word)]
    if numbered:
        found += [word for word in numerals.normalize_numerals(title_words) if word not in found]
    return found


@lru_cache(maxsize=10_000)  # most genres, languages and directors come again; some 2 MB
def compact_key(text: str) -> str:
    """A name as filters compare it: its folded words, run together."""
    return "".join(tokenize(text))
