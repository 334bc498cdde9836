"""What a source says about a film, before it is one of ours.

OMDb, a file's line and an admin's form all become this value first, so that there is one place
where a film is checked. What a source does not mention is not set, and leaves the stored film as
it is; what it sets to `None` is known to be unknown.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from service.text.imdb_ids import IMDB_ID_PATTERN

MAX_TEXT_LENGTH = 5_000  # characters; plots of films are far shorter

FilmType = Literal["movie", "series", "episode", "game"]
Source = Literal["omdb", "sample", "user"]


_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff]")


def _clean(text: str) -> str:
    """No control characters and nothing that UTF-8 cannot carry: such text is an accident."""
    if _UNCLEAN.search(text):
        raise ValueError("must not contain control characters or lone surrogates")
    return text


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    AfterValidator(_clean),
]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_LENGTH),
    AfterValidator(_clean),
]
Lines = Annotated[tuple[Line, ...], Field(max_length=200), AfterValidator(_distinct)]
Percent = Annotated[int, Field(ge=0, le=100)]


class ImdbRating(BaseModel):
    """IMDb's figure, 0 to 10, and how many voted for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Annotated[float, Field(ge=0, le=10)] | None = None
    votes: Annotated[int, Field(ge=0, le=2_000_000_000)] | None = None


class Ratings(BaseModel):
    """What others think of the film; percentages for the last two."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    imdb: ImdbRating | None = None
    rotten_tomatoes: Percent | None = None
    metacritic: Percent | None = None


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    imdb_id: Annotated[str, StringConstraints(pattern=f"^{IMDB_ID_PATTERN}$")] | None = None
    aliases: Lines = ()
    type: FilmType = "movie"
    year: Annotated[int, Field(ge=1870, le=2200)] | None = None
    end_year: Annotated[int, Field(ge=1870, le=2200)] | None = None
    released: date | None = None
    rated: Line | None = None
    runtime_minutes: Annotated[int, Field(ge=1, le=100_000)] | None = None
    genres: Lines = ()
    directors: Lines = ()
    writers: Lines = ()
    actors: Lines = ()
    plot: Text | None = None
    languages: Lines = ()
    countries: Lines = ()
    awards: Line | None = None
    ratings: Ratings = Ratings()
    popularity: Annotated[float, Field(ge=0, le=1e12)] | None = None
    box_office_usd: Annotated[int, Field(ge=0, le=10**15)] | None = None
    poster_url: Annotated[str, StringConstraints(max_length=2_000)] | None = None

    @model_validator(mode="after")
    def _years_in_order(self) -> Self:
        if self.year and self.end_year and self.end_year < self.year:
            raise ValueError("end_year must not lie before year")
        return self

    def to_columns(self, complete: bool = False) -> dict[str, Any]:
        """The told facts under the names of `Film`'s columns, with lists as lists.

        Args:
            complete: what was not told counts as unknown, instead of being left out.
        """
        told = self.model_dump(exclude_unset=not complete, exclude={"ratings", "poster_url"})
        told = {k: list(v) if isinstance(v, tuple) else v for k, v in told.items()}
        ratings, imdb = self.ratings, self.ratings.imdb or ImdbRating()
        for name, column in (("value", "imdb_rating"), ("votes", "imdb_votes")):
            cleared = "imdb" in ratings.model_fields_set and ratings.imdb is None
            if complete or cleared or name in imdb.model_fields_set:
                told[column] = getattr(imdb, name)
        for name in ("rotten_tomatoes", "metacritic"):
            if complete or name in ratings.model_fields_set:
                told[name] = getattr(ratings, name)
        if complete or "poster_url" in self.model_fields_set:
            told["poster_source"] = self.poster_url
        return told


class FilmFacts(_Facts):
    """A film as told by one source. `model_fields_set` says what it told."""

    title: Line


def _without_default(schema: dict[str, Any]) -> None:
    """What stands in for "not set" is nobody's business."""
    schema.pop("default")


class FilmPatch(_Facts):
    """Some facts to change; what is not set stays."""

    title: Line = Field(default="?", json_schema_extra=_without_default)


class Provenance(BaseModel):
    """Where facts come from and until when they count as fresh."""

    model_config = ConfigDict(frozen=True)

    source: Source
    fetched_at: datetime | None = None
    refresh_after: datetime | None = None
