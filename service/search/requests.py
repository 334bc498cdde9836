"""What a client may ask of search: words, filters, an order, counts, a page."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from service.errors import FieldError, Invalid
from service.films.schemas import FilmType
from service.http.pagination import PageQuery
from service.search.criteria.filters import Facet, Filters, Range
from service.search.criteria.sorting import Sort
from service.search.filenames.parser import ParsedName
from service.search.query.fields import SearchField
from service.search.retrieval.cursors import MAX_CURSOR_LENGTH
from service.search.retrieval.engine_search import SearchOptions
from service.text.titles import compact_key

MAX_NAMES = 20  # of one filter


def _split(value: object) -> object:
    """`a,b` and `["a", "b,c"]` as what they hold."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return value
    return [p.strip() for t in texts for p in (t.split(",") if isinstance(t, str) else [t])]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _squeezed(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({compact_key(name) for name in names}))


def _wrong(name: str, reason: str) -> Invalid:
    return Invalid(f"{name} {reason}.", errors=(FieldError(name, reason),))


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Field(max_length=MAX_NAMES), BeforeValidator(_listed)]
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
    """Which films, in which order. Of several genres, languages or countries a film has any; names
    compare folded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    cursor: Annotated[str, Field(min_length=1, max_length=MAX_CURSOR_LENGTH)] | None = None
    type: FilmType | None = None
    genre: Names = ()
    language: Names = ()
    country: Names = ()
    director: Name | None = None
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
        for least, most in (("year_min", "year_max"), ("rating_min", "rating_max")):
            low, high = getattr(self, least), getattr(self, most)
            if low is not None and high is not None and low > high:
                raise _wrong(least, f"must not exceed {most}")
        if self.cursor is not None and "offset" in self.model_fields_set:
            raise _wrong("offset", "is for pages without a cursor")

    @property
    def selection(self) -> Filters:
        """The filters as a value."""
        named = [year for year in (self.year, self.year_min) if year is not None]
        until = [year for year in (self.year, self.year_max) if year is not None]
        return Filters(
            types=(self.type,) if self.type else (),
            genres=_squeezed(self.genre),
            directors=_squeezed((self.director,) if self.director else ()),
            languages=_squeezed(self.language),
            countries=_squeezed(self.country),
            years=Range(max(named, default=None), min(until, default=None)),
            ratings=Range(self.rating_min, self.rating_max),
            minutes=Range(None, self.runtime_max),
        )

    @property
    def wish(self) -> SearchOptions:
        """Everything but the words and the page."""
        return SearchOptions(self.selection, self.sort, facets=self.facets)

    @property
    def question(self) -> str:
        """What a walk is a walk through: all that decides which films come, and in which order."""
        left_out = {"limit", "offset", "cursor", "facets", "explain", "after"}
        return self.model_dump_json(exclude=left_out, exclude_defaults=True)


class SearchQuery(BrowseQuery):
    """What is looked for: words of a title or of directors, half words, a year, an IMDb id."""

    q: str
    parts: Annotated[Parts, Field(alias="in")] = ("title", "director")
    typo: Literal["auto", "off"] = "auto"
    explain: bool = False
    after: str | None = None
    """The `Index-Token` of a write: the search waits, at most 2 s, until it is searchable."""

    @property
    def wish(self) -> SearchOptions:
        typos = self.typo == "auto"
        return SearchOptions(self.selection, self.sort, frozenset(self.parts), typos, self.facets)


class SuggestQuery(BaseModel):
    """What has been typed so far."""

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
    """What is known of a film; `runtime` in minutes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Name
    year: Year | None = None
    director: Name | None = None
    runtime: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Descriptions(BaseModel):
    """Up to a hundred file names or descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: Annotated[
        list[Annotated[str, Field(max_length=300)] | Description],
        Field(min_length=1, max_length=MAX_DESCRIPTIONS),
    ]

    @property
    def described(self) -> list[str | ParsedName]:
        """The items as the use case takes them."""
        return [
            each if isinstance(each, str) else ParsedName(**each.model_dump())
            for each in self.items
        ]
