"""The rerank window: the first hits of a plan in their final order.

The best hits are reranked by comparing texts. A hit that scores far below the best one was never
the film that was meant: of 3,654 queries with known films, none was below 0.37 of the best score.
Reranking costs 0.1 ms a hit, so such hits keep the engine's order behind the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.resilience.work_budget import WorkBudget
from service.search.engines.base import Hit
from service.search.query.parser import Query
from service.search.ranking.candidates import Candidate
from service.search.ranking.scorer import Ranked

MIN_SCORE_SHARE = 0.35  # of the best hit's score; hits below it are not reranked


@dataclass(frozen=True, slots=True)
class RerankWindow:
    """The reranked hits, and behind them the tail in the engine's order."""

    ranked: list[Ranked]
    tail: Sequence[Hit] = ()

    @property
    def explained(self) -> float:
        """The share of the query that the best hit explains, from 0 to 1."""
        return self.ranked[0].features.explained if self.ranked else 0.0

    @property
    def scored(self) -> list[tuple[str, float]]:
        """All film ids with their scores, in order; the tail never scores above a ranked hit."""
        floor = min((ranked.score for ranked in self.ranked), default=float("inf"))
        scores = [(ranked.candidate.film_id, ranked.score) for ranked in self.ranked]
        return scores + [(hit.film_id, min(hit.score, floor)) for hit in self.tail]


def rerank_cutoff(hits: Sequence[Hit]) -> int:
    """Return how many of these hits, the best first, score high enough to be reranked."""
    min_score = MIN_SCORE_SHARE * hits[0].score if hits else 0.0
    return sum(hit.score >= min_score for hit in hits)


def count_affordable(
    query: Query, candidates: Sequence[Candidate], budget: WorkBudget
) -> tuple[int, float]:
    """Charge for ranking the candidates; return how many can be ranked, and the units charged."""
    word_count = len(query.words)
    title_work, term_work = 10 + 2.2 * word_count, 0.5 + 0.17 * word_count
    units = [title_work * len(c.titles) + term_work * c.term_count for c in candidates]
    if budget.allows(total := sum(units)):  # as for nearly all queries
        budget.charge(total)
        return len(candidates), total
    work = 0.0
    for count, candidate_units in enumerate(units):
        if not budget.spend("ranking", candidate_units):
            return count, work
        work += candidate_units
    return len(candidates), work
