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
