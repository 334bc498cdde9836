"""What a person typed, understood as far as that goes without knowing any film.

Everything is plain text: no character has a meaning of its own, so there is no syntax to get wrong.
What costs more than it can be worth (200 characters, 32 words) is refused here, before anything is
asked of an engine."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from service.errors import FieldError, Invalid
from service.text.analysis import ARTICLES, tokenize
from service.text.imdb_ids import IMDB_ID_PATTERN, is_imdb_id
from service.text.titles import full_title_keys

MAX_QUERY_LENGTH = 200  # characters after normalising
MAX_WORDS = 32

_STOP_WORDS = "a an and at by for from in la le of on or the to with"
_NOISE_WORDS = """actors bluray cast cinema download dvd film films free full hd imdb movie movies
    netflix online original plot rating remake review reviews soundtrack stream streaming subtitles
    torrent trailer watch"""

STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that nearly every title has: they tell films apart only when all else is equal."""

STOP_WORD_WEIGHT = 0.25  # of a stop word, or of a word that people add around titles

NOISE_WORDS = frozenset(_NOISE_WORDS.split())
"""What people add at either end of a title when they look for the film, not the words."""

_IMDB_URL = re.compile(
    r"(?:https?://)?(?:[a-z0-9-]+\.)*imdb\.com/(?:[a-z-]{2,5}/)?title/("
    + IMDB_ID_PATTERN
    + r")\b\S*"
)
_INVERTED = re.compile(r",\s*\w+$")  # Godfather, The
_YEAR = re.compile(r"(?:18[7-9]|19\d|20\d)\d")


def _invalid_query(detail: str, code: str) -> Invalid:
    return Invalid(detail, code=code, errors=(FieldError("q", detail),))


def _normalize(text: str) -> str:
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        raise _invalid_query(
            "A query must not contain control characters or lone surrogates.", "query_unreadable"
        )
    return " ".join(unicodedata.normalize("NFC", text).split())


@dataclass(frozen=True)  # no slots: they leave no place for what is worked out once
class Query:
    """A typed text, taken apart.

    `text` is what was typed, tidied; `words` all its folded words; `core` those without what people
    add around a title (`watch … full movie`); `year` the year that stands beside other words, also
    kept among the words, since `Blade Runner 2049` is a title; `imdb_id` is set when the text is an
    IMDb id or address and nothing else."""

    text: str
    words: tuple[str, ...]
    core: tuple[str, ...]
    year: int | None = None
    imdb_id: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Read a typed text.

        Raises:
            Invalid: nothing to look for (`query_empty`), more than 200 characters
            (`query_too_long`) or 32 words
                (`query_too_many_words`) after normalising, control characters or lone surrogates
                (`query_unreadable`).
        """
        if len(text) > 20 * MAX_QUERY_LENGTH:  # not even worth tidying
            raise _invalid_query(
                f"A query has at most {MAX_QUERY_LENGTH} characters.", "query_too_long"
            )
        tidy = _normalize(text)
        found = tokenize(tidy)
        if not found:
            raise _invalid_query(
                "A query must have at least one letter, figure or sign.", "query_empty"
            )
        if max(len(tidy), len(" ".join(found))) > MAX_QUERY_LENGTH:
            raise _invalid_query(
                f"A query has at most {MAX_QUERY_LENGTH} characters.", "query_too_long"
            )
        if len(found) > MAX_WORDS:
            raise _invalid_query(f"A query has at most {MAX_WORDS} words.", "query_too_many_words")
        if len(found) > 1 and found[-1] in ARTICLES and _INVERTED.search(tidy):
            found = [found[-1], *found[:-1]]
        core = _strip_noise(found)
        return cls(tidy, tuple(found), tuple(core), _find_year(core), _find_imdb_id(tidy))

    @cached_property
    def title(self) -> tuple[str, ...]:
        """The words that may be a title: the core without its year."""
        if self.year is None:
            return self.core
        year = str(self.year)
        return self.core[:-1] if self.core[-1] == year else self.core[1:]

    @cached_property
    def full_titles(self) -> tuple[str, ...]:
        """The text as a whole title without spaces: as typed, without noise, without the year.

        Numbers also as figures; each also without a leading article.
        """
        forms = (full_title_keys(list(part)) for part in (self.title, self.core, self.words))
        return tuple(dict.fromkeys(form for each in forms for form in each))

    @property
    def compact_key(self) -> str:
        """The words that count, run together."""
        return "".join(self.core)


def _strip_noise(found: list[str]) -> list[str]:
    start, end = 0, len(found)
    while start < end and found[start] in NOISE_WORDS:
        start += 1
    while end > start and found[end - 1] in NOISE_WORDS:
        end -= 1
    if end < len(found) and end > start + 1 and found[end - 1] in ("the", "a"):  # "... the movie"
        end -= 1
    return found[start:end] if any(word not in STOP_WORDS for word in found[start:end]) else found


def _find_year(found: list[str]) -> int | None:
    years = [word for word in found[-1:] + found[:1] if _YEAR.fullmatch(word)]
    return int(years[0]) if years and len(found) > 1 else None


def _find_imdb_id(text: str) -> str | None:
    lowered = text.lower()
    if is_imdb_id(lowered):
        return lowered
    found = _IMDB_URL.fullmatch(lowered)
    return found.group(1) if found else None
