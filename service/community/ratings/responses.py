"""Votes and scores as their owner sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from pydantic import Field

from service.community.film_references import DeletedMovieField, MovieField, movie_views
from service.community.ratings.models import Rating
from service.community.ratings.schemas import Vote
from service.film_fields import FilmRow
from service.http.openapi import Problem
from service.http.pagination import Total, page_address

RatingId = Field(
    description="The id of the rating.", examples=["01993f91-2b4c-7d5e-8f60-718293a4b5c6"]
)


@dataclass(frozen=True, slots=True)
class RatingView:
    """What a user thinks of a film."""

    id: Annotated[str, RatingId]
    movie: MovieField
    deleted_movie: DeletedMovieField
    vote: Annotated[Vote | None, Field(description="The vote, if there is one.", examples=["up"])]
    score: Annotated[
        int | None, Field(description="The score from 1 to 10, if there is one.", examples=[9])
    ]
    rated_at: Annotated[
        datetime, Field(description="When the film was rated.", examples=["2026-11-27T20:15:00Z"])
    ]
    created_at: Annotated[
        datetime, Field(description="When it was entered.", examples=["2026-11-27T20:15:02Z"])
    ]
    updated_at: Annotated[
        datetime, Field(description="When it last changed.", examples=["2026-11-27T20:15:02Z"])
    ]


@dataclass(frozen=True, slots=True)
class RatingPage:
    """One page of ratings."""

    results: Annotated[list[RatingView], Field(description="The ratings in the order asked for.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/ratings")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/ratings")]


@dataclass(frozen=True, slots=True)
class RatingAnswer:
    """What became of one item of a batch."""

    status: Annotated[
        int,
        Field(
            description="201 added, 200 replaced, 204 removed, or the status of the error.",
            examples=[201],
        ),
    ]
    id: Annotated[str | None, RatingId]
    problem: Annotated[Problem | None, Field(description="Why it failed, if it did.")]


@dataclass(frozen=True, slots=True)
class RatingAnswers:
    """The answers in the order of the items."""

    answers: Annotated[list[RatingAnswer], Field(description="One answer for each item.")]


def rating_view(rating: Rating, films: dict[UUID, FilmRow], now: datetime) -> RatingView:
    """Return a rating as clients see it."""
    movie, deleted_movie = movie_views(rating, films, now)
    return RatingView(
        id=str(rating.id),
        movie=movie,
        deleted_movie=deleted_movie,
        vote=cast(Vote | None, rating.vote),
        score=rating.score,
        rated_at=rating.rated_at,
        created_at=rating.created_at,
        updated_at=rating.updated_at,
    )
