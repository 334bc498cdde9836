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
from service.search.retrieval.engine_search import SearchResult

CountsView = dict[str, list[FacetCount]]


@dataclass(frozen=True, slots=True)
class ResultView:
    """One film that was found; scores order results and mean nothing else.

    `matches` has the ranges of characters that stand for the words, by field; a list of names
    reads as one text with `, ` between them. `why` says it in words, when it was asked for."""

    movie: FilmView
    score: float
    matches: dict[str, list[list[int]]]
    why: str | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results. `took_ms` is what finding took, at the time it was done; `degraded`
    names what had to be done without.
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
    """Titles and directors that may be meant; `took_ms` is what that took when it was done;
    `degraded` names what had to be done without.
    """

    query: str
    took_ms: float
    suggestions: list[Suggestion]
    degraded: list[str]


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A film that may be meant, and how sure that is, from 0 to 1; 0.9 is meant to be sure."""

    movie: FilmView
    confidence: float


@dataclass(frozen=True, slots=True)
class MatchView:
    """What was understood of one name; `match` is the film's id, null when it is unknown."""

    title: str
    year: int | None
    match: str | None
    candidates: list[CandidateView]


@dataclass(frozen=True, slots=True)
class Matches:
    """The answers in the order of the items."""

    matches: list[MatchView]


def match_view(found: MatchResult, now: datetime) -> MatchView:
    """One name's answer."""
    return MatchView(
        title=found.described.title,
        year=found.described.year,
        match=str(found.film.id) if found.film else None,
        candidates=[CandidateView(film_view(c.film, now), c.confidence) for c in found.candidates],
    )


def search_page(
    text: str,
    found: SearchResult,
    links: Links,
    scope: SearchFields,
    *,
    explain: bool,
    ms: float,
    now: datetime,
) -> SearchPage:
    """What was found for `text`, in `ms` milliseconds."""
    films, query = [result.film for result in found.results], found.query
    matches: list[list[Match]] = [[] for _ in films]
    if query is not None and query.imdb_id is None:
        matches = find_matches(query, films, scope)
    pairs = zip(films, matches, strict=True)
    said = [explain_match(query, *each) if query and explain else None for each in pairs]
    return SearchPage(
        query=text,
        total=Total(value=found.total, relation=found.relation),
        took_ms=round(ms, 2),
        results=[
            ResultView(film_view(result.film, now), result.score, match_ranges(each), reason)
            for result, each, reason in zip(found.results, matches, said, strict=True)
        ],
        facets=_counts(found),
        did_you_mean=found.did_you_mean,
        degraded=list(found.degraded),
        next=links.next,
        previous=links.previous,
    )


def film_page(found: SearchResult, links: Links, now: datetime) -> FilmPage:
    """What there is without any words."""
    return FilmPage(
        results=[film_view(result.film, now) for result in found.results],
        total=Total(value=found.total, relation=found.relation),
        facets=_counts(found),
        degraded=list(found.degraded),
        next=links.next,
        previous=links.previous,
    )


def _counts(found: SearchResult) -> CountsView:
    return {facet: list(counts) for facet, counts in (found.facets or {}).items()}
