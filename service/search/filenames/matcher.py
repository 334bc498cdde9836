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
from service.search.ranking.sequels import PARTS
from service.text import numerals
from service.text.analysis import SUBTITLE_SEPARATOR, without_article, words
from service.text.titles import compact_key

CANDIDATES = 10  # films looked at for each name
SHOWN = 3
MEANT = 0.5  # confidence from which the best candidate is the answer
LEAST = 0.05  # confidence that is worth showing
AT_ONCE = 4  # names looked up at the same time
HEAD = 0.93  # what a title without its subtitle counts
ALIAS = 0.98
RIVAL = 0.03  # of likeness within which another film might as well be meant
FAMOUS = 20  # times the votes that make a namesake the likely one


Films = Callable[[str, int], Awaitable[Sequence[FilmRow]]]


@dataclass(frozen=True, slots=True)
class ScoredFilm:
    """A film and how sure it is, from 0 to 1, that it is the one."""

    film: FilmRow
    confidence: float


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What was understood, and the likeliest films, the best first."""

    described: ParsedName
    candidates: tuple[ScoredFilm, ...]

    @property
    def film(self) -> FilmRow | None:
        """The film that is meant; none when that is unknown."""
        best = self.candidates[:1]
        return best[0].film if best and best[0].confidence >= MEANT else None


class FilenameMatcher:
    """Finds the film behind each of many names.

    Args:
        films: the films that a text finds, the best first, at most as many as asked for.
    """

    def __init__(self, films: Films) -> None:
        self._films = films
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="names")

    def close(self) -> None:
        """Stop reading names."""
        self._reader.shutdown(wait=True, cancel_futures=True)

    async def warm(self) -> None:
        """Read a first name, for which the library loads its rules: a second or more."""
        await asyncio.get_running_loop().run_in_executor(
            self._reader, parse_name, "Warm.Up.2000.mkv"
        )

    async def match(self, items: Sequence[str | ParsedName]) -> list[MatchResult]:
        """One answer for each item, in their order. Raises what `films` raises."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(item: str | ParsedName) -> MatchResult:
            async with turns:
                return await self._match(item)

        return list(await asyncio.gather(*map(one, items)))

    async def _match(self, item: str | ParsedName) -> MatchResult:
        described = item
        if isinstance(described, str):
            loop = asyncio.get_running_loop()
            described = await loop.run_in_executor(self._reader, parse_name, described)
        asked = described.imdb_id or f"{described.title} {described.year or ''}".strip()
        try:
            films = await self._films(asked, CANDIDATES)
        except Invalid:  # nothing in it that could be a title
            films = []
        judged = judge(described, films)
        return MatchResult(described, tuple(j for j in judged if j.confidence >= LEAST)[:SHOWN])


def judge(described: ParsedName, films: Sequence[FilmRow]) -> list[ScoredFilm]:
    """The films, the surest first; pure."""
    if described.imdb_id is not None:
        return [ScoredFilm(film, 0.99) for film in films if film.imdb_id == described.imdb_id]
    alike = {film.id: likeness(described, film) for film in films}
    judged = []
    for film in films:
        sure = _sure(described, film, alike[film.id])
        sure *= _share(described, film, films, alike)
        judged.append(ScoredFilm(film, round(min(sure, 0.99), 3)))
    judged.sort(key=lambda j: (-j.confidence, -(j.film.imdb_votes or 0), str(j.film.id)))
    return judged


def likeness(described: ParsedName, film: FilmRow) -> float:
    """How alike the titles are, letter by letter, from 0 to 1; numbers in any form are the same."""
    typed = _form(described.title)
    forms = {_form(film.title): 1.0}
    if len(parts := SUBTITLE_SEPARATOR.split(film.title, maxsplit=1)) > 1:
        for part in parts:
            forms.setdefault(_form(part), HEAD)
    for alias in film.aliases:
        forms.setdefault(_form(alias), ALIAS)
    return max(worth * OSA.normalized_similarity(typed, form) for form, worth in forms.items())


def _form(title: str) -> str:
    """A title as it is compared: without article, spaces and words like `part`, with figures."""
    found = without_article(words(title))
    kept = [word for word in found if word not in PARTS] or found
    return "".join(numerals.normalize_numerals(kept))


def _sure(described: ParsedName, film: FilmRow, alike: float) -> float:
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
        sure = _directed(sure, described.director, film.directors)
    if described.runtime is not None and film.runtime_minutes is not None:
        off = abs(described.runtime - film.runtime_minutes)
        sure = _raise_confidence(sure, 0.3) if off <= 3 else sure if off <= 15 else 0.5 * sure
    if described.series != (film.type == "series") and (described.series or film.type == "series"):
        sure *= 0.6
    if described.year is None and described.director is None and alike < 0.999:
        sure *= 0.9  # nothing else speaks for a title that is not quite the same
    return sure


def _raise_confidence(sure: float, share: float) -> float:
    return sure + share * (1 - sure)


def _directed(sure: float, said: str, directors: Sequence[str]) -> float:
    near = max(
        OSA.normalized_similarity(compact_key(said), compact_key(name)) for name in directors
    )
    last = {compact_key(name.split()[-1]) for name in directors if name.split()}
    if near >= 0.85 or compact_key(said) in last:
        return _raise_confidence(sure, 0.7)
    return sure * (0.3 if near < 0.6 else 0.7)


def _share(
    described: ParsedName, film: FilmRow, films: Sequence[FilmRow], alike: Mapping[UUID, float]
) -> float:
    """What is left when others might as well be meant: all, unless they are as likely."""
    own = alike[film.id]
    rivals = [
        other
        for other in films
        if other.id != film.id
        and alike[other.id] >= own - RIVAL
        and _year_off(described, other) <= _year_off(described, film)
        and _by(described, other) >= _by(described, film)
    ]
    if not rivals:
        return 1.0
    votes = film.imdb_votes or 0
    most = max(other.imdb_votes or 0 for other in rivals)
    return 0.9 if votes >= FAMOUS * max(most, 1) else 0.6 if votes > most else 0.3


def _by(described: ParsedName, film: FilmRow) -> float:
    """How well the director fits; one that is not said or not known speaks for nobody."""
    if described.director is None or not film.directors:
        return 0.5
    return _directed(0.5, described.director, film.directors)


def _year_off(described: ParsedName, film: FilmRow) -> int:
    if described.year is None or film.year is None:
        return 0
    return abs(described.year - film.year)
