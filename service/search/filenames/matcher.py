"""Which film is meant by a file's name or a loose description, and how sure that is.

Search finds the candidates; here each is held against all that was said. The confidence is made of
steps set by hand; a test holds them to their promise, that of those said to be 0.9 or more at least
97 in 100 are right, on names made from the samples, and `make bench.match` on a larger catalogue.
To say "unknown" is an answer: a film that is
not in the catalogue must not be taken for the one that is most like it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from rapidfuzz.distance import OSA

from service.errors import Invalid
from service.film_fields import FilmRow
from service.search.filenames.parser import ParsedName, parse_name
from service.search.ranking.sequels import PART_WORDS
from service.text import numerals
from service.text.analysis import SUBTITLE_SEPARATOR, tokenize, without_article
from service.text.titles import compact_key

MAX_CANDIDATES = 10  # films looked at for each name
MAX_RESULTS = 3
MIN_MATCH_CONFIDENCE = 0.5  # confidence from which the best candidate is the answer
MIN_CONFIDENCE = 0.05  # confidence that is worth showing
MAX_CONCURRENT_LOOKUPS = 4  # names looked up at the same time
MAIN_TITLE_FACTOR = 0.93  # what a title without its subtitle counts
ALIAS_FACTOR = 0.98
RIVAL_MARGIN = 0.03  # of likeness within which another film might as well be meant
FAMOUS_VOTES_RATIO = 20  # times the votes that make a namesake the likely one


FilmSearch = Callable[[str, int], Awaitable[Sequence[FilmRow]]]


@dataclass(frozen=True, slots=True)
class ScoredFilm:
    """A film and how sure it is, from 0 to 1, that it is the one."""

    film: FilmRow
    confidence: float


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What was understood, and the likeliest films, the best first."""

    parsed: ParsedName
    candidates: tuple[ScoredFilm, ...]

    @property
    def film(self) -> FilmRow | None:
        """The film that is meant; none when that is unknown."""
        best = self.candidates[:1]
        return best[0].film if best and best[0].confidence >= MIN_MATCH_CONFIDENCE else None


class FilenameMatcher:
    """Finds the film behind each of many names.

    Args:
        films: the films that a text finds, the best first, at most as many as asked for.
    """

    def __init__(self, films: FilmSearch) -> None:
        self._search_films = films
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="names")

    def close(self) -> None:
        """Stop reading names."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def warm_up(self) -> None:
        """Read a first name, for which the library loads its rules: a second or more."""
        await asyncio.get_running_loop().run_in_executor(
            self._executor, parse_name, "Warm.Up.2000.mkv"
        )

    async def match(self, items: Sequence[str | ParsedName]) -> list[MatchResult]:
        """One answer for each item, in their order. Raises what `films` raises."""
        turns = asyncio.Semaphore(MAX_CONCURRENT_LOOKUPS)

        async def one(item: str | ParsedName) -> MatchResult:
            async with turns:
                return await self._match(item)

        return list(await asyncio.gather(*map(one, items)))

    async def _match(self, item: str | ParsedName) -> MatchResult:
        described = item
        if isinstance(described, str):
            loop = asyncio.get_running_loop()
            described = await loop.run_in_executor(self._executor, parse_name, described)
        asked = described.imdb_id or f"{described.title} {described.year or ''}".strip()
        try:
            films = await self._search_films(asked, MAX_CANDIDATES)
        except Invalid:  # nothing in it that could be a title
            films = []
        judged = score_films(described, films)
        return MatchResult(
            described, tuple(j for j in judged if j.confidence >= MIN_CONFIDENCE)[:MAX_RESULTS]
        )


def score_films(described: ParsedName, films: Sequence[FilmRow]) -> list[ScoredFilm]:
    """The films, the surest first; pure."""
    if described.imdb_id is not None:
        return [ScoredFilm(film, 0.99) for film in films if film.imdb_id == described.imdb_id]
    alike = {film.id: title_similarity(described, film) for film in films}
    judged = []
    for film in films:
        sure = _film_confidence(described, film, alike[film.id])
        sure *= _rival_factor(described, film, films, alike)
        judged.append(ScoredFilm(film, round(min(sure, 0.99), 3)))
    judged.sort(key=lambda j: (-j.confidence, -(j.film.imdb_votes or 0), str(j.film.id)))
    return judged


def title_similarity(described: ParsedName, film: FilmRow) -> float:
    """How alike the titles are, letter by letter, from 0 to 1; numbers in any form are the same."""
    typed = _comparison_key(described.title)
    forms = {_comparison_key(film.title): 1.0}
    if len(parts := SUBTITLE_SEPARATOR.split(film.title, maxsplit=1)) > 1:
        for part in parts:
            forms.setdefault(_comparison_key(part), MAIN_TITLE_FACTOR)
    for alias in film.aliases:
        forms.setdefault(_comparison_key(alias), ALIAS_FACTOR)
    return max(worth * OSA.normalized_similarity(typed, form) for form, worth in forms.items())


def _comparison_key(title: str) -> str:
    """A title as it is compared: without article, spaces and words like `part`, with figures."""
    found = without_article(tokenize(title))
    kept = [word for word in found if word not in PART_WORDS] or found
    return "".join(numerals.normalize_numerals(kept))


def _film_confidence(described: ParsedName, film: FilmRow, alike: float) -> float:
    """How sure it is by what is said of this film alone."""
    steps = ((0.999, 0.95), (0.95, 0.88), (0.90, 0.80), (0.85, 0.65), (0.78, 0.45), (0.70, 0.25))
    sure = next((worth for least, worth in steps if alike >= least), 0.05)
    if described.year is not None and film.year is not None:
        off = abs(described.year - film.year)
        within = film.end_year is not None and film.year <= described.year <= film.end_year
        if off == 0 or within:
            sure = _raise_confidence(sure, 0.75)
        elif off == 1:
            sure *= 0.97
        else:
            sure *= 0.4 if off <= 3 else 0.2
    if described.director is not None and film.directors:
        sure = _weigh_director(sure, described.director, film.directors)
    if described.runtime is not None and film.runtime_minutes is not None:
        off = abs(described.runtime - film.runtime_minutes)
        sure = _raise_confidence(sure, 0.3) if off <= 3 else sure if off <= 15 else 0.5 * sure
    if described.is_episode != (film.type == "series") and (
        described.is_episode or film.type == "series"
    ):
        sure *= 0.6
    if described.year is None and described.director is None and alike < 0.999:
        sure *= 0.9  # nothing else speaks for a title that is not quite the same
    return sure


def _raise_confidence(sure: float, share: float) -> float:
    return sure + share * (1 - sure)


def _weigh_director(sure: float, said: str, directors: Sequence[str]) -> float:
    near = max(
        OSA.normalized_similarity(compact_key(said), compact_key(name)) for name in directors
    )
    last = {compact_key(name.split()[-1]) for name in directors if name.split()}
    if near >= 0.85 or compact_key(said) in last:
        return _raise_confidence(sure, 0.7)
    return sure * (0.3 if near < 0.6 else 0.7)


def _rival_factor(
    described: ParsedName, film: FilmRow, films: Sequence[FilmRow], alike: Mapping[UUID, float]
) -> float:
    """What is left when others might as well be meant: all, unless they are as likely."""
    own = alike[film.id]
    rivals = [
        other
        for other in films
        if other.id != film.id
        and alike[other.id] >= own - RIVAL_MARGIN
        and _year_distance(described, other) <= _year_distance(described, film)
        and _director_fit(described, other) >= _director_fit(described, film)
    ]
    if not rivals:
        return 1.0
    votes = film.imdb_votes or 0
    most = max(other.imdb_votes or 0 for other in rivals)
    return 0.9 if votes >= FAMOUS_VOTES_RATIO * max(most, 1) else 0.6 if votes > most else 0.3


def _director_fit(described: ParsedName, film: FilmRow) -> float:
    """How well the director fits; one that is not said or not known speaks for nobody."""
    if described.director is None or not film.directors:
        return 0.5
    return _weigh_director(0.5, described.director, film.directors)


def _year_distance(described: ParsedName, film: FilmRow) -> int:
    if described.year is None or film.year is None:
        return 0
    return abs(described.year - film.year)
