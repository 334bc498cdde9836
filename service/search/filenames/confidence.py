"""The confidence that a film is the one whose facts are stated.

It is composed of hand-set steps. A test checks that at least 97 % of the matches with a confidence
of 0.9 or more are right, on names made from the samples; `make bench.match` checks it on a larger
catalogue. "Unknown" is a valid result: a film that is not in the catalogue must not be taken for
the most similar one, and a year alone is no match.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from rapidfuzz.distance import OSA

from service.film_fields import FilmRow
from service.search.filenames.parser import ParsedName, has_pack_mark
from service.search.query.parser import PART_WORDS
from service.text import numerals
from service.text.analysis import SUBTITLE_SEPARATOR, tokenize, without_article
from service.text.titles import compact_key

MAIN_TITLE_FACTOR = 0.93  # for the similarity of a title without its subtitle
ALIAS_FACTOR = 0.98
MAX_OTHER_NUMBER_SIMILARITY = 0.75  # of titles with different numbers
RIVAL_MARGIN = 0.03  # of similarity, within which another film may be meant just as well
FAMOUS_VOTES_RATIO = 20  # a film with so many times the votes of its rivals is the likely one


@dataclass(frozen=True, slots=True)
class TitleStep:
    """What a similarity of titles is worth.

    `support` is the share of other facts that counts for the film: a year, a director or a runtime
    alone are no match, since many films share them.
    """

    min_similarity: float
    confidence: float
    support: float


TITLE_STEPS = (
    TitleStep(0.999, 0.95, 1.0),
    TitleStep(0.95, 0.88, 1.0),
    TitleStep(0.90, 0.80, 1.0),
    TitleStep(0.85, 0.65, 1.0),
    TitleStep(0.78, 0.45, 0.6),
    TitleStep(0.70, 0.25, 0.2),
)
UNLIKE_TITLE = TitleStep(0.0, 0.05, 0.0)


@dataclass(frozen=True, slots=True)
class ScoredFilm:
    """A film and the confidence, from 0 to 1, that it is meant."""

    film: FilmRow
    confidence: float


@dataclass(frozen=True, slots=True)
class _ComparedTitle:
    """The forms of a title that are compared.

    Attributes:
        letters: those of all words.
        key: the letters without article and without `part`, or `part one`, with numbers in digits.
        numbers: the numbers in the key, in order; the first film of a series needs none.
    """

    letters: str
    key: str
    numbers: tuple[str, ...]
    has_article: bool

    @classmethod
    def of(cls, title: str) -> Self:
        words = tokenize(title)
        main_words = without_article(words)
        numbered = numerals.normalize_numerals(main_words)
        pairs = zip(["", *numbered], numbered, strict=False)
        keywords = [
            word
            for previous, word in pairs
            if word not in PART_WORDS and not (word == "1" and previous in PART_WORDS)
        ] or numbered
        numbers = tuple(word for word in keywords if word.isdigit())
        numbers = () if numbers == ("1",) else numbers
        return cls("".join(words), "".join(keywords), numbers, main_words != words)

    def compute_similarity(self, title: Self) -> float:
        """Return how alike this title, which a name states, and a film's are, from 0 to 1."""
        similarity = OSA.normalized_similarity(self.key, title.key)
        if not self.has_article:  # it may be left out, or be misspelt
            letters_similarity = OSA.normalized_similarity(self.letters, title.letters)
            similarity = max(similarity, letters_similarity)
        if self.numbers != title.numbers:
            similarity = min(similarity, MAX_OTHER_NUMBER_SIMILARITY)
        return similarity


def score_films(parsed: ParsedName, films: Sequence[FilmRow]) -> list[ScoredFilm]:
    """Return the films with their confidence, the highest first."""
    if parsed.imdb_id is not None:  # the only film; after a merge, it has another IMDb id
        return [ScoredFilm(film, 0.99) for film in films]
    stated = _ComparedTitle.of(parsed.title)
    similarities = {film.id: _title_similarity(stated, film) for film in films}
    scored_films = []
    for film in films:
        confidence = _film_confidence(parsed, film, similarities[film.id])
        confidence *= _rival_factor(parsed, film, films, similarities)
        scored_films.append(ScoredFilm(film, round(min(confidence, 0.99), 3)))
    scored_films.sort(key=lambda s: (-s.confidence, -(s.film.imdb_votes or 0), str(s.film.id)))
    return scored_films


def _title_similarity(stated: _ComparedTitle, film: FilmRow) -> float:
    """Return the similarity of the titles, letter by letter, from 0 to 1.

    Numbers are equal in any form. Other titles and the parts of a title around a colon count less,
    and titles with different numbers are different films.
    """
    factors = {film.title: 1.0}
    if len(parts := SUBTITLE_SEPARATOR.split(film.title, maxsplit=1)) > 1:
        for part in parts:
            factors.setdefault(part, MAIN_TITLE_FACTOR)
    for alias in film.aliases:
        factors.setdefault(alias, ALIAS_FACTOR)
    return max(
        factor * stated.compute_similarity(_ComparedTitle.of(title))
        for title, factor in factors.items()
    )


def _film_confidence(parsed: ParsedName, film: FilmRow, similarity: float) -> float:
    """Return the confidence by the facts of this film alone."""
    step = next((step for step in TITLE_STEPS if similarity >= step.min_similarity), UNLIKE_TITLE)
    confidence, support = step.confidence, step.support
    if parsed.year is not None and film.year is not None:
        distance = abs(parsed.year - film.year)
        is_running = film.end_year is not None and film.year <= parsed.year <= film.end_year
        if distance == 0 or is_running:
            confidence = _raise_confidence(confidence, 0.75 * support)
        elif distance == 1:
            confidence *= 0.97
        else:
            confidence *= 0.4 if distance <= 3 else 0.2
            if similarity < 0.95:  # another film of the series has the same director
                support *= 0.5
    if parsed.director is not None and film.directors:
        confidence = _weigh_director(confidence, parsed.director, film.directors, support)
    if parsed.runtime is not None and film.runtime_minutes is not None:
        distance = abs(parsed.runtime - film.runtime_minutes)
        if distance <= 3:
            confidence = _raise_confidence(confidence, 0.3 * support)
        elif distance > 15:
            confidence *= 0.5
    if parsed.is_pack and film.type != "series" and not has_pack_mark(film.title):
        confidence *= 0.4
    if parsed.is_episode != (film.type == "series"):
        confidence *= 0.6
    if parsed.year is None and parsed.director is None and similarity < 0.999:
        confidence *= 0.9  # no other fact supports a title that differs
    return confidence


def _raise_confidence(confidence: float, share: float) -> float:
    """Return the confidence, raised by a share of what it lacks to 1."""
    return confidence + share * (1 - confidence)


def _weigh_director(
    confidence: float, director: str, directors: Sequence[str], support: float = 1.0
) -> float:
    """Raise the confidence if `directors` has `director`, by full or last name; else lower it."""
    similarity = max(
        OSA.normalized_similarity(compact_key(director), compact_key(name)) for name in directors
    )
    last_names = {compact_key(name.split()[-1]) for name in directors if name.split()}
    if similarity >= 0.85 or compact_key(director) in last_names:
        return _raise_confidence(confidence, 0.7 * support)
    return confidence * (0.3 if similarity < 0.6 else 0.7)


def _rival_factor(
    parsed: ParsedName,
    film: FilmRow,
    films: Sequence[FilmRow],
    similarities: Mapping[UUID, float],
) -> float:
    """Return the factor for other films that fit just as well: 1 if there is none."""
    similarity = similarities[film.id]
    rivals = [
        other
        for other in films
        if other.id != film.id
        and similarities[other.id] >= similarity - RIVAL_MARGIN
        and _year_distance(parsed, other) <= _year_distance(parsed, film)
        and _director_fit(parsed, other) >= _director_fit(parsed, film)
    ]
    if not rivals:
        return 1.0
    votes = film.imdb_votes or 0
    max_votes = max(other.imdb_votes or 0 for other in rivals)
    if votes >= FAMOUS_VOTES_RATIO * max(max_votes, 1):
        return 0.9
    return 0.6 if votes > max_votes else 0.3


def _director_fit(parsed: ParsedName, film: FilmRow) -> float:
    """Return how well the director fits; 0.5 if it is not stated or not known."""
    if parsed.director is None or not film.directors:
        return 0.5
    return _weigh_director(0.5, parsed.director, film.directors)


def _year_distance(parsed: ParsedName, film: FilmRow) -> int:
    """Return how many years apart the years are; 0 if one is not stated or not known."""
    if parsed.year is None or film.year is None:
        return 0
    return abs(parsed.year - film.year)
