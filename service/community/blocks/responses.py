"""Blocked users, as shown to the user who blocks them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.http.pagination import Total, page_address


@dataclass(frozen=True, slots=True)
class BlockView:
    """A user whose reviews you do not see."""

    username: Annotated[str, Field(description="The name.", examples=["mallory"])]
    blocked_at: Annotated[
        datetime, Field(description="Since when.", examples=["2026-11-27T20:00:00Z"])
    ]


@dataclass(frozen=True, slots=True)
class BlockPage:
    """One page of blocked users."""

    results: Annotated[list[BlockView], Field(description="The users, the latest first.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/me/blocks")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/me/blocks")]
