"""A film's poster as clients see it: its state, and the address of each size."""

from dataclasses import dataclass, field
from typing import Annotated, Literal, cast

from pydantic import Field

from service.film_fields import FilmRow
from service.films.models import Film

POSTER_WIDTHS = {
    "w185": 185,
    "w342": 342,
    "w780": 780,
}
"""Pixels by size; a narrower source is not enlarged."""

DEFAULT_POSTER_SIZE = "w342"

DISPLAYED_STATUSES = ("stored", "pending")
"""The old poster of a film stays visible while its new one is pending."""


PosterStatus = Literal["pending", "stored", "missing", "rejected"]

EXAMPLE_ADDRESS = f"/api/v1/posters/{'9f' * 32}/w342.jpg"


@dataclass(frozen=True, slots=True)
class PosterView:
    """`status` is pending, stored, missing or rejected; addresses are relative to the service."""

    status: Annotated[
        PosterStatus, Field(description="How far the poster is.", examples=["stored"])
    ]
    reason: Annotated[
        str | None,
        Field(description="Why there is none.", examples=["the image is larger than 10 MB"]),
    ] = None
    url: Annotated[
        str | None,
        Field(description="The address of the middle size.", examples=[EXAMPLE_ADDRESS]),
    ] = None
    sizes: Annotated[
        dict[str, str],
        Field(description="The address of each size.", examples=[{"w342": EXAMPLE_ADDRESS}]),
    ] = field(default_factory=dict)


def poster_path(key: str, size: str) -> str:
    """Return the address of one size of a stored poster; what it serves never changes."""
    return f"/api/v1/posters/{key}/{size}.jpg"


def displayed_key(film: Film | FilmRow) -> str | None:
    """Return the key of the stored poster that is shown for `film` now, if any."""
    return film.poster_key if film.poster_status in DISPLAYED_STATUSES else None


def poster_view(film: Film | FilmRow) -> PosterView:
    """Return the poster part of a film; without a stored picture it has no addresses."""
    key = displayed_key(film)
    sizes = {size: poster_path(key, size) for size in POSTER_WIDTHS} if key else {}
    return PosterView(
        status=cast(PosterStatus, film.poster_status),
        reason=film.poster_reason,
        url=sizes.get(DEFAULT_POSTER_SIZE),
        sizes=sizes,
    )
