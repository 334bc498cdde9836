"""Profiles as clients see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.accounts.schemas import Profile
from service.community.lists.responses import ListView
from service.http.pagination import Total, page_address


@dataclass(frozen=True, slots=True)
class ProfileCountsView:
    """How many there are of what the profile shows."""

    films_seen: Annotated[
        int, Field(description="How many films the user has seen.", examples=[214])
    ]
    viewings: Annotated[
        int, Field(description="How often, each time of a film counted.", examples=[260])
    ]
    ratings: Annotated[int, Field(description="How many films the user has rated.", examples=[95])]
    reviews: Annotated[
        int, Field(description="How many reviews the user has written.", examples=[12])
    ]
    lists: Annotated[int, Field(description="How many public lists there are.", examples=[3])]


@dataclass(frozen=True, slots=True)
class ProfileView:
    """What a user shows to others."""

    username: Annotated[str, Field(description="The name.", examples=["ada"])]
    profile: Annotated[
        Profile,
        Field(description="Whether others see it; if `private`, only you.", examples=["public"]),
    ]
    joined_at: Annotated[
        datetime, Field(description="When the account was made.", examples=["2026-11-27T20:00:00Z"])
    ]
    blocked: Annotated[bool, Field(description="Whether you block the user.", examples=[False])]
    counts: Annotated[ProfileCountsView, Field(description="How many there are of everything.")]
    lists: Annotated[
        list[ListView],
        Field(description="The newest of the public lists; `/users/{name}/lists` has all."),
    ]


@dataclass(frozen=True, slots=True)
class PublicListsPage:
    """One page of the public lists of a user."""

    results: Annotated[
        list[ListView], Field(description="The lists, the one that changed last first.")
    ]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/users/ada/lists")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/users/ada/lists")]


@dataclass(frozen=True, slots=True)
class MonthView:
    """A month in which the user saw films."""

    month: Annotated[str, Field(description="The month, in UTC.", examples=["2026-11"])]
    viewings: Annotated[int, Field(description="How many times a film was seen.", examples=[9])]


@dataclass(frozen=True, slots=True)
class DecadeView:
    """A decade of which the user has seen films."""

    decade: Annotated[int, Field(description="Its first year.", examples=[1970])]
    films: Annotated[int, Field(description="How many of its films were seen.", examples=[31])]


@dataclass(frozen=True, slots=True)
class GenreCountView:
    """A genre of which the user has seen films."""

    genre: Annotated[str, Field(description="The genre.", examples=["Thriller"])]
    films: Annotated[int, Field(description="How many of its films were seen.", examples=[42])]


@dataclass(frozen=True, slots=True)
class ScoreView:
    """A score that the user has given."""

    score: Annotated[int, Field(description="The score from 1 to 10.", examples=[9])]
    films: Annotated[int, Field(description="How many films got it.", examples=[12])]


@dataclass(frozen=True, slots=True)
class StatisticsView:
    """What a user has seen, and how it was scored, by month, decade, genre and score."""

    months: Annotated[
        list[MonthView],
        Field(description="The last 24 months with an entry in the history, the earliest first."),
    ]
    decades: Annotated[list[DecadeView], Field(description="The decades, the earliest first.")]
    genres: Annotated[
        list[GenreCountView], Field(description="The genres, the one with most films first.")
    ]
    scores: Annotated[list[ScoreView], Field(description="The scores, the lowest first.")]
