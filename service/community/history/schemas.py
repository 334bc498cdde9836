"""The bodies and parameters of requests about the films that a user has seen."""

import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, field_validator

from service.accounts.schemas import STRICT_CONFIG
from service.community.batches import BatchItems
from service.community.film_references import MovieName

FIRST_DAY = date(1888, 1, 1)  # of the oldest film
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _parse_moment(value: object) -> object:
    """Return a day or a time as such; pydantic takes midnight for a day."""
    if not isinstance(value, str):
        raise ValueError("must be a day, or a time with its time zone")
    return date.fromisoformat(value) if _DAY.fullmatch(value) else datetime.fromisoformat(value)


class MovieQuery(BaseModel):
    """The film that is meant."""

    model_config = STRICT_CONFIG

    movie: MovieName


class NewHistoryEntry(BaseModel):
    """A film that was seen."""

    model_config = STRICT_CONFIG

    movie: MovieName
    watched_at: Annotated[
        Annotated[date | datetime, BeforeValidator(_parse_moment)] | None,
        Field(
            description="The day or the time; without it, now.",
            examples=["2026-11-27", "2026-11-27T20:15:00Z"],
        ),
    ] = None
    rewatch: Annotated[
        bool | None,
        Field(
            strict=True,
            description="Whether it was not for the first time; without it, whether the history "
            "has the film already.",
            examples=[False],
        ),
    ] = None

    @field_validator("watched_at")
    @classmethod
    def _check_moment(cls, moment: date | datetime | None) -> date | datetime | None:
        if isinstance(moment, datetime) and moment.tzinfo is None:
            raise ValueError("must have a time zone, such as Z")
        if moment is not None and moment.year < FIRST_DAY.year:
            raise ValueError(f"must not be before {FIRST_DAY.year}")
        return moment


class HistoryItem(NewHistoryEntry):
    """One item of a batch: a film that was seen, or one whose entries are to be removed."""

    action: Annotated[
        Literal["add", "remove"],
        Field(
            description="What to do; `remove` removes all entries of the film.", examples=["add"]
        ),
    ] = "add"


class HistoryItems(BaseModel):
    """Up to a hundred items."""

    model_config = STRICT_CONFIG

    items: Annotated[
        BatchItems,
        Field(
            description="The items: each as for a single entry, and `action`, which is `add` or "
            "`remove`.",
            examples=[[{"movie": "tt0073195", "watched_at": "2026-11-27"}]],
        ),
    ]
