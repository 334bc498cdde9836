"""The parameters of a match: file names, or facts that describe films."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from service.errors import FieldError, Invalid
from service.http.requests import validate
from service.search.filenames.parser import MAX_PATH_LENGTH, ParsedName
from service.search.requests import Name, Year

MAX_DESCRIPTIONS = 100


class Description(BaseModel):
    """Facts that describe a film; `runtime` in minutes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[Name, Field(description="The title, as far as known.", examples=["Jaws"])]
    year: Annotated[Year | None, Field(description="The year.", examples=[1975])] = None
    director: Annotated[Name | None, Field(description="A director.", examples=["Spielberg"])] = (
        None
    )
    runtime: Annotated[
        Annotated[int, Field(ge=1, le=100_000)] | None,
        Field(description="The length in minutes.", examples=[124]),
    ] = None


FileName = Annotated[str, Field(max_length=MAX_PATH_LENGTH)]


class Descriptions(BaseModel):
    """Up to a hundred file names or descriptions; each is validated on its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: Annotated[
        list[SkipValidation[FileName | Description]],
        Field(
            min_length=1,
            max_length=MAX_DESCRIPTIONS,
            description="File names, or facts about films. A wrong one is answered with an error.",
            examples=[["Jaws.1975.1080p.mkv", {"title": "Alien", "year": 1979}]],
        ),
    ]


def parse_description(number: int, item: object) -> str | ParsedName:
    """Return an item of `Descriptions` as a file name or the facts that it states.

    Raises:
        Invalid: it is neither, or a field is wrong or unknown.
    """
    if isinstance(item, dict):
        facts = validate(Description, item, prefix=f"/items/{number}/")
        return ParsedName(**facts.model_dump())
    if not isinstance(item, str):
        reason = "must be a file name or an object"
    elif len(item) > MAX_PATH_LENGTH:
        reason = f"must have at most {MAX_PATH_LENGTH:,} characters"
    else:
        return item
    raise Invalid(f"The item {reason}.", errors=(FieldError(f"/items/{number}", reason),))
