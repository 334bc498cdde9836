"""The entries of a watchlist as clients see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from service.community.film_references import DeletedMovieField, MovieField, movie_views
from service.community.watchlist.models import WatchlistEntry
from service.film_fields import FilmRow
from service.http.pagination import Total, page_address


@dataclass(frozen=True, slots=True)
class WatchlistEntryView:
    """A film that a user wants to see."""

    movie: MovieField
    deleted_movie: DeletedMovieField
    added_at: Annotated[
        datetime, Field(description="When it was added.", examples=["2026-11-27T20:00:00Z"])
    ]


@dataclass(frozen=True, slots=True)
class WatchlistPage:
    """One page of a watchlist."""

    results: Annotated[
        list[WatchlistEntryView], Field(description="The films in the order asked for.")
    ]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/me/watchlist")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/me/watchlist")]


def watchlist_entry_view(
    entry: WatchlistEntry, films: dict[UUID, FilmRow], now: datetime
) -> WatchlistEntryView:
    """Return an entry as clients see it."""
    movie, deleted_movie = movie_views(entry, films, now)
    return WatchlistEntryView(movie, deleted_movie, entry.added_at)
