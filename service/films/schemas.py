"""The facts of a film as one source states them, before they are merged into the catalogue.

OMDb's answers, the lines of a file and an admin's input all become `FilmFacts` first, so that films
are validated in one place. A field that a source does not state is not set, and the stored value
stays. A field that is set to None is stated to be unknown.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from service.films.field_descriptions import describe_film_fields
from service.text.analysis import full_title_key
from service.text.imdb_ids import IMDB_ID_PATTERN, normalize_imdb_id
from service.text.visibility import require_visible_character

MAX_TEXT_LENGTH = 5_000  # characters; plots of films are far shorter
MAX_NAMES = 200  # of one list of a film
MAX_TITLE_KEY_LENGTH = 600  # characters of a folded title, which its column holds
MAX_FOLDING_GROWTH = 18  # characters that one may be folded to: `ﷺ`

FilmType = Literal["movie", "series", "episode", "game"]
Source = Literal["omdb", "sample", "user"]


_FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_LINE_BREAK = re.compile(r"[\t\n\r\u2028\u2029]")
_BLANKS = re.compile(r"[ \t\n\r\u2028\u2029]+")


def reject_forbidden_characters(text: str) -> str:
    """Reject control characters and lone surrogates, which UTF-8 cannot encode."""
    if _FORBIDDEN_CHARACTERS.search(text):
        raise ValueError("must not contain control characters or lone surrogates")
    return text


def _fold_line_breaks(value: object) -> object:
    """Write a text that was wrapped in one line: titles in files often are."""
    if not isinstance(value, str) or not _LINE_BREAK.search(value):
        return value
    return _BLANKS.sub(lambda match: " " if _LINE_BREAK.search(match[0]) else match[0], value)


def _check_folded_length(title: str) -> str:
    """Reject a title that outgrows its column when folded: `½` becomes ` 1 2 `."""
    may_outgrow = len(title) * MAX_FOLDING_GROWTH > MAX_TITLE_KEY_LENGTH
    if may_outgrow and len(full_title_key(title)) > MAX_TITLE_KEY_LENGTH:
        raise ValueError(f"is longer than {MAX_TITLE_KEY_LENGTH} characters when written out")
    return title


def _normalize_imdb_id(value: object) -> object:
    return normalize_imdb_id(value.strip()) if isinstance(value, str) else value


def _remove_duplicates(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    BeforeValidator(_fold_line_breaks),  # after the constraints, which would not bind it else
    AfterValidator(reject_forbidden_characters),
    AfterValidator(require_visible_character),
]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_LENGTH),
    AfterValidator(reject_forbidden_characters),
    AfterValidator(require_visible_character),
]
Title = Annotated[Line, AfterValidator(_check_folded_length)]
ImdbId = Annotated[
    str,
    StringConstraints(pattern=f"^{IMDB_ID_PATTERN}$"),
    BeforeValidator(_normalize_imdb_id),
]
Address = Annotated[
    str,
    StringConstraints(max_length=2_000),
    AfterValidator(reject_forbidden_characters),
]
Lines = Annotated[tuple[Line, ...], Field(max_length=MAX_NAMES), AfterValidator(_remove_duplicates)]
Percent = Annotated[int, Field(ge=0, le=100)]


class ImdbRating(BaseModel):
    """IMDb's rating, from 0 to 10, and the number of votes."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=describe_film_fields)

    value: Annotated[float, Field(ge=0, le=10)] | None = None
    votes: Annotated[int, Field(ge=0, le=2_000_000_000)] | None = None


class Ratings(BaseModel):
    """Ratings of the film by IMDb, Rotten Tomatoes and Metacritic; the last two in percent."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=describe_film_fields)

    imdb: ImdbRating | None = None
    rotten_tomatoes: Percent | None = None
    metacritic: Percent | None = None


OTHER_COLUMNS = frozenset({"ratings", "poster_url"})
"""The fields whose values have columns of other names."""


class _Facts(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, json_schema_extra=describe_film_fields
    )

    imdb_id: ImdbId | None = None
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
    season: Annotated[int, Field(ge=0, le=10_000)] | None = None
    episode: Annotated[int, Field(ge=0, le=100_000)] | None = None
    series: ImdbId | None = None
    ratings: Ratings = Ratings()
    popularity: Annotated[float, Field(ge=0, le=1e12)] | None = None
    box_office_usd: Annotated[int, Field(ge=0, le=10**15)] | None = None
    poster_url: Address | None = None

    @model_validator(mode="after")
    def _check_year_order(self) -> Self:
        if self.year and self.end_year and self.end_year < self.year:
            raise ValueError("end_year must not lie before year")
        return self

    def to_columns(self, complete: bool = False) -> dict[str, Any]:
        """Return the stated facts by column of `Film`, with lists for tuples.

        Args:
            complete: include fields that are not stated, as unknown.
        """
        stated = type(self).model_fields if complete else self.model_fields_set
        columns = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in vars(self).items()
            if name in stated and name not in OTHER_COLUMNS
        }
        if "ratings" in stated:
            columns |= self._rating_columns(complete)
        if "poster_url" in stated:
            columns["poster_source"] = self.poster_url
        return columns

    def _rating_columns(self, complete: bool) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        ratings, imdb = self.ratings, self.ratings.imdb or ImdbRating()
        is_cleared = "imdb" in ratings.model_fields_set and ratings.imdb is None
        for name, column in (("value", "imdb_rating"), ("votes", "imdb_votes")):
            if complete or is_cleared or name in imdb.model_fields_set:
                columns[column] = getattr(imdb, name)
        for name in ("rotten_tomatoes", "metacritic"):
            if complete or name in ratings.model_fields_set:
                columns[name] = getattr(ratings, name)
        return columns


class FilmFacts(_Facts):
    """A film as one source states it; `model_fields_set` holds the stated fields."""

    title: Title


def _remove_default(schema: dict[str, Any]) -> None:
    """Hide from the JSON schema the placeholder that means "not set"."""
    schema.pop("default")


class FilmPatch(_Facts):
    """The facts of a film to change; fields that are not set keep their values.

    As in RFC 7396, null empties a list, and `"ratings": null` makes all ratings unknown.
    """

    title: Title = Field(default="?", json_schema_extra=_remove_default)

    @model_validator(mode="before")
    @classmethod
    def _replace_nulls(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: NULL_MEANINGS.get(k) if v is None else v for k, v in value.items()}


NULL_MEANINGS: dict[str, object] = {
    **{name: () for name, field in FilmPatch.model_fields.items() if field.default == ()},
    "ratings": {"imdb": None, "rotten_tomatoes": None, "metacritic": None},
}
"""What null means in a patch, for the fields that cannot be null."""


class Provenance(BaseModel):
    """Where facts come from, when they were fetched, and when they are due for a refresh."""

    model_config = ConfigDict(frozen=True)

    source: Source
    fetched_at: datetime | None = None
    refresh_after: datetime | None = None
