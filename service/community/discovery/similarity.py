"""How alike two films are: by their people, their genres, their series, and who likes both."""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from service.film_fields import FilmRow
from service.text import numerals
from service.text.analysis import without_article
from service.text.titles import compact_key

SimilarityReason = Literal["series", "directors", "writers", "actors", "genres", "ratings"]

SERIES_WEIGHT = 5.0
PEOPLE: Final[tuple[tuple[SimilarityReason, str, float, int], ...]] = (
    ("directors", "directors", 2.5, 2),
    ("writers", "writers", 1.0, 2),
    ("actors", "actors", 0.8, 4),
)
"""For each kind of people: the column, the weight of a common name, and how many of them count."""
GENRES_WEIGHT = 3.0  # of the share of genres that both have
RATINGS_WEIGHT = 4.0  # of the share of users who like both
CLOSENESS_WEIGHT, YEARS = 0.5, 15.0  # of two films of the same year; it fades with the years
TYPE_WEIGHT = 0.5
FAME_WEIGHT = 0.15  # of a tenfold number of votes; among films that are equally alike
MIN_BASE_LENGTH = 3  # letters
MIN_REASON = 0.5  # of a score, without the weights of year, type and fame

_SUBTITLE = re.compile(r"\s*(?::|\s[-–—]\s).*")
_PART_WORDS = frozenset({"part", "vol", "volume", "episode", "chapter"})


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike a film is to another one, and by what."""

    score: float
    reasons: tuple[SimilarityReason, ...]


def compare(film: FilmRow, other: FilmRow, co_rating: float = 0.0) -> Similarity | None:
    """Return how alike `other` is to `film`; None if they have nothing in common.

    Args:
        co_rating: from 0 to 1, the share of users who like both.
    """
    parts: dict[SimilarityReason, float] = {}
    for reason, column, weight, maximum in PEOPLE:
        common = _count_common(getattr(film, column), getattr(other, column))
        parts[reason] = weight * min(common, maximum)
    shares_people = any(parts.values())
    if _is_of_same_series(film.title, other.title, shares_people=shares_people):
        parts["series"] = SERIES_WEIGHT
    parts["genres"] = GENRES_WEIGHT * _share_common(film.genres, other.genres)
    parts["ratings"] = RATINGS_WEIGHT * co_rating
    in_common = sum(parts.values())
    if in_common < MIN_REASON:
        return None
    reasons = sorted((reason for reason in parts if parts[reason]), key=lambda name: -parts[name])
    return Similarity(in_common + _weigh_circumstances(film, other), tuple(reasons))


def series_base(title: str) -> tuple[str, ...]:
    """Return the words that the titles of a series share: without subtitle, part and number."""
    words = without_article(compact_words(_SUBTITLE.sub("", title, count=1)))
    while len(words) > 1 and (numerals.is_number(words[-1]) or words[-1] in _PART_WORDS):
        words = words[:-1]
    return tuple(words)


def compact_words(text: str) -> list[str]:
    """Return the words of a text, folded."""
    return [key for word in text.split() if (key := compact_key(word))]


def _is_of_same_series(title: str, other: str, *, shares_people: bool) -> bool:
    """Return whether two titles are of one series.

    Many titles begin with the same single word, so that needs common people as well.
    """
    base = series_base(title)
    if base != series_base(other) or len("".join(base)) < MIN_BASE_LENGTH:
        return False
    return shares_people or (len(base) > 1 and title != other)


def _count_common(names: Sequence[str], others: Sequence[str]) -> int:
    return len({compact_key(name) for name in names} & {compact_key(name) for name in others})


def _share_common(names: Collection[str], others: Collection[str]) -> float:
    """Return the common part of both, from 0 to 1."""
    keys, other_keys = set(map(compact_key, names)), set(map(compact_key, others))
    union = keys | other_keys
    return len(keys & other_keys) / len(union) if union else 0.0


def _weigh_circumstances(film: FilmRow, other: FilmRow) -> float:
    closeness = 0.0
    if film.year is not None and other.year is not None:
        closeness = CLOSENESS_WEIGHT * math.exp(-abs(film.year - other.year) / YEARS)
    same_type = TYPE_WEIGHT if film.type == other.type else 0.0
    return closeness + same_type + FAME_WEIGHT * math.log10(1 + (other.imdb_votes or 0))
