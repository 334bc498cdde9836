"""The match stages: what each leaves out if the budget is spent, and when the next one runs."""

from dataclasses import dataclass

from service.resilience.work_budget import WorkKind
from service.search.engines.base import Hits
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.ranking.rerank_window import RerankWindow
from service.search.retrieval.cursors import MatchStage
from service.search.retrieval.result_list import FUZZY_SUFFICIENT
from service.search.retrieval.search_request import SearchRequest

EXACT_SUFFICIENT = 0.995  # of the query explained: typos are not expanded
STAGE_WORK: dict[MatchStage, WorkKind] = {
    MatchStage.EXACT: "results",
    MatchStage.FUZZY: "typos",
    MatchStage.RELAXED: "similar_words",
    MatchStage.PEOPLE_EXACT: "similar_words",
    MatchStage.PEOPLE_FUZZY: "similar_words",
}
"""What is left out with each stage."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """The outcome of one stage: its request and plan, the first hits and their rerank window."""

    stage: MatchStage
    request: SearchRequest
    query: Query
    plan: Plan
    hits: Hits
    window: RerankWindow

    @property
    def is_sufficient(self) -> bool:
        """Whether the stage explains enough, so that the next one is not run."""
        request, window = self.request, self.window
        by_plot = "plot" in request.fields
        if request.match == "all":
            return bool(self.hits.total if self.stage.is_literal else window.ranked)
        match self.stage:
            case MatchStage.EXACT | MatchStage.PEOPLE_EXACT:
                found_by_plot = by_plot and self.hits.total > 0
                explained = window.explained >= EXACT_SUFFICIENT
                return not request.typo_tolerance or explained or found_by_plot
            case MatchStage.FUZZY:
                # A list sorted by year must not begin with films that hardly fit.
                sorted_hits = request.sort != "relevance" and self.hits.total > 0
                return window.explained >= FUZZY_SUFFICIENT or by_plot or sorted_hits
            case MatchStage.RELAXED | MatchStage.PEOPLE_FUZZY:
                return False
