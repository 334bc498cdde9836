"""The parameters of search requests: text, filters, sort, facets, page."""

from dataclasses import replace
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from service.errors import FieldError, Invalid
from service.films.schemas import FilmType, Source
from service.http.pagination import CursorPageQuery
from service.resilience.work_budget import WorkBudget
from service.search.criteria.filters import Facet, Filters, Range
from service.search.criteria.sorting import Sort
from service.search.query.fields import SearchField, SearchFields
from service.search.retrieval.cursors import Cursor
from service.search.retrieval.search_request import Match, Page, SearchRequest
from service.text.titles import compact_keys

MAX_NAMES = 20  # of one filter
MAX_LIST_ENTRIES = 100  # of one parameter, before each entry is looked at


def _split(value: object) -> object:
    """Split comma-separated names: `a,b` and `["a", "b,c"]`."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return value
    if sum(text.count(",") + 1 for text in texts if isinstance(text, str)) > MAX_LIST_ENTRIES:
        raise ValueError(f"has more than {MAX_LIST_ENTRIES} entries")
    return [
        name.strip()
        for text in texts
        for name in (text.split(",") if isinstance(text, str) else [text])
    ]


def _to_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _invalid(name: str, reason: str) -> Invalid:
    return Invalid(f"{name} {reason}.", errors=(FieldError(name, reason),))


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Field(max_length=MAX_NAMES), BeforeValidator(_split)]
PeopleNames = Annotated[
    tuple[Name, ...], Field(max_length=MAX_NAMES), BeforeValidator(_to_list)
]  # a comma is part of a name: `Robert Downey, Jr.`
Types = Annotated[
    tuple[FilmType, ...], Field(max_length=len(get_args(FilmType))), BeforeValidator(_split)
]
Sources = Annotated[
    tuple[Source, ...], Field(max_length=len(get_args(Source))), BeforeValidator(_split)
]
Year = Annotated[int, Field(ge=1800, le=2200)]
Rating = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
Facets = Annotated[
    tuple[Facet, ...], Field(max_length=len(get_args(Facet))), BeforeValidator(_split)
]
Parts = Annotated[
    tuple[SearchField, ...],
    Field(min_length=1, max_length=len(get_args(SearchField))),
    BeforeValidator(_split),
]


class BrowseQuery(CursorPageQuery):
    """Filters, sort and page.

    Several genres, languages or countries mean any of them; names compare folded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    type: Annotated[
        Types,
        Field(
            description="Films of any of these kinds; without it, of every kind but `episode`.",
            examples=[["movie"]],
        ),
    ] = ()
    genre: Annotated[
        Names, Field(description="Films of any of these genres.", examples=[["drama"]])
    ] = ()
    language: Annotated[
        Names, Field(description="Films in any of these languages.", examples=[["english"]])
    ] = ()
    country: Annotated[
        Names, Field(description="Films from any of these countries.", examples=[["france"]])
    ] = ()
    source: Annotated[
        Sources,
        Field(description="Films whose facts are from any of these sources.", examples=[["omdb"]]),
    ] = ()
    director: Annotated[
        PeopleNames,
        Field(
            description="Films by any of these directors; repeated, not by comma.",
            examples=[["Steven Spielberg"]],
        ),
    ] = ()
    writer: Annotated[
        PeopleNames,
        Field(
            description="Films by any of these writers; repeated, not by comma.",
            examples=[["Mario Puzo"]],
        ),
    ] = ()
    actor: Annotated[
        PeopleNames,
        Field(
            description="Films with any of these actors; repeated, not by comma.",
            examples=[["Roy Scheider"]],
        ),
    ] = ()
    year: Annotated[Year | None, Field(description="Films of this year.", examples=[1975])] = None
    year_min: Annotated[
        Year | None, Field(description="Films of this year or later.", examples=[1970])
    ] = None
    year_max: Annotated[
        Year | None, Field(description="Films of this year or earlier.", examples=[1979])
    ] = None
    rating_min: Annotated[
        Rating | None, Field(description="Films that IMDb rates so or higher.", examples=[7.5])
    ] = None
    rating_max: Annotated[
        Rating | None, Field(description="Films that IMDb rates so or lower.", examples=[9])
    ] = None
    runtime_max: Annotated[
        Annotated[int, Field(ge=1, le=100_000)] | None,
        Field(description="Films of at most so many minutes.", examples=[120]),
    ] = None
    sort: Annotated[
        Sort, Field(description="The order; `-` means descending.", examples=["-year"])
    ] = "relevance"
    facets: Annotated[
        Facets,
        Field(
            description="Fields whose values to count among the hits, by comma or repeated.",
            examples=[["genre", "decade"]],
        ),
    ] = ()

    def model_post_init(self, context: object, /) -> None:
        super().model_post_init(context)
        for lower, upper in (("year_min", "year_max"), ("rating_min", "rating_max")):
            minimum, maximum = getattr(self, lower), getattr(self, upper)
            if minimum is not None and maximum is not None and minimum > maximum:
                raise _invalid(lower, f"must not exceed {upper}")

    @property
    def filters(self) -> Filters:
        """Return the filters as a value."""
        from_years = [year for year in (self.year, self.year_min) if year is not None]
        to_years = [year for year in (self.year, self.year_max) if year is not None]
        return Filters(
            types=tuple(sorted(set(self.type))),
            genres=compact_keys(self.genre),
            directors=compact_keys(self.director),
            writers=compact_keys(self.writer),
            actors=compact_keys(self.actor),
            languages=compact_keys(self.language),
            countries=compact_keys(self.country),
            sources=tuple(sorted(set(self.source))),
            years=Range(max(from_years, default=None), min(to_years, default=None)),
            ratings=Range(self.rating_min, self.rating_max),
            minutes=Range(None, self.runtime_max),
        )

    def to_request(self, cursor: Cursor | None, budget: WorkBudget) -> SearchRequest:
        """Return the search for these parameters, continued behind `cursor`."""
        return SearchRequest(
            filters=self.filters,
            sort=self.sort,
            facets=self.facets,
            page=Page(self.limit, self.offset, cursor),
            budget=budget,
        )

    @property
    def search_key(self) -> str:
        """Return what a cursor is bound to: all that decides which films come in which order."""
        excluded = {"limit", "offset", "cursor", "facets", "explain", "after"}
        return self.model_dump_json(exclude=excluded, exclude_defaults=True)

    @property
    def cache_key(self) -> str:
        """Return what a cached page is stored under."""
        return self.model_dump_json(by_alias=True, exclude_unset=True, exclude={"after"})


class SearchQuery(BrowseQuery):
    """A search by text: words of a title, names of people, beginnings, a year, an IMDb id."""

    q: Annotated[
        str,
        Field(
            description="Words of a title, names of people, typos and all; a year; an IMDb id.",
            examples=["godfahter"],
        ),
    ]
    parts: Annotated[
        Parts,
        Field(
            alias="in",
            description="The parts of a film to look at, by comma or repeated. Without it, titles "
            "and directors, and where these explain little, the cast and the writers as well.",
            examples=[["title", "cast"]],
        ),
    ] = ("title", "director")
    typo: Annotated[
        Literal["auto", "off"],
        Field(description="Whether misspellings are tolerated.", examples=["off"]),
    ] = "auto"
    match: Annotated[
        Match,
        Field(description="Films that fit at all, or those with `all` words.", examples=["all"]),
    ] = "any"
    explain: Annotated[
        bool,
        Field(description="Whether each result says in words why it is there.", examples=[True]),
    ] = False
    after: Annotated[
        str | None,
        Field(
            description="The `Index-Token` of a write: wait, at most 2 s, until it is searchable.",
            examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42:3"],
        ),
    ] = None

    @property
    def search_fields(self) -> SearchFields:
        """Return the fields to search in."""
        return frozenset(self.parts)

    def to_request(self, cursor: Cursor | None, budget: WorkBudget) -> SearchRequest:
        """Return the search for these parameters, continued behind `cursor`."""
        return replace(
            super().to_request(cursor, budget),
            text=self.q,
            fields=self.search_fields,
            with_people="parts" not in self.model_fields_set,
            typo_tolerance=self.typo == "auto",
            match=self.match,
        )


class SuggestQuery(BaseModel):
    """The text typed so far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: Annotated[str, Field(description="What has been typed so far.", examples=["godf"])]
    limit: Annotated[
        int, Field(ge=1, le=20, description="How many suggestions to return.", examples=[10])
    ] = 10


MAX_SEARCHES = 10


class Searches(BaseModel):
    """Up to ten searches, each with the parameters of `GET /search`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    searches: Annotated[
        list[dict[str, Any]],
        Field(
            min_length=1,
            max_length=MAX_SEARCHES,
            description="The parameters of each search.",
            examples=[[{"q": "godfahter", "limit": 3}, {"q": "jaws"}]],
        ),
    ]
