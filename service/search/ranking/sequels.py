"""`die hard 3`, when no title says so: the third film of the series, counted by years.

Worked out at the time of the search among the best hits, which hold the whole series anyway: so a
film that is added or corrected moves the count at once, and no document depends on another one.
"""

from collections.abc import Sequence
from dataclasses import replace

from service.search.query.parser import Query
from service.search.ranking.candidates import Candidate, Title
from service.search.ranking.scorer import Ranked
from service.text import numerals
from service.text.analysis import without_article

MAX_SEQUEL_NUMBER = 12  # films of a series that are counted
PART_WORDS = frozenset({"part", "vol", "volume", "episode", "chapter", "movie"})
MAX_VOTES_GAP = 0.2  # of the votes scale: a film with 25 times fewer is of another series
MIN_EXPLAINED = 0.97  # of the query, by a title that has the number itself


def promote_sequel(query: Query, ranked: list[Ranked]) -> list[Ranked]:
    """The same order, but the film that was meant by its number first, where one was."""
    found = _split_sequel_number(query)
    if found is None or any(_has_typed_number(each) for each in ranked):
        return ranked
    base, number = found
    members = [each for each in ranked if _is_in_series(each.candidate, base)]
    known = max((each.candidate.votes for each in members), default=0.0) - MAX_VOTES_GAP
    members = [m for m in members if m.candidate.year and m.candidate.votes >= known]
    members.sort(key=lambda m: (m.candidate.year or 0, m.candidate.film_id))
    if len(members) < number:
        return ranked
    chosen = members[number - 1]
    meant = replace(chosen, features=chosen.features._replace(explained=1.0))
    return [meant, *(each for each in ranked if each is not chosen)]


def _split_sequel_number(query: Query) -> tuple[tuple[str, ...], int] | None:
    """The words before a number at the end, and the number."""
    words = without_article(list(query.title))
    if len(words) < 2:
        return None
    figure = numerals.to_digits(words[-1])
    if not figure.isdigit() or not 2 <= int(figure) <= MAX_SEQUEL_NUMBER:
        return None
    base = words[:-1]
    if len(base) > 1 and base[-1] in PART_WORDS:
        base = base[:-1]
    return tuple(base), int(figure)


def _has_typed_number(ranked: Ranked) -> bool:
    return ranked.features.numbers == 1.0 and ranked.features.explained >= MIN_EXPLAINED


def _is_in_series(candidate: Candidate, base: Sequence[str]) -> bool:
    return any(
        _starts_with(title, base) or _contains_words(title, base) for title in candidate.titles
    )


def _starts_with(title: Title, base: Sequence[str]) -> bool:
    return any(whole.startswith("".join(base)) for whole in title.bare_keys)


def _contains_words(title: Title, base: Sequence[str]) -> bool:
    size = len(base)
    places = range(len(title.words) - size + 1)
    return size > 1 and any(title.words[i : i + size] == tuple(base) for i in places)
