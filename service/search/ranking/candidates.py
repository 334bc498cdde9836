"""A film prepared for ranking: what would otherwise be worked out for each query again."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log10

from service.search.query.parser import STOP_WORD_WEIGHT, STOP_WORDS
from service.text import numerals
from service.text.analysis import initials, joined_pairs, without_article, words

ALIAS = 0.97  # what another title counts beside the main one
MOST_VOTES = 7  # as a power of ten


@dataclass(frozen=True, slots=True)
class Title:
    """One of a film's titles.

    `weights` has one weight per word and `weight` is their sum, `pairs` neighbours run together,
    `parts` are words and pairs, `wholes` the title without spaces and leading article, as it is and
    with figures, `typed` the same with the article, `forms` are all of these.
    """

    words: tuple[str, ...]
    weights: tuple[float, ...]
    weight: float
    pairs: tuple[str, ...]
    parts: frozenset[str]
    wholes: tuple[str, ...]
    typed: str
    forms: tuple[str, ...]
    numbers: frozenset[str]
    initials: frozenset[str]
    worth: float

    @classmethod
    def of(cls, title: str, worth: float) -> "Title":
        """Prepare a title."""
        plain = words(title)
        figured = numerals.normalize_numerals(plain)
        weights = tuple([STOP_WORD_WEIGHT if word in STOP_WORDS else 1.0 for word in plain])
        pairs = tuple(joined_pairs(plain))
        typed = "".join(plain)
        wholes = dict.fromkeys("".join(without_article(form)) for form in (plain, figured))
        return cls(
            words=tuple(plain),
            weights=weights,
            weight=sum(weights),
            pairs=pairs,
            parts=frozenset((*plain, *pairs)),
            wholes=tuple(wholes),
            typed=typed,
            forms=tuple(dict.fromkeys((typed, *wholes))),
            numbers=frozenset(word for word in figured if word.isdigit()),
            initials=frozenset(initials(title, plain)),
            worth=worth,
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A film. `votes` is 0 for none and 1 for ten million; `names` are the directors' words."""

    film_id: str
    version: int
    year: int | None
    votes: float
    titles: tuple[Title, ...]
    directors: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    name_wholes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        *,
        film_id: str,
        version: int,
        title: str,
        aliases: Iterable[str],
        directors: Iterable[str],
        year: int | None,
        votes: int | None,
    ) -> "Candidate":
        """Prepare a film from its facts."""
        names = tuple(tuple(words(name)) for name in directors)
        return cls(
            film_id=film_id,
            version=version,
            year=year,
            votes=min(1.0, log10(1 + (votes or 0)) / MOST_VOTES),
            titles=(Title.of(title, 1.0), *(Title.of(alias, ALIAS) for alias in aliases)),
            directors=names,
            names=tuple(dict.fromkeys(word for name in names for word in name)),
            name_wholes=tuple("".join(name) for name in names),
        )
