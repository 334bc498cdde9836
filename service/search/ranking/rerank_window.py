"""The rerank window: the first hits of a plan in their final order.

The best hits are reranked by comparing texts. A hit that scores far below the best one was never
the film that was meant: of 3,654 queries with known films, none was below 0.37 of the best score.
Reranking costs 0.1 ms a hit, so such hits keep the engine's order behind the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from service.resilience.work_budget import WorkBudget
from service.search.engines.base import Hit
from service.search.query.parser import Query
from service.search.ranking.candidates import Candidate
from service.search.ranking.match_level import MatchLevel, best_level
from service.search.ranking.scorer import Ranked

MIN_SCORE_SHARE = 0.35  # of the best hit's score; hits below it are not reranked


MIN_SHARE_OF_BEST = 0.75  # of what the best film explains; other films of a weak list are cut off
MIN_EXPLAINED: dict[MatchLevel, float] = {"all": 0.0, "some": 0.0, "similar": 0.5}
"""What a film must explain of the query, more if it only shares pieces of words with it."""


class ScoredHit(NamedTuple):
    """A hit with the score that orders it; its match level is None if it was not ranked."""

    film_id: str
    version: int
    score: float
    level: MatchLevel | None = None

    @classmethod
    def from_hit(cls, hit: Hit) -> "ScoredHit":
        """Score an unranked hit below 1, so that it never scores above a ranked one."""
        return cls(hit.film_id, hit.version, hit.score / (1 + hit.score))

    @classmethod
    def from_ranked(cls, ranked: Ranked) -> "ScoredHit":
        candidate = ranked.candidate
        score = 1 + max(0.0, ranked.score)
        return cls(candidate.film_id, candidate.version, score, ranked.level)


@dataclass(frozen=True, slots=True)
class RerankWindow:
    """The reranked hits, and behind them the tail in the engine's order.

    If the window `is_cut`, it is the whole list: no hit behind it is a result. `in_order` has its
    hits if they are ordered by something else than their scores.
    """

    ranked: list[Ranked]
    tail: Sequence[Hit] = ()
    is_cut: bool = False
    in_order: Sequence[ScoredHit] | None = None

    @property
    def explained(self) -> float:
        """The share of the query that the best hit explains, from 0 to 1."""
        return self.ranked[0].features.explained if self.ranked else 0.0

    @property
    def level(self) -> MatchLevel | None:
        """The best match level that a hit reaches; None if there is no hit."""
        if any(ranked.level == "all" for ranked in self.ranked):  # most often the first one
            return "all"
        return best_level(ranked.level for ranked in self.ranked)

    @property
    def scored(self) -> list[ScoredHit]:
        """All hits with their scores, in order."""
        return self.slice(0, len(self))

    def __len__(self) -> int:
        return len(self.ranked) + len(self.tail) if self.in_order is None else len(self.in_order)

    def slice(self, start: int, end: int) -> list[ScoredHit]:
        """Return some of the hits with their scores, in order; others need no level."""
        if self.in_order is not None:
            return list(self.in_order[start:end])
        hits: list[Ranked | Hit] = [*self.ranked, *self.tail]
        return [
            ScoredHit.from_hit(hit) if isinstance(hit, Hit) else ScoredHit.from_ranked(hit)
            for hit in hits[start:end]
        ]

    def cut_complete(self) -> "RerankWindow":
        """Return the hits that have every word of the query."""
        ranked = [ranked for ranked in self.ranked if ranked.level == "all"]
        return replace(self, ranked=ranked, tail=(), is_cut=True)

    def as_complete(self) -> "RerankWindow":
        """Return the window of a plan whose hits have every word."""
        return replace(self, ranked=[replace(ranked, is_complete=True) for ranked in self.ranked])

    def cut_weak(self) -> "RerankWindow":
        """Return the hits that explain nearly as much of the query as the best one of their level.

        A film that has a word of the query is not cut off because letters of another film resemble
        more of it. A film whose whole title stands in the query is never cut off.
        """
        best: dict[MatchLevel, float] = {}
        for ranked in self.ranked:
            level, explained = ranked.level, ranked.features.explained
            best[level] = max(best.get(level, MIN_EXPLAINED[level]), explained)
        listed = [
            ranked
            for ranked in self.ranked
            if ranked.has_whole_title
            or ranked.features.explained
            >= max(MIN_EXPLAINED[ranked.level], MIN_SHARE_OF_BEST * best[ranked.level])
        ]
        return replace(self, ranked=listed, tail=(), is_cut=True)


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
