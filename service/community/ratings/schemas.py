"""The bodies and parameters of requests about votes and scores."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from service.accounts.schemas import STRICT_CONFIG
from service.community.batches import BatchItems
from service.community.film_references import FilmRowsQuery, MovieName

FIRST_YEAR = 1970  # no time of a rating is earlier

Vote = Literal["up", "down"]
Score = Annotated[int, Field(ge=1, le=10, strict=True)]
"""A score of a film, from 1 to 10."""


def _parse_time(value: object) -> object:
    """Return a time of a text with a time zone; pydantic takes numbers and times without one."""
    if not isinstance(value, str):
        raise ValueError("must be a time with its time zone")
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError("must have a time zone, such as Z")
    if time.year < FIRST_YEAR:
        raise ValueError(f"must not be before {FIRST_YEAR}")
    return time


class RatingQuery(FilmRowsQuery):
    """The page, the order, and which ratings to list."""

    vote: Annotated[
        Vote | None, Field(description="Only ratings with this vote.", examples=["up"])
    ] = None
    sort: Annotated[
        Literal["-rated_at", "rated_at"],
        Field(description="The latest first, or the earliest.", examples=["-rated_at"]),
    ] = "-rated_at"


class Opinion(BaseModel):
    """What a user thinks of a film, and since when."""

    model_config = STRICT_CONFIG

    vote: Annotated[
        Vote | None, Field(description="Whether you liked the film.", examples=["up"])
    ] = None
    score: Annotated[Score | None, Field(description="From 1 to 10.", examples=[9])] = None
    rated_at: Annotated[
        Annotated[datetime, BeforeValidator(_parse_time)] | None,
        Field(description="When you rated it; without it, now.", examples=["2026-11-27T20:15:00Z"]),
    ] = None


class RatingValues(Opinion):
    """What a user thinks of a film: a vote, a score, or both."""

    @model_validator(mode="after")
    def _require_opinion(self) -> "RatingValues":
        if self.vote is None and self.score is None:
            raise ValueError("must have a vote, a score or both")
        return self


class NewRating(RatingValues):
    """A film, and what a user thinks of it."""

    movie: MovieName


class RatingPatch(Opinion):
    """Changes of a rating; what is omitted stays, null removes a vote or a score."""


class RatingItem(Opinion):
    """One item of a batch: a film and what a user thinks of it, or a rating to be removed."""

    movie: MovieName
    action: Literal["set", "remove"] = "set"

    @model_validator(mode="after")
    def _require_opinion(self) -> "RatingItem":
        has_opinion = self.vote is not None or self.score is not None
        if self.action == "set" and not has_opinion:
            raise ValueError("must have a vote, a score or both")
        if self.action == "remove" and (has_opinion or self.rated_at is not None):
            raise ValueError("must have no vote, score or time to be removed")
        return self


class RatingItems(BaseModel):
    """Up to a hundred items."""

    model_config = STRICT_CONFIG

    items: Annotated[
        BatchItems,
        Field(
            description="The items: each as for a single rating, and `action`, which is `set` (add "
            "the rating or replace it) or `remove`.",
            examples=[[{"movie": "tt0073195", "score": 9}]],
        ),
    ]
