"""A film's poster as clients see it: what became of it, and where each size is."""

from dataclasses import dataclass, field

from service.film_fields import FilmRow
from service.films.models import Film

DISPLAYED_STATUSES = ("stored", "pending")
"""While a film's new poster is on its way, its old one is still shown."""


@dataclass(frozen=True, slots=True)
class PosterView:
    """`status` is pending, stored, missing or rejected; addresses are relative to the service."""

    status: str
    reason: str | None = None
    url: str | None = None
    sizes: dict[str, str] = field(default_factory=dict)


def poster_path(key: str, size: str) -> str:
    """Where the size of a stored poster is served: what is there never changes."""
    return f"/api/v1/posters/{key}/{size}.jpg"


def displayed_key(film: Film | FilmRow) -> str | None:
    """The stored poster that stands for `film` now, if any."""
    return film.poster_key if film.poster_status in DISPLAYED_STATUSES else None


def poster_view(film: Film | FilmRow) -> PosterView:
    """The poster part of a film; without a stored picture there is no address to give."""
    key = displayed_key(film)
    sizes = {size: poster_path(key, size) for size in POSTER_WIDTHS} if key else {}
    return PosterView(
        status=film.poster_status,
        reason=film.poster_reason,
        url=sizes.get(DEFAULT_POSTER_SIZE),
        sizes=sizes,
    )


POSTER_WIDTHS = {
    "w185": 185,
    "w342": 342,
    "w780": 780,
}  # pixels across; narrower sources stay as they are


DEFAULT_POSTER_SIZE = "w342"  # what is meant when nobody says which
