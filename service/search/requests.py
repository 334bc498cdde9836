"""The parameters of search requests: text, filters, sort, facets, page."""

from dataclasses import replace
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from service.errors import FieldError, Invalid
from service.films.schemas import FilmType
from service.http.pagination import PageQuery
from service.search.criteria.filters import Facet, Filters, Range
from service.search.criteria.sorting import Sort
from service.search.filenames.parser import MAX_PATH_LENGTH, ParsedName
from service.search.query.fields import SearchField, SearchFields
from service.search.retrieval.cursors import MAX_CURSOR_LENGTH, Cursor
from service.search.retrieval.search_request import Page, SearchRequest
from service.text.titles import compact_key

MAX_NAMES = 20  # of one filter


def _split(value: object) -> object:
    """Split comma-separated names: `a,b` and `["a", "b,c"]`."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return value
    return [
        name.strip()
        for text in texts
        for name in (text.split(",") if isinstance(text, str) else [text])
    ]


def _to_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _compact_keys(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({compact_key(name) for name in names}))


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


class BrowseQuery(PageQuery):
    """Filters, sort and page.

    Several genres, languages or countries mean any of them; names compare folded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    cursor: Annotated[str, Field(min_length=1, max_length=MAX_CURSOR_LENGTH)] | None = None
    type: Types = ()
    genre: Names = ()
    language: Names = ()
    country: Names = ()
    director: PeopleNames = ()
    year: Year | None = None
    year_min: Year | None = None
    year_max: Year | None = None
    rating_min: Rating | None = None
    rating_max: Rating | None = None
    runtime_max: Annotated[int, Field(ge=1, le=100_000)] | None = None
    sort: Sort = "relevance"
    facets: Facets = ()

    def model_post_init(self, context: object, /) -> None:
        super().model_post_init(context)
        for lower, upper in (("year_min", "year_max"), ("rating_min", "rating_max")):
            minimum, maximum = getattr(self, lower), getattr(self, upper)
            if minimum is not None and maximum is not None and minimum > maximum:
                raise _invalid(lower, f"must not exceed {upper}")
        if self.cursor is not None and "offset" in self.model_fields_set:
            raise _invalid("offset", "is for pages without a cursor")

    @property
    def filters(self) -> Filters:
        """Return the filters as a value."""
        from_years = [year for year in (self.year, self.year_min) if year is not None]
        to_years = [year for year in (self.year, self.year_max) if year is not None]
        return Filters(
            types=tuple(sorted(set(self.type))),
            genres=_compact_keys(self.genre),
            directors=_compact_keys(self.director),
            languages=_compact_keys(self.language),
            countries=_compact_keys(self.country),
            years=Range(max(from_years, default=None), min(to_years, default=None)),
            ratings=Range(self.rating_min, self.rating_max),
            minutes=Range(None, self.runtime_max),
        )

    def to_request(self, cursor: Cursor | None) -> SearchRequest:
        """Return the search for these parameters, continued behind `cursor`."""
        return SearchRequest(
            filters=self.filters,
            sort=self.sort,
            facets=self.facets,
            page=Page(self.limit, self.offset, cursor),
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
    """A search by text: words of a title or of directors, beginnings, a year, an IMDb id."""

    q: str
    parts: Annotated[Parts, Field(alias="in")] = ("title", "director")
    typo: Literal["auto", "off"] = "auto"
    explain: bool = False
    after: str | None = None
    """The `Index-Token` of a write; the search waits until it is searchable, 2 s at most."""

    @property
    def search_fields(self) -> SearchFields:
        """Return the fields to search in."""
        return frozenset(self.parts)

    def to_request(self, cursor: Cursor | None) -> SearchRequest:
        """Return the search for these parameters, continued behind `cursor`."""
        return replace(
            super().to_request(cursor),
            text=self.q,
            fields=self.search_fields,
            typo_tolerance=self.typo == "auto",
        )


class SuggestQuery(BaseModel):
    """The text typed so far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: str
    limit: Annotated[int, Field(ge=1, le=20)] = 10


MAX_SEARCHES = 10
MAX_DESCRIPTIONS = 100


class Searches(BaseModel):
    """Up to ten searches, each with the parameters of `GET /search`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    searches: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_SEARCHES)]


class Description(BaseModel):
    """Facts that describe a film; `runtime` in minutes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Name
    year: Year | None = None
    director: Name | None = None
    runtime: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Descriptions(BaseModel):
    """Up to a hundred file names or descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: Annotated[
        list[Annotated[str, Field(max_length=MAX_PATH_LENGTH)] | Description],
        Field(min_length=1, max_length=MAX_DESCRIPTIONS),
    ]

    def to_names(self) -> list[str | ParsedName]:
        """Return the items as file names and parsed names."""
        return [
            item if isinstance(item, str) else ParsedName(**item.model_dump())
            for item in self.items
        ]
