"""The first hits of a plan, in the order in which they are answered.

The best are looked at a second time. A hit that scores far below the best one was never the film
that was meant (of 3,654 queries whose answers are known, none was below 0.37 of the best), and a
second look costs 0.1 ms a hit: so those keep the engine's order behind the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.search.engines.base import Hit
from service.search.ranking.scorer import Ranked

MIN_SCORE_SHARE = 0.35  # of the best hit's score: what has less is not looked at a second time


@dataclass(frozen=True, slots=True)
class RerankWindow:
    """Ranked hits, and behind them those that were too far from the best."""

    ranked: list[Ranked]
    tail: Sequence[Hit] = ()

    @property
    def explained(self) -> float:
        """How much of the query the best hit explains, from 0 to 1."""
        return self.ranked[0].features.explained if self.ranked else 0.0

    @property
    def scored(self) -> list[tuple[str, float]]:
        """All ids in order, with scores; none that was not ranked scores above one that was."""
        floor = min((each.score for each in self.ranked), default=float("inf"))
        ranked = [(each.candidate.film_id, each.score) for each in self.ranked]
        return ranked + [(hit.film_id, min(hit.score, floor)) for hit in self.tail]


def rerank_cutoff(hits: Sequence[Hit]) -> int:
    """How many of these hits, the best first, are near enough to the best to be looked at again."""
    least = MIN_SCORE_SHARE * hits[0].score if hits else 0.0
    return sum(hit.score >= least for hit in hits)
