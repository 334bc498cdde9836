"""Sequels by number: `die hard 3` is the third film of a series if no title has that number.

Films are counted by year at the time of the search, among the best hits, which hold the whole
series. So a film that is added or corrected changes the count at once, and no document depends on
another one.
"""

from collections.abc import Sequence
from dataclasses import replace

from service.search.query.parser import Query
from service.search.ranking.candidates import Candidate, Title
from service.search.ranking.scorer import Ranked
from service.text import numerals
from service.text.analysis import without_article

MAX_SEQUEL_NUMBER = 12
PART_WORDS = frozenset({"part", "vol", "volume", "episode", "chapter", "movie"})
MAX_VOTES_GAP = 0.2  # of the votes scale: a film with 25 times fewer is not of the series
MIN_EXPLAINED = 0.97  # of the query, by a title that has the number itself


def promote_sequel(query: Query, ranked: list[Ranked]) -> list[Ranked]:
    """Return `ranked` with the sequel that the query's number means in front, if there is one."""
    sequel = _split_sequel_number(query)
    if sequel is None or any(_has_typed_number(film) for film in ranked):
        return ranked
    base, number = sequel
    series = [film for film in ranked if _is_in_series(film.candidate, base)]
    min_votes = max((film.candidate.votes for film in series), default=0.0) - MAX_VOTES_GAP
    series = [f for f in series if f.candidate.year and f.candidate.votes >= min_votes]
    series = _without_remakes(series)
    series.sort(key=lambda f: (f.candidate.year or 0, f.candidate.film_id))
    if len(series) < number:
        return ranked
    sequel_film = series[number - 1]
    if _has_other_number(sequel_film.candidate, number):
        return ranked
    promoted = replace(
        sequel_film,
        score=max(ranked[0].score, sequel_film.score) + 1,
        features=sequel_film.features._replace(explained=1.0),
    )
    return [promoted, *(film for film in ranked if film is not sequel_film)]


def _split_sequel_number(query: Query) -> tuple[tuple[str, ...], int] | None:
    """Return the words before a number at the end, and the number; None if there is none."""
    words = without_article(list(query.title))
    if len(words) < 2:
        return None
    digits = numerals.to_digits(words[-1])
    if not digits.isdigit() or not 2 <= int(digits) <= MAX_SEQUEL_NUMBER:
        return None
    base = words[:-1]
    if len(base) > 1 and base[-1] in PART_WORDS:
        base = base[:-1]
    return tuple(base), int(digits)


def _without_remakes(series: Sequence[Ranked]) -> list[Ranked]:
    """Return the films, of several with one full title only the one with most votes."""
    best: dict[tuple[str, ...], Ranked] = {}
    for film in sorted(series, key=lambda f: f.candidate.votes):
        best[film.candidate.titles[0].bare_keys] = film
    return list(best.values())


def _has_other_number(candidate: Candidate, number: int) -> bool:
    """Return whether the film's main title says that it is another film of the series."""
    numbers = candidate.titles[0].numbers
    return bool(numbers) and str(number) not in numbers


def _has_typed_number(ranked: Ranked) -> bool:
    return ranked.features.numbers == 1.0 and ranked.features.explained >= MIN_EXPLAINED


def _is_in_series(candidate: Candidate, base: Sequence[str]) -> bool:
    return any(
        _starts_with(title, base) or _contains_words(title, base) for title in candidate.titles
    )


def _starts_with(title: Title, base: Sequence[str]) -> bool:
    return any(key.startswith("".join(base)) for key in title.bare_keys)


def _contains_words(title: Title, base: Sequence[str]) -> bool:
    length = len(base)
    starts = range(len(title.words) - length + 1)
    return length > 1 and any(title.words[i : i + length] == tuple(base) for i in starts)
