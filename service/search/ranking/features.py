"""How well one title of a film matches a query: the features, and what each of them counts."""

from itertools import pairwise
from typing import NamedTuple

from service.search.ranking.candidates import Candidate, Title
from service.text import numerals

PAIR_FACTOR = 0.97  # for the similarity of joined or split words
LONE_NUMBER_FACTOR = 0.1  # for what a film explains by a number alone, if other words were typed


class Features(NamedTuple):
    """How well one title of a film matches a query; each from 0 to 1, the higher the better."""

    explained: float
    """The share of the query that words of the film explain."""
    covered: float
    """The share of the title, or of a director's name, that was typed."""
    full_title: float
    """The similarity of the query and the full title or a director's full name."""
    exact: float
    """1 for the full title as it was typed, less if numbers or an article differ."""
    order: float
    """The share of neighbouring words that are in the title's order."""
    numbers: float
    """1 for the same numbers, less if the title has more, 0 if it lacks a typed one."""
    year: float
    """1 for the typed year, 0.5 if no year was typed, down to 0 for another year."""
    votes: float
    """0 for no votes, 1 for ten million."""
    prefix_votes: float
    """The votes times the similarity of the query and the beginning of the title."""


WEIGHTS = Features(
    explained=8.0,
    covered=1.2,
    full_title=0.65,
    exact=0.3,
    order=0.3,
    numbers=0.1,
    year=1.0,
    votes=0.3,
    prefix_votes=0.5,
)
"""Fitted to the order of the candidates of 2,200 generated queries, then rounded.

The explained share of the query decides; the other features choose among films that explain it
equally well.
"""


def best_in_title(similar: dict[str, float], title: Title) -> tuple[float, int]:
    """Return the similarity and the position of the title's best word or pair; else (0, -1).

    The positions of pairs follow those of the words.
    """
    best, best_position = 0.0, -1
    if similar.keys().isdisjoint(title.terms):
        return best, best_position
    for position, word in enumerate(title.words):
        similarity = similar.get(word, 0.0)
        if similarity > best:
            best, best_position = similarity, position
    for position, pair in enumerate(title.pairs, len(title.words)):
        similarity = PAIR_FACTOR * similar.get(pair, 0.0)
        if similarity > best:
            best, best_position = similarity, position
    return best, best_position


def score_coverage(
    candidate: Candidate, title: Title, matches: list[tuple[int, float]], names: set[str]
) -> float:
    """Return the weighted share of the title's words that match; 0.8 for a director's full name."""
    best: dict[int, float] = {}
    count = len(title.words)
    for match, similarity in matches:
        for position in (match,) if match < count else (match - count, match - count + 1):
            best[position] = max(best.get(position, 0.0), similarity)
    covered = sum(title.weights[position] * s for position, s in best.items()) / title.total_weight
    if not best and any(name and names.issuperset(name) for name in candidate.directors):
        return 0.8
    return covered


def score_order(matches: list[tuple[int, float]]) -> float:
    if len(matches) < 2:
        return 1.0 if matches else 0.0
    return sum(b == a + 1 for (a, _), (b, _) in pairwise(matches)) / (len(matches) - 1)


def matches_numbers_alone(
    title: Title, matches: list[tuple[int, float]], minor_words: frozenset[str]
) -> bool:
    """Return whether a title has other words, but only numbers and minor words of it match."""
    positions = {position for position, _ in matches}
    return len(positions) < len(title.words) and all(
        position < len(title.words)
        and (title.words[position] in minor_words or numerals.is_number(title.words[position]))
        for position in positions
    )
