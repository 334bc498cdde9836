"""One search: the request that goes in and the result that comes out.

Engine search and database search take and return the same two values.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from service.film_fields import FilmRow
from service.resilience.work_budget import WorkBudget, WorkKind
from service.search.criteria.facets import FacetCounts
from service.search.criteria.filters import DEFAULT_FILTERS, Facet, Filters
from service.search.criteria.sorting import Sort
from service.search.engines.base import Relation
from service.search.query.fields import DEFAULT_FIELDS, SearchFields
from service.search.query.parser import Query
from service.search.ranking.match_level import MatchLevel
from service.search.retrieval.cursors import Cursor
from service.search.retrieval.work_threads import search_budget

Degradation = Literal[
    "search_engine_away",
    "some_results_left_out",
    "later_results_left_out",
    "typos_left_out",
    "similar_words_left_out",
    "facets_left_out",
    "plot_left_out",
    "ranking_left_out",
    "matches_left_out",
]
"""What a search may leave out: the engine, some or the later results, misspellings, and so on."""

DEGRADATIONS: Final[dict[WorkKind, Degradation]] = {
    "typos": "typos_left_out",
    "similar_words": "similar_words_left_out",
    "ranking": "ranking_left_out",
    "matches": "matches_left_out",
    "results": "some_results_left_out",
}
"""What an answer says about work that its budget did not allow."""


Match = Literal["any", "all"]
"""Which films are results: any that fit, or only those that have every word of the query."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which results to return: at most `limit`, from `offset` on or behind `cursor`."""

    limit: int = 10
    offset: int = 0
    cursor: Cursor | None = None


FIRST_PAGE = Page()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to search for and how. Without `text` every film that passes the filters is a hit.

    The default filters leave out episodes. With `match` "all", only films that have every word of
    the text are results. `with_people` says whether the default fields include the cast and the
    writers where they explain little. Films with one of the `similar_titles`, which the search
    itself sets, are results as well. `budget` is the work that the search may cause.
    """

    text: str | None = None
    filters: Filters = DEFAULT_FILTERS
    sort: Sort = "relevance"
    fields: SearchFields = DEFAULT_FIELDS
    typo_tolerance: bool = True
    match: Match = "any"
    with_people: bool = True
    similar_titles: tuple[str, ...] = ()
    facets: tuple[Facet, ...] = ()
    page: Page = FIRST_PAGE
    budget: WorkBudget = field(default_factory=search_budget, compare=False)


def describe_left_out(budget: WorkBudget) -> tuple[Degradation, ...]:
    """Return what the budget did not allow, in a fixed order."""
    return tuple(name for kind, name in DEGRADATIONS.items() if kind in budget.left_out)


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A film that matches and its score, which orders the results of one query only."""

    film: FilmRow
    score: float
    level: MatchLevel = "all"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of hits, the total, and how to continue.

    `query` is the query that was searched in the end, nicknames expanded; None without text.
    `fields` has the fields that were searched.
    `level` is the best match level of the whole list; None without text and without hits.
    `cursor` leads to the next page; `has_more` says whether there is one, even without a cursor.
    """

    hits: tuple[SearchHit, ...]
    total: int
    relation: Relation = "eq"
    did_you_mean: str | None = None
    degraded: tuple[Degradation, ...] = ()
    cursor: Cursor | None = None
    facets: FacetCounts | None = None
    query: Query | None = None
    fields: SearchFields = DEFAULT_FIELDS
    level: MatchLevel | None = None
    has_more: bool = False
