"""The entries of a history as clients see them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from service.community.film_references import DeletedMovieField, MovieField, movie_views
from service.community.history.models import HistoryEntry
from service.film_fields import FilmRow
from service.http.openapi import Problem
from service.http.pagination import Total, page_address

EntryId = Field(
    description="The id of the entry.", examples=["01993f90-6d1a-7f3e-9b2c-4a5d6e7f8091"]
)


@dataclass(frozen=True, slots=True)
class HistoryEntryView:
    """One time that a film was seen."""

    id: Annotated[str, EntryId]
    movie: MovieField
    deleted_movie: DeletedMovieField
    watched_at: Annotated[
        datetime | date,
        Field(description="The time, or the day, as it was stated.", examples=["2026-11-27"]),
    ]
    rewatch: Annotated[
        bool, Field(description="Whether it was not for the first time.", examples=[False])
    ]
    added_at: Annotated[
        datetime, Field(description="When the entry was made.", examples=["2026-11-27T22:00:00Z"])
    ]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of a history."""

    results: Annotated[list[HistoryEntryView], Field(description="The entries, the latest first.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/me/history")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/me/history")]


@dataclass(frozen=True, slots=True)
class HistoryAnswer:
    """What became of one item of a batch."""

    status: Annotated[
        int,
        Field(description="201 added, 204 removed, or the status of the error.", examples=[201]),
    ]
    id: Annotated[str | None, Field(description="The id of the new entry.", examples=[None])]
    problem: Annotated[Problem | None, Field(description="Why it failed, if it did.")]


@dataclass(frozen=True, slots=True)
class HistoryAnswers:
    """The answers in the order of the items."""

    answers: Annotated[list[HistoryAnswer], Field(description="One answer for each item.")]


def history_entry_view(
    entry: HistoryEntry, films: dict[UUID, FilmRow], now: datetime
) -> HistoryEntryView:
    """Return an entry as clients see it."""
    movie, deleted_movie = movie_views(entry, films, now)
    return HistoryEntryView(
        id=str(entry.id),
        movie=movie,
        deleted_movie=deleted_movie,
        watched_at=entry.watched_at.date() if entry.is_day else entry.watched_at,
        rewatch=entry.is_rewatch,
        added_at=entry.created_at,
    )
