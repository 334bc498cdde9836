"""Parses what a person typed, without knowledge of any film.

A query is plain text: no character has a special meaning, so there are no syntax errors. Queries
that would be too expensive (more than 200 characters or 32 words) are rejected here, before an
engine is involved.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from service.errors import ErrorCode, FieldError, Invalid
from service.search.query.noise import STOP_WORDS, strip_noise
from service.text import numerals
from service.text.analysis import ARTICLES, tokenize, without_article
from service.text.imdb_ids import find_imdb_id
from service.text.titles import full_title_keys, unique

MAX_QUERY_LENGTH = 200  # characters after normalization
MAX_WORDS = 32
MAX_TITLE_RUN_WORDS = 10  # words of a query among which titles are looked for


STOP_WORD_WEIGHT = 0.25  # of a stop word or a noise word; other words have 1

PART_WORDS = frozenset({"part", "pt", "vol", "volume", "episode", "ep", "chapter", "movie"})
"""Words before the number of a sequel; they count as stop words there."""

_INVERTED = re.compile(r",\s*\w+$")  # Godfather, The
YEAR = re.compile(r"(?:18[7-9]|19\d|20\d)\d")
"""A word that may be a year."""


def _invalid_query(detail: str, code: ErrorCode) -> Invalid:
    return Invalid(detail, code=code, errors=(FieldError("q", detail),))


def _normalize(text: str) -> str:
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        raise _invalid_query(
            "A query must not contain control characters or lone surrogates.", "query_unreadable"
        )
    return " ".join(unicodedata.normalize("NFC", text).split())


@dataclass(frozen=True)  # no slots: cached properties need a `__dict__`
class Query:
    """A parsed text.

    Attributes:
        text: the typed text, normalized.
        words: all folded words.
        core: the words without the noise words at either end (`watch … full movie`).
        year: the year at the end or the beginning of other words; it stays among the words, since
            `Blade Runner 2049` is a title.
        imdb_id: the IMDb id in the text, whatever else is there: an address, quotes, a title.
        is_unfinished: whether the last word is still being typed.
    """

    text: str
    words: tuple[str, ...]
    core: tuple[str, ...]
    year: int | None = None
    imdb_id: str | None = None
    is_unfinished: bool = False

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Parse a typed text.

        Raises:
            Invalid: the text has no words (`query_empty`), more than 200 characters
                (`query_too_long`) or 32 words (`query_too_many_words`) after normalization, control
                characters or lone surrogates (`query_unreadable`).
        """
        too_long = f"A query has at most {MAX_QUERY_LENGTH} characters."
        if len(text) > 20 * MAX_QUERY_LENGTH:  # too long even to normalize
            raise _invalid_query(too_long, "query_too_long")
        normalized = _normalize(text)
        words = tokenize(normalized)
        if not words:
            raise _invalid_query(
                "A query must have at least one letter, digit or sign.", "query_empty"
            )
        if max(len(normalized), len(" ".join(words))) > MAX_QUERY_LENGTH:
            raise _invalid_query(too_long, "query_too_long")
        if len(words) > MAX_WORDS:
            raise _invalid_query(f"A query has at most {MAX_WORDS} words.", "query_too_many_words")
        if len(words) > 1 and words[-1] in ARTICLES and _INVERTED.search(normalized):
            words = [words[-1], *words[:-1]]
        core = strip_noise(words)
        return cls(
            normalized, tuple(words), tuple(core), _find_year(core), find_imdb_id(normalized)
        )

    @cached_property
    def title(self) -> tuple[str, ...]:
        """The words that may be a title: the core without the year."""
        if self.year is None:
            return self.core
        year = str(self.year)
        return self.core[:-1] if self.core[-1] == year else self.core[1:]

    @property
    def has_unfinished_numeral(self) -> bool:
        """Whether the last word is a numeral that may become another word: `x` is a letter."""
        return self.is_unfinished and self.words[-1] in numerals.ROMAN_NUMERALS

    @cached_property
    def full_titles(self) -> tuple[str, ...]:
        """The text as a full title without spaces: as typed, without noise, without the year.

        Each comes also with numbers in digits and without a leading article.
        """
        forms = [list(words) for words in (self.title, self.core, self.words)]
        if self.has_unfinished_numeral:
            forms += [without_article(words) for words in forms]
            return unique("".join(words) for words in forms)
        return unique(key for words in forms for key in full_title_keys(words))

    @cached_property
    def minor_words(self) -> frozenset[str]:
        """The words that count little: stop words, and `part` in front of a number at the end."""
        *before, number = self.title
        if len(before) > 1 and before[-1] in PART_WORDS and numerals.is_number(number):
            return STOP_WORDS | {before[-1]}
        return STOP_WORDS

    @cached_property
    def title_runs(self) -> frozenset[str]:
        """The neighbouring words that may be a full title, run together, but not all words."""
        core = self.core[:MAX_TITLE_RUN_WORDS]
        runs = (core[i:j] for i, j in combinations(range(len(core) + 1), 2))
        parts = [run for run in runs if len(run) < len(self.core)]
        content = [run for run in parts if any(word not in STOP_WORDS for word in run)]
        return frozenset(key for run in content for key in full_title_keys(list(run)))

    @property
    def compact_key(self) -> str:
        """The words of the core run together."""
        return "".join(self.core)


def _find_year(words: list[str]) -> int | None:
    """Return the year at the end or else at the beginning, if there are other words."""
    years = [word for word in words[-1:] + words[:1] if YEAR.fullmatch(word)]
    return int(years[0]) if years and len(words) > 1 else None
