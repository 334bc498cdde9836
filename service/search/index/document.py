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
from service.text.analysis import full_title_key as folded_title
from service.text.analysis import initials, joined_pairs, tokenize
from service.text.phonetics import phonetic_key
from service.text.titles import compact_key, full_title_keys, title_index_forms, unique

T = TypeVar("T")

ANALYSIS = 3
"""Raised when the terms of an unchanged film change: every digest changes with it, and a rebuild is
due.
"""

MAX_EDGE = 12  # letters of a word's beginning; longer ones are typed in full or found by their typo
MAX_FULL_TITLE_EDGE = 30  # letters of a whole title's beginning
MIN_NGRAM, MAX_NGRAM = 2, 3  # letters of what is left of a word with many typos
MAX_WORD = 100  # letters; longer ones are found exactly, and are no use for guessing
MAX_POPULARITY_BOOST = 0.25  # the most that ten million votes add to a score
MAX_PLOT_WORDS = 1_000


DOCUMENT_ERRORS = (ValueError, TypeError, AttributeError)
"""What facts of a wrong kind cause when a document is made of them."""


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
    """A film as the index knows it; with `gone`, the mark that a deleted film leaves behind.

    `film_id` is the film's UUID as text; `version` the version of its row; `rating` goes from 0 to
    10."""

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

    @classmethod
    def from_film(cls, film: IndexableFilm) -> "MovieDocument":
        """The document of a film as it is now."""
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
        )

    @classmethod
    def tombstone(cls, film_id: str, version: int) -> "MovieDocument":
        """What is left of a deleted film, so that no late, older write brings it back."""
        return cls(film_id=film_id, version=version, gone=True)

    @property
    def boost(self) -> float:
        """The factor by which votes raise a score: 1 for none, 1.25 for ten million."""
        return 1 + MAX_POPULARITY_BOOST * log10(1 + self.votes) / 7

    @property
    def full_title_key(self) -> str:
        """What films are listed by when they are sorted by title."""
        return folded_title(self.title)

    @property
    def sort_numbers(self) -> dict[Column, int]:
        """The film's place in each order that is a number."""
        return sort_numbers(
            year=self.year, rating=self.rating, popularity=self.popularity, votes=self.votes
        )

    @property
    def filter_keys(self) -> dict[str, tuple[str, ...]]:
        """The names by which filters keep the film, as they compare them, where it has any."""
        return {
            name: unique(map(compact_key, facts))
            for name, fact in _FILTER_KEY_FIELDS.items()
            if (facts := getattr(self, fact))
        }

    @cached_property
    def terms(self) -> "IndexedTerms":
        """The ready-made terms of each field that a plan may ask for."""
        return IndexedTerms() if self.gone else IndexedTerms.from_document(self)

    def materialize(self) -> "MovieDocument":
        """This document, with its terms ready; raises what facts of a wrong kind cause, now."""
        _ = self.terms
        return self

    def vocabulary_words(self) -> frozenset[str]:
        """What the vocabulary must know of this film: words, each behind the letter of where it
        stands.

        `t` title, `a` another title, `d` director, `c` cast, `s` writer (of the script),
        `j` neighbouring words run together, `w` whole title."""
        terms = self.terms
        places = {"t": terms.title, "a": terms.alt, "d": terms.director, "c": terms.cast}
        places |= {"s": terms.writer, "j": terms.joined, "w": terms.whole}
        marked: set[str] = set()
        for place, found in places.items():
            marked.update([place + word for word in found if len(word) <= MAX_WORD])
        return frozenset(marked)

    def digest(self) -> str:
        """A hash of the content, the same wherever and whenever it is computed; `version` is not
        part of it.
        """
        packed = orjson.dumps([ANALYSIS, {name: getattr(self, name) for name in _DIGEST_FIELDS}])
        return hashlib.blake2b(packed, digest_size=16).hexdigest()


_FILTER_KEY_FIELDS = {f"is_{name}": fact for name, fact in NAME_FILTER_COLUMNS.items()}
_DIGEST_FIELDS = sorted(field.name for field in fields(MovieDocument) if field.name != "version")


class IndexedTerms(NamedTuple):
    """The terms of one document, by the fields that the clauses of a plan name.

    The engine cuts those of `NGRAM_FIELDS` by itself.
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
    """Titles and names without spaces, of which the engine keeps the pieces."""
    sound: tuple[str, ...] = ()
    initials: tuple[str, ...] = ()
    year: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, document: MovieDocument) -> "IndexedTerms":
        """Every term under which `document` can be found."""
        typed = (document.title, *document.aliases)
        titles = [tokenize(each) for each in typed]
        names = [tokenize(name) for name in document.directors]
        title = unique(title_index_forms(titles[0]))
        alt = _collect_forms(titles[1:], title_index_forms)
        director = unique(chain.from_iterable(names))
        return cls(
            title=title,
            alt=alt,
            director=director,
            cast=_collect_forms(document.actors, tokenize),
            writer=_collect_forms(document.writers, tokenize),
            plot=unique(tokenize(document.plot)[:MAX_PLOT_WORDS]) if document.plot else (),
            joined=_collect_forms(titles, joined_pairs),
            whole=_collect_forms(titles, full_title_keys),
            grams=unique(filter(None, map("".join, (*titles, *names)))),
            sound=unique(filter(None, map(phonetic_key, title + alt + director))),
            initials=unique(chain.from_iterable(map(initials, typed, titles))),
            year=(str(document.year),) if document.year else (),
        )


@dataclass(frozen=True, slots=True)
class NgramSpec:
    """Pieces of ready-made terms that an engine cuts by itself: `least` to `longest` letters from
    the beginning of each term of the fields `of`, or from anywhere `inside` it.
    """

    source_fields: tuple[str, ...]
    min_length: int
    max_length: int
    anywhere: bool = False


NGRAM_FIELDS: dict[str, NgramSpec] = {
    "edge": NgramSpec(("title", "alt"), 1, MAX_EDGE),
    "director_edge": NgramSpec(("director",), 1, MAX_EDGE),
    "whole_edge": NgramSpec(("whole",), 1, MAX_FULL_TITLE_EDGE),
    "grams": NgramSpec(("grams",), MIN_NGRAM, MAX_NGRAM, anywhere=True),
}
"""The fields of a plan that an engine fills by itself."""

INDEXED_TERM_FIELDS = IndexedTerms._fields
