"""Sequels by number: `die hard 3` is the third film of a series if no title has that number.

The number of a film stands directly behind the name of its series: `Deathly Hallows: Part 2` is not
the second Harry Potter. Films without such a number are counted by year at the time of the search,
among the best hits, which hold the whole series. So a film that is added or corrected changes the
count at once, and no document depends on another one. A number that is too high for a series may
be a year: `robocop 14` is the film of 2014.
"""

from collections.abc import Sequence
from dataclasses import replace

from service.search.query.parser import PART_WORDS, Query
from service.search.ranking.candidates import Candidate, Title
from service.search.ranking.scorer import Ranked
from service.text import numerals
from service.text.analysis import without_article

MAX_SEQUEL_NUMBER = 12
MAX_NAME_WORDS = 6  # of the name of a series
MAX_VOTES_GAP = 0.17  # of the votes scale: a film with 15 times fewer is not of the series
MIN_EXACT = 0.9  # of a title that is what was typed, so that no sequel is looked for


def promote_sequel(query: Query, ranked: list[Ranked]) -> list[Ranked]:
    """Return `ranked` with the sequel that the query's number means in front, if there is one."""
    sequel = _split_sequel_number(query)
    if sequel is None or not ranked or ranked[0].features.exact >= MIN_EXACT:
        return ranked
    base, number = sequel
    series = [film for film in ranked if _is_in_series(film.candidate, base)]
    film = _find_sequel(series, base, number) or _find_by_year(series, base, number)
    if film is None:
        return ranked
    promoted = replace(
        film,
        score=max(ranked[0].score, film.score) + (0 if film is ranked[0] else 1),
        features=film.features._replace(explained=1.0),
    )
    return [promoted, *(other for other in ranked if other is not film)]


def _split_sequel_number(query: Query) -> tuple[str, int] | None:
    """Return the words before a number at the end, run together, and the number; else None."""
    words = without_article(list(query.title))
    if len(words) < 2:
        return None
    digits = numerals.to_digits(words[-1])
    if not digits.isdecimal() or not 1 <= int(digits) < 100:
        return None
    base = words[:-1]
    if len(base) > 1 and base[-1] in PART_WORDS:
        base = base[:-1]
    return "".join(numerals.normalize_numerals(base)), int(digits)


def _find_sequel(series: Sequence[Ranked], base: str, number: int) -> Ranked | None:
    """Return the well-known film of the series with this number, or else at this place by year."""
    min_votes = max((film.candidate.votes for film in series), default=0.0) - MAX_VOTES_GAP
    series = [film for film in series if film.candidate.votes >= min_votes]
    numbers = {film.candidate.film_id: _series_number(film.candidate, base) for film in series}
    numbered = [film for film in series if numbers[film.candidate.film_id] == str(number)]
    if numbered:
        return numbered[0]
    dated = [film for film in series if film.candidate.year]
    by_year = _without_remakes(dated)
    by_year.sort(key=lambda f: (f.candidate.year or 0, f.candidate.film_id))
    if number > min(MAX_SEQUEL_NUMBER, len(by_year)):
        return None
    film = by_year[number - 1]
    return film if numbers[film.candidate.film_id] is None else None


def _find_by_year(series: Sequence[Ranked], base: str, number: int) -> Ranked | None:
    """Return the best film titled `base` whose year ends with a number of two digits."""
    return next(
        (
            film
            for film in series
            if number > MAX_SEQUEL_NUMBER
            and (film.candidate.year or 0) % 100 == number
            and any(base in title.bare_keys for title in film.candidate.titles)
        ),
        None,
    )


def _without_remakes(series: Sequence[Ranked]) -> list[Ranked]:
    """Return the films, of several with one full title only the one with most votes."""
    best: dict[tuple[str, ...], Ranked] = {}
    for film in sorted(series, key=lambda f: f.candidate.votes):
        best[film.candidate.titles[0].bare_keys] = film
    return list(best.values())


def _series_number(candidate: Candidate, base: str) -> str | None:
    """Return the number behind the name of the series in any title, or None."""
    numbers = (_number_behind(title, base) for title in candidate.titles)
    return next((number for number in numbers if number is not None), None)


def _number_behind(title: Title, base: str) -> str | None:
    words = numerals.normalize_numerals(list(title.words))
    for start in range(len(words)):
        text = ""
        for end in range(start, len(words)):
            text += words[end]
            if text == base:
                return _read_number(words[end + 1 : end + 3])
            if not base.startswith(text):
                break
    return None


def _read_number(words: Sequence[str]) -> str | None:
    """Return the number that these words begin with, behind `part` or the like also `i`."""
    if words and words[0].isdecimal():
        return words[0]
    if len(words) > 1 and words[0] in PART_WORDS:
        return "1" if words[1] == "i" else words[1] if words[1].isdecimal() else None
    return None


def _is_in_series(candidate: Candidate, base: str) -> bool:
    """Return whether a title begins with the name of the series, or has two words or more of it."""
    return any(_has_name(title, base) for title in candidate.titles)


def _has_name(title: Title, base: str) -> bool:
    words = numerals.normalize_numerals(without_article(list(title.words)))
    return any(
        "".join(words[start:end]) in (base, f"{base}s")  # Aliens is the second Alien
        for start in range(len(words))
        for end in range(start + (1 if start == 0 else 2), len(words) + 1)
        if end - start <= MAX_NAME_WORDS
    )
