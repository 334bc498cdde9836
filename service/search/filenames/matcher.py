"""Finds the film that a file name or a loose description means, and how certain that is.

Search finds the candidates; here each is compared with all facts that were stated. The confidence
is composed of hand-set steps. A test checks that at least 97 % of the matches with a confidence of
0.9 or more are right, on names made from the samples; `make bench.match` checks it on a larger
catalogue. A name that can be read in several ways, such as one with a number, is compared in each,
and the catalogue decides. "Unknown" is a valid result: a film that is not in the catalogue must not
be taken for the most similar one, and a year alone is no match.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from rapidfuzz.distance import OSA

from service.errors import Invalid
from service.film_fields import FilmRow
from service.resilience.work_budget import WorkBudget
from service.search.filenames.name_process import NameBudget, NameProcess
from service.search.filenames.parser import (
    ParsedName,
    clean_name,
    parse_by_year,
    parse_otherwise,
)
from service.search.ranking.sequels import PART_WORDS
from service.search.retrieval.search_request import Degradation, Page, SearchRequest, SearchResult
from service.search.retrieval.work_threads import search_budget
from service.text import numerals
from service.text.analysis import SUBTITLE_SEPARATOR, tokenize, without_article
from service.text.titles import compact_key

MAX_CANDIDATES = 10  # films that are compared with each name
MAX_RESULTS = 3
MIN_MATCH_CONFIDENCE = 0.5  # of the best candidate, to be the match
CERTAIN_CONFIDENCE = 0.9  # of the best candidate, from which a name is not read in other ways
MIN_CONFIDENCE = 0.05  # of a candidate, to be returned
MAX_MATCH_WORK = 400_000.0  # units for all names of a request; a hundred ordinary ones take 100,000
MAX_MATCH_TIME = 6.0  # seconds for all of them, before a response would be too late
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

FilmSearch = Callable[[SearchRequest], Awaitable[SearchResult]]
"""Returns the films that a search finds, the best first."""


@dataclass(frozen=True, slots=True)
class ScoredFilm:
    """A film and the confidence, from 0 to 1, that it is meant."""

    film: FilmRow
    confidence: float


@dataclass(frozen=True, slots=True)
class MatchResult:
    """The facts that a name states, and the likeliest films, the best first.

    `degraded` names what their search left out.
    """

    parsed: ParsedName
    candidates: tuple[ScoredFilm, ...]
    degraded: tuple[Degradation, ...] = ()

    @property
    def confidence(self) -> float:
        """The confidence of the best film; 0 if there is none."""
        return self.candidates[0].confidence if self.candidates else 0.0

    @property
    def film(self) -> FilmRow | None:
        """The film that is meant, or None if it is unknown."""
        return self.candidates[0].film if self.confidence >= MIN_MATCH_CONFIDENCE else None


class FilenameMatcher:
    """Finds the films that names mean.

    Args:
        max_work: units of work for all names of one request.
        max_time: seconds for all of them.
    """

    def __init__(
        self,
        search_films: FilmSearch,
        max_work: float = MAX_MATCH_WORK,
        max_time: float = MAX_MATCH_TIME,
    ) -> None:
        self._search_films = search_films
        self._max_work = max_work
        self._max_time = max_time
        self._name_process = NameProcess()

    async def close(self) -> None:
        """End the process that parses names."""
        await self._name_process.close()

    async def warm_up(self) -> None:
        """Start the process that parses names: it takes a second or more."""
        await self._name_process.start()

    def create_budget(self) -> WorkBudget:
        """Return the budget of one request."""
        return WorkBudget(self._max_work, self._max_time)

    async def match(
        self, items: Sequence[str | ParsedName], budget: WorkBudget | None = None
    ) -> list[MatchResult]:
        """Return one result per item, in the same order. Raises what the film search raises.

        Names are searched one after the other: the searches of others are worth as much. When the
        budget is used up, the others get the likeliest films among those that a plain search finds.
        """
        budget, name_budget = budget or self.create_budget(), NameBudget()
        return [await self._match(item, budget, name_budget) for item in items]

    async def _match(
        self, item: str | ParsedName, budget: WorkBudget, name_budget: NameBudget
    ) -> MatchResult:
        if isinstance(item, ParsedName):
            return await self._match_reading(item, budget)
        name = clean_name(item)
        if budget.is_late:
            return await self._match_reading(parse_by_year(name), budget)
        reading = await self._name_process.parse(name, name_budget)
        best = await self._match_reading(reading, budget)
        for other_reading in parse_otherwise(name, reading):
            if best.confidence >= CERTAIN_CONFIDENCE or budget.is_late:
                break
            result = await self._match_reading(other_reading, budget)
            if result.film is not None and result.confidence > best.confidence:
                best = result
        return best

    async def _match_reading(self, parsed: ParsedName, budget: WorkBudget) -> MatchResult:
        text = parsed.imdb_id or f"{parsed.title} {parsed.year or ''}".strip()
        request = SearchRequest(text, page=Page(MAX_CANDIDATES), budget=search_budget(budget))
        try:
            result = await self._search_films(request)
        except Invalid:  # the name has nothing that could be a title
            return MatchResult(parsed, ())
        scored_films = score_films(parsed, [hit.film for hit in result.hits])
        likely_films = tuple(s for s in scored_films if s.confidence >= MIN_CONFIDENCE)
        return MatchResult(parsed, likely_films[:MAX_RESULTS], result.degraded)


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
        numbers = tuple(word for word in keywords if word.isdigit() and word != "1")
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
