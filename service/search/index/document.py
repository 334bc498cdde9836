"""What the index holds of one film, and the only way to build it.

The index worker, the rebuild, the comparison and the tests all build documents with
`MovieDocument.from_film`. So a difference between index and database is always a difference of
data, never of preparation. Terms are computed here, in Python; an engine stores and compares them
and analyses nothing. It only cuts some of them into n-grams (`NGRAM_FIELDS`): that leaves nothing
to interpret, and in Python it would take two thirds of the work.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import chain
from math import log10
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

import orjson

from service.film_fields import NAME_FILTER_COLUMNS
from service.search.criteria.filters import FilterableFilm
from service.search.criteria.sorting import Column, sort_numbers
from service.search.index.term_kinds import TermKind
from service.text.analysis import full_title_key, initials, joined_pairs, tokenize
from service.text.phonetics import phonetic_key
from service.text.titles import (
    compact_key,
    full_title_keys,
    name_index_forms,
    spelt_out_words,
    title_index_forms,
    unique,
)

T = TypeVar("T")

ANALYSIS = 4
"""The version of the analysis. Raise it when the terms of an unchanged film change: all digests
change with it, and a rebuild is due.
"""

MAX_EDGE = 12  # letters of a word's prefix; longer ones are typed in full or found by their typo
MAX_FULL_TITLE_EDGE = 30  # letters of a full title's prefix
MIN_NGRAM, MAX_NGRAM = 2, 3  # letters; short enough to survive in a word with many typos
MAX_WORD = 100  # letters; longer words are only found exactly
MAX_POPULARITY_BOOST = 0.25  # what ten million votes add to a score of 1
MAX_PLOT_WORDS = 1_000


DOCUMENT_ERRORS = (ValueError, TypeError, AttributeError)
"""The errors that facts of a wrong type cause when a document is made of them."""


class IndexableFilm(FilterableFilm, Protocol):
    """The columns that a document is made from, those that filters look at included."""

    @property
    def id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def imdb_id(self) -> str | None: ...
    @property
    def title(self) -> str: ...
    @property
    def aliases(self) -> Sequence[str]: ...
    @property
    def writers(self) -> Sequence[str]: ...
    @property
    def actors(self) -> Sequence[str]: ...
    @property
    def plot(self) -> str | None: ...
    @property
    def imdb_votes(self) -> int | None: ...
    @property
    def popularity(self) -> float | None: ...


def _collect_forms(texts: Sequence[T], forms: Callable[[T], Iterable[str]]) -> tuple[str, ...]:
    return unique(chain.from_iterable(map(forms, texts))) if texts else ()


@dataclass(frozen=True)
class MovieDocument:
    """A film as the index holds it, or with `gone` the tombstone of a deleted film.

    The digest contains the field names, so they must not change.

    Attributes:
        film_id: the film's UUID as text.
        version: the version of the film's row.
        rating: from 0 to 10.
    """

    film_id: str
    version: int
    gone: bool = False
    imdb_id: str | None = None
    title: str = ""
    aliases: tuple[str, ...] = ()
    type: str = ""
    year: int | None = None
    directors: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    plot: str | None = None
    runtime_minutes: int | None = None
    rating: float | None = None
    votes: int = 0
    popularity: float | None = None
    source: str = ""

    @classmethod
    def from_film(cls, film: IndexableFilm) -> "MovieDocument":
        """Return the document of a film."""
        return cls(
            film_id=str(film.id),
            version=film.version,
            imdb_id=film.imdb_id,
            title=film.title,
            aliases=tuple(film.aliases),
            type=film.type,
            year=film.year,
            directors=tuple(film.directors),
            genres=tuple(film.genres),
            writers=tuple(film.writers),
            actors=tuple(film.actors),
            languages=tuple(film.languages),
            countries=tuple(film.countries),
            plot=film.plot,
            runtime_minutes=film.runtime_minutes,
            rating=film.imdb_rating,
            votes=film.imdb_votes or 0,
            popularity=film.popularity,
            source=film.source,
        )

    @classmethod
    def tombstone(cls, film_id: str, version: int) -> "MovieDocument":
        """Return the document of a deleted film; it keeps late, older writes from restoring it."""
        return cls(film_id=film_id, version=version, gone=True)

    @property
    def boost(self) -> float:
        """The factor by which votes raise a score: 1 for none, 1.25 for ten million."""
        return 1 + MAX_POPULARITY_BOOST * log10(1 + self.votes) / 7

    @property
    def full_title_key(self) -> str:
        """The text that films are sorted by when they are sorted by title."""
        return full_title_key(self.title)

    @property
    def sort_numbers(self) -> dict[Column, int]:
        """The film's number in each order but that of titles."""
        return sort_numbers(
            year=self.year, rating=self.rating, popularity=self.popularity, votes=self.votes
        )

    @property
    def filter_keys(self) -> dict[str, tuple[str, ...]]:
        """The compact keys that name filters compare, by index field; empty ones are left out."""
        return {
            name: unique(map(compact_key, names))
            for name, field in _FILTER_KEY_FIELDS.items()
            if (names := getattr(self, field))
        }

    @cached_property
    def terms(self) -> "IndexedTerms":
        """The terms of each field that a plan may name, computed on first use."""
        return IndexedTerms() if self.gone else IndexedTerms.from_document(self)

    def materialize(self) -> "MovieDocument":
        """Compute the terms and return this document.

        Raises:
            DOCUMENT_ERRORS: facts have a wrong type.
        """
        _ = self.terms
        return self

    def vocabulary_words(self) -> frozenset[str]:
        """Return the film's words for the vocabulary, each behind the letter of its `TermKind`."""
        terms = self.terms
        terms_by_kind = {
            TermKind.TITLE: terms.title,
            TermKind.ALIAS: terms.alt,
            TermKind.DIRECTOR: terms.director,
            TermKind.CAST: terms.cast,
            TermKind.WRITER: terms.writer,
            TermKind.JOINED: terms.joined,
            TermKind.FULL_TITLE: terms.whole,
        }
        words: set[str] = set()
        for kind, kind_terms in terms_by_kind.items():
            letter = kind.value
            words.update([letter + term for term in kind_terms if len(term) <= MAX_WORD])
        return frozenset(words)

    def digest(self) -> str:
        """Return a hash of all fields but `version`, the same in every process and release."""
        packed = orjson.dumps([ANALYSIS, {name: getattr(self, name) for name in _DIGEST_FIELDS}])
        return hashlib.blake2b(packed, digest_size=16).hexdigest()


_FILTER_KEY_FIELDS = {f"is_{name}": fact for name, fact in NAME_FILTER_COLUMNS.items()}
_DIGEST_FIELDS = sorted(field.name for field in fields(MovieDocument) if field.name != "version")


class IndexedTerms(NamedTuple):
    """The terms of one document, by the fields that the clauses of a plan name.

    The engine cuts the terms of `NGRAM_FIELDS` into n-grams.
    """

    title: tuple[str, ...] = ()
    alt: tuple[str, ...] = ()
    director: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    writer: tuple[str, ...] = ()
    plot: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    grams: tuple[str, ...] = ()
    """Titles and directors' names without spaces; the engine indexes their n-grams."""
    sound: tuple[str, ...] = ()
    initials: tuple[str, ...] = ()
    year: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, document: MovieDocument) -> "IndexedTerms":
        """Return all terms under which `document` can be found."""
        titles = (document.title, *document.aliases)
        title_words = [tokenize(title) for title in titles]
        director_words = [tokenize(name) for name in document.directors]
        spelt_out = [spelt_out_words(title) for title in titles]
        title = unique([*title_index_forms(title_words[0]), *spelt_out[0]])
        alt = _collect_forms([*title_words[1:], *spelt_out[1:]], title_index_forms)
        director = _collect_forms(document.directors, name_index_forms)
        return cls(
            title=title,
            alt=alt,
            director=director,
            cast=_collect_forms(document.actors, tokenize),
            writer=_collect_forms(document.writers, tokenize),
            plot=unique(tokenize(document.plot)[:MAX_PLOT_WORDS]) if document.plot else (),
            joined=_collect_forms(title_words, joined_pairs),
            whole=_collect_forms([*title_words, *filter(None, spelt_out)], full_title_keys),
            grams=unique(filter(None, map("".join, (*title_words, *director_words)))),
            sound=unique(filter(None, map(phonetic_key, title + alt + director))),
            initials=unique(chain.from_iterable(map(initials, titles, title_words))),
            year=(str(document.year),) if document.year else (),
        )


@dataclass(frozen=True, slots=True)
class NgramSpec:
    """The n-grams of an index field that an engine cuts from the terms of `source_fields`.

    They have `min_length` to `max_length` letters and start at the beginning of a term, or with
    `anywhere` at any letter.
    """

    source_fields: tuple[str, ...]
    min_length: int
    max_length: int
    anywhere: bool = False


NGRAM_FIELDS: dict[str, NgramSpec] = {
    "edge": NgramSpec(("title", "alt"), 1, MAX_EDGE),
    "director_edge": NgramSpec(("director",), 1, MAX_EDGE),
    "cast_edge": NgramSpec(("cast",), 1, MAX_EDGE),
    "writer_edge": NgramSpec(("writer",), 1, MAX_EDGE),
    "whole_edge": NgramSpec(("whole",), 1, MAX_FULL_TITLE_EDGE),
    "grams": NgramSpec(("grams",), MIN_NGRAM, MAX_NGRAM, anywhere=True),
}
"""The fields of a plan that an engine fills with n-grams."""

INDEXED_TERM_FIELDS = IndexedTerms._fields
