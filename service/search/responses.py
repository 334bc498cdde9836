"""Search results as clients see them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.film_fields import FilmRow
from service.films.responses import FilmView, film_view
from service.http.openapi import Problem
from service.http.pagination import Links, Total, page_address
from service.resilience.work_budget import WorkBudget
from service.search.criteria.facets import FacetCount
from service.search.criteria.filters import Facet
from service.search.explanation import Reason, describe_reasons, explain_match
from service.search.filenames.matcher import MatchResult
from service.search.filenames.parser import ParsedName
from service.search.highlights import Match, find_matches, match_ranges
from service.search.ranking.match_level import MatchLevel
from service.search.retrieval.autocomplete import Suggestion
from service.search.retrieval.search_request import (
    Degradation,
    SearchResult,
    describe_left_out,
)
from service.search.retrieval.work_threads import search_budget

CountsView = Annotated[
    dict[Facet, list[FacetCount]],
    Field(
        description="The counts of each facet that was asked for, by facet.",
        examples=[{"genre": [{"value": "Drama", "count": 12}]}],
    ),
]
DegradationsView = Annotated[
    list[Degradation],
    Field(description="What was left out; empty if nothing was.", examples=[[]]),
]
TookView = Annotated[
    float, Field(description="How long it took when it ran, in milliseconds.", examples=[4.2])
]
ViewFilm = Callable[[FilmRow, datetime], FilmView]
NextView = Annotated[str | None, page_address("next", "/api/v1/search?q=jaws")]
PreviousView = Annotated[str | None, page_address("previous", "/api/v1/search?q=jaws")]
TotalView = Annotated[Total, Field(description="How many results there are in all.")]


@dataclass(frozen=True, slots=True)
class ResultView:
    """One film; scores order the results of one query and mean nothing else.

    `matches` has the matched ranges of characters by field; a list of names reads as one text with
    `, ` between them. `why` and `reasons` explain the match, where `explain` asks for it.
    """

    movie: Annotated[FilmView, Field(description="The film.")]
    score: Annotated[float, Field(description="Orders the results of this query.", examples=[9.4])]
    matched: Annotated[
        MatchLevel,
        Field(
            description="How much of the query this film explains, without small words and words "
            "like `watch`: `all` words, `some`, or none, so that only letters are `similar`.",
            examples=["all"],
        ),
    ]
    matches: Annotated[
        dict[str, list[list[int]]],
        Field(
            description="The matched ranges of characters, by field.",
            examples=[{"title": [[0, 4]]}],
        ),
    ]
    why: Annotated[
        str | None,
        Field(
            description="Why it is here, in words, with `explain`.",
            examples=["title word ‘Godfather’, one letter off"],
        ),
    ]
    reasons: Annotated[
        list[Reason] | None,
        Field(
            description="The same as data, with `explain`; empty if only letters are similar.",
            examples=[[{"field": "title", "text": "Godfather", "kind": "one_letter_off"}]],
        ),
    ]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results.

    `took_ms` is how long the search took when it ran; `degraded` names what was left out.
    """

    query: Annotated[str, Field(description="The text as it came.", examples=["godfahter"])]
    total: TotalView
    took_ms: TookView
    matched: Annotated[
        MatchLevel | None,
        Field(
            description="The best `matched` of all results, the same on each page; null if there "
            "are none. If it is not `all`, the film that was meant is probably not here.",
            examples=["all"],
        ),
    ]
    results: Annotated[list[ResultView], Field(description="The films, the best first.")]
    facets: CountsView
    did_you_mean: Annotated[
        str | None,
        Field(
            description="The query in the wording of the film that it found, as it is written; "
            "null if that leads to nothing better.",
            examples=["Godfather"],
        ),
    ]
    degraded: DegradationsView
    next: NextView
    previous: PreviousView


@dataclass(frozen=True, slots=True)
class FilmPage:
    """One page of films."""

    results: Annotated[list[FilmView], Field(description="The films in the order asked for.")]
    total: TotalView
    facets: CountsView
    degraded: DegradationsView
    next: NextView
    previous: PreviousView


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Titles and people that may be meant.

    `took_ms` is how long completing took when it ran; `degraded` names what was left out.
    """

    query: Annotated[str, Field(description="The text as it came.", examples=["godf"])]
    took_ms: TookView
    suggestions: Annotated[list[Suggestion], Field(description="The suggestions, the best first.")]
    degraded: DegradationsView


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A film that may be meant and the confidence, from 0 to 1; from 0.9 on it is meant as sure."""

    movie: Annotated[FilmView, Field(description="The film.")]
    confidence: Annotated[float, Field(description="How sure it is, from 0 to 1.", examples=[0.97])]


@dataclass(frozen=True, slots=True)
class MatchView:
    """One parsed name; `match` is the id of its film, null where none is sure.

    A wrong item has an `error`, an empty title and no candidates.
    """

    title: Annotated[
        str,
        Field(
            description="The title that was read from the name; empty if it has none.",
            examples=["Jaws"],
        ),
    ]
    year: Annotated[
        int | None, Field(description="The year that was read from it.", examples=[1975])
    ]
    director: Annotated[
        str | None, Field(description="The director that is stated.", examples=["Spielberg"])
    ]
    runtime: Annotated[
        int | None, Field(description="The length in minutes that is stated.", examples=[124])
    ]
    imdb_id: Annotated[
        str | None,
        Field(description="The IMDb id that was read from it.", examples=["tt0073195"]),
    ]
    is_episode: Annotated[
        bool,
        Field(description="Whether it was read as an episode of a series.", examples=[False]),
    ]
    is_pack: Annotated[
        bool, Field(description="Whether it was read as several films.", examples=[False])
    ]
    match: Annotated[
        str | None,
        Field(
            description="The id of the film that is meant, if that is sure.",
            examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"],
        ),
    ]
    candidates: Annotated[
        list[CandidateView], Field(description="The films that may be meant, the likeliest first.")
    ]
    degraded: DegradationsView
    error: Annotated[
        Problem | None, Field(description="Why the item was refused; null if it was not.")
    ]


@dataclass(frozen=True, slots=True)
class Matches:
    """The answers in the order of the items."""

    matches: Annotated[list[MatchView], Field(description="One answer for each item.")]


def match_view(result: MatchResult | Problem, now: datetime) -> MatchView:
    """Return one name's answer, or why it was refused."""
    if isinstance(result, Problem):
        return MatchView(
            **asdict(ParsedName("")),
            match=None,
            candidates=[],
            degraded=[],
            error=result,
        )
    return MatchView(
        **asdict(result.parsed),
        match=str(result.film.id) if result.film else None,
        candidates=[CandidateView(film_view(c.film, now), c.confidence) for c in result.candidates],
        degraded=list(result.degraded),
        error=None,
    )


def search_page(
    text: str,
    result: SearchResult,
    links: Links,
    *,
    explain: bool,
    took_ms: float,
    now: datetime,
    budget: WorkBudget | None = None,
    view: ViewFilm = film_view,
) -> SearchPage:
    """Return the page of a search for `text`; matches that the budget excludes are left out.

    Args:
        view: returns a film as clients see it, which may be encoded already.
    """
    budget = budget or search_budget()
    films, query = [scored.film for scored in result.hits], result.query
    matches: list[list[Match]] = [[] for _ in films]
    if query is not None and query.imdb_id is None:
        matches = find_matches(query, films, result.fields, budget)
    explanations = [
        explain_match(query, film, film_matches) if query and explain else None
        for film, film_matches in zip(films, matches, strict=True)
    ]
    results = []
    for scored, film_matches, reasons in zip(result.hits, matches, explanations, strict=True):
        budget.checkpoint()
        movie, ranges = view(scored.film, now), match_ranges(film_matches)
        why = None if reasons is None else describe_reasons(reasons)
        results.append(ResultView(movie, scored.score, scored.level, ranges, why, reasons))
    return SearchPage(
        query=text,
        total=Total(value=result.total, relation=result.relation),
        took_ms=round(took_ms, 2),
        matched=result.level,
        results=results,
        facets=_counts(result),
        did_you_mean=result.did_you_mean,
        degraded=list(dict.fromkeys((*result.degraded, *describe_left_out(budget)))),
        next=links.next,
        previous=links.previous,
    )


def film_page(
    result: SearchResult,
    links: Links,
    now: datetime,
    budget: WorkBudget,
    view: ViewFilm = film_view,
) -> FilmPage:
    """Return a page of films listed without a query."""
    results = []
    for scored in result.hits:
        budget.checkpoint()
        results.append(view(scored.film, now))
    return FilmPage(
        results=results,
        total=Total(value=result.total, relation=result.relation),
        facets=_counts(result),
        degraded=list(result.degraded),
        next=links.next,
        previous=links.previous,
    )


def _counts(result: SearchResult) -> dict[Facet, list[FacetCount]]:
    return {facet: list(counts) for facet, counts in (result.facets or {}).items()}
