"""Search results as clients see them."""

from dataclasses import dataclass
from datetime import datetime

from service.films.responses import FilmView, film_view
from service.http.pagination import Links, Total
from service.search.criteria.facets import FacetCount
from service.search.filenames.matcher import MatchResult
from service.search.highlights import Match, explain_match, find_matches, match_ranges
from service.search.query.fields import SearchFields
from service.search.retrieval.autocomplete import Suggestion
from service.search.retrieval.search_request import SearchResult

CountsView = dict[str, list[FacetCount]]


@dataclass(frozen=True, slots=True)
class ResultView:
    """One film; scores order the results of one query and mean nothing else.

    `matches` has the matched ranges of characters by field; a list of names reads as one text with
    `, ` between them. `why` explains the match in words, where `explain` asks for it.
    """

    movie: FilmView
    score: float
    matches: dict[str, list[list[int]]]
    why: str | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results.

    `took_ms` is how long the search took when it ran; `degraded` names what was left out.
    """

    query: str
    total: Total
    took_ms: float
    results: list[ResultView]
    facets: CountsView
    did_you_mean: str | None
    degraded: list[str]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class FilmPage:
    """One page of films."""

    results: list[FilmView]
    total: Total
    facets: CountsView
    degraded: list[str]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Titles and directors that may be meant.

    `took_ms` is how long completing took when it ran; `degraded` names what was left out.
    """

    query: str
    took_ms: float
    suggestions: list[Suggestion]
    degraded: list[str]


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A film that may be meant and the confidence, from 0 to 1; from 0.9 on it is meant as sure."""

    movie: FilmView
    confidence: float


@dataclass(frozen=True, slots=True)
class MatchView:
    """One parsed name; `match` is the id of its film, null where none is sure."""

    title: str
    year: int | None
    match: str | None
    candidates: list[CandidateView]


@dataclass(frozen=True, slots=True)
class Matches:
    """The answers in the order of the items."""

    matches: list[MatchView]


def match_view(result: MatchResult, now: datetime) -> MatchView:
    """Return one name's answer."""
    return MatchView(
        title=result.parsed.title,
        year=result.parsed.year,
        match=str(result.film.id) if result.film else None,
        candidates=[CandidateView(film_view(c.film, now), c.confidence) for c in result.candidates],
    )


def search_page(
    text: str,
    result: SearchResult,
    links: Links,
    fields: SearchFields,
    *,
    explain: bool,
    took_ms: float,
    now: datetime,
) -> SearchPage:
    """Return the page of a search for `text`."""
    films, query = [scored.film for scored in result.hits], result.query
    matches: list[list[Match]] = [[] for _ in films]
    if query is not None and query.imdb_id is None:
        matches = find_matches(query, films, fields)
    explanations = [
        explain_match(query, film, film_matches) if query and explain else None
        for film, film_matches in zip(films, matches, strict=True)
    ]
    return SearchPage(
        query=text,
        total=Total(value=result.total, relation=result.relation),
        took_ms=round(took_ms, 2),
        results=[
            ResultView(film_view(scored.film, now), scored.score, match_ranges(film_matches), why)
            for scored, film_matches, why in zip(result.hits, matches, explanations, strict=True)
        ],
        facets=_counts(result),
        did_you_mean=result.did_you_mean,
        degraded=list(result.degraded),
        next=links.next,
        previous=links.previous,
    )


def film_page(result: SearchResult, links: Links, now: datetime) -> FilmPage:
    """Return a page of films listed without a query."""
    return FilmPage(
        results=[film_view(scored.film, now) for scored in result.hits],
        total=Total(value=result.total, relation=result.relation),
        facets=_counts(result),
        degraded=list(result.degraded),
        next=links.next,
        previous=links.previous,
    )


def _counts(result: SearchResult) -> CountsView:
    return {facet: list(counts) for facet, counts in (result.facets or {}).items()}
