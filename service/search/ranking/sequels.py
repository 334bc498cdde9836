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

LONGEST = 12  # films of a series that are counted
PARTS = frozenset({"part", "vol", "volume", "episode", "chapter", "movie"})
UNKNOWN = 0.2  # of the scale of votes: films with 25 times fewer than the best known are by others
EXPLAINED = 0.97  # of the query, by a title that has the number itself


def promote_sequel(query: Query, ranked: list[Ranked]) -> list[Ranked]:
    """The same order, but the film that was meant by its number first, where one was."""
    found = _base(query)
    if found is None or any(_says_so(each) for each in ranked):
        return ranked
    base, number = found
    members = [each for each in ranked if _belongs(each.candidate, base)]
    known = max((each.candidate.votes for each in members), default=0.0) - UNKNOWN
    members = [m for m in members if m.candidate.year and m.candidate.votes >= known]
    members.sort(key=lambda m: (m.candidate.year or 0, m.candidate.film_id))
    if len(members) < number:
        return ranked
    chosen = members[number - 1]
    meant = replace(chosen, features=chosen.features._replace(explained=1.0))
    return [meant, *(each for each in ranked if each is not chosen)]


def _base(query: Query) -> tuple[tuple[str, ...], int] | None:
    """The words before a number at the end, and the number."""
    words = without_article(list(query.title))
    if len(words) < 2:
        return None
    figure = numerals.to_digits(words[-1])
    if not figure.isdigit() or not 2 <= int(figure) <= LONGEST:
        return None
    base = words[:-1]
    if len(base) > 1 and base[-1] in PARTS:
        base = base[:-1]
    return tuple(base), int(figure)


def _says_so(ranked: Ranked) -> bool:
    return ranked.features.numbers == 1.0 and ranked.features.explained >= EXPLAINED


def _belongs(candidate: Candidate, base: Sequence[str]) -> bool:
    return any(_begins(title, base) or _contains(title, base) for title in candidate.titles)


def _begins(title: Title, base: Sequence[str]) -> bool:
    return any(whole.startswith("".join(base)) for whole in title.wholes)


def _contains(title: Title, base: Sequence[str]) -> bool:
    size = len(base)
    places = range(len(title.words) - size + 1)
    return size > 1 and any(title.words[i : i + size] == tuple(base) for i in places)
