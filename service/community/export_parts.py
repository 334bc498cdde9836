"""What users keep about films, for an export: each row names its film by id, IMDb id and title."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet

from service.accounts.personal_data import (
    ExportPart,
    PersonalData,
    Row,
    read_pages,
    select_columns,
)
from service.community.blocks.models import UserBlock
from service.community.history.models import HistoryEntry
from service.community.lists.models import FilmList, ListItem
from service.community.ratings.models import Rating
from service.community.reviews.models import Review, ReviewEdit, ReviewLike, ReviewReport
from service.community.watchlist.models import WatchlistEntry
from service.films.models import Film

FILM_COLUMNS = ("film_id", "imdb_id", "title", "year")
HISTORY_COLUMNS = ("watched_at", "is_day", "is_rewatch", "created_at")
RATING_COLUMNS = ("vote", "score", "rated_at", "created_at", "updated_at")
LIST_COLUMNS = ("id", "name", "description", "visibility", "created_at", "updated_at")
ITEM_COLUMNS = ("list_id", "position", "note", "added_at")
REVIEW_COLUMNS = (
    *("id", "film_id", "film_title", "film_year", "title", "body", "score", "spoiler", "likes"),
    *("hidden_at", "hidden_note", "created_at", "edited_at"),
)
EDIT_COLUMNS = ("review_id", "title", "body", "score", "spoiler", "replaced_at")
LIKE_COLUMNS = ("review_id", "created_at")
REPORT_COLUMNS = ("review_id", "reason", "comment", "created_at", "outcome", "decided_at")
BLOCK_COLUMNS = ("username", "created_at")


async def read_film_rows(rows: QuerySet[Any], columns: tuple[str, ...]) -> AsyncIterator[list[Row]]:
    """Yield rows that name films, with these columns and those of the film."""
    async for page in read_pages(
        rows, lambda row: select_columns(row, ("film_id", "title", "year", *columns))
    ):
        films = Film.filter(id__in=[row["film_id"] for row in page])
        imdb_ids: dict[object, object] = dict(await films.values_list("id", "imdb_id"))
        yield [{**row, "imdb_id": imdb_ids.get(row["film_id"])} for row in page]


def read_history(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield the films that the person has seen."""
    return read_film_rows(HistoryEntry.filter(user_id=user_id), HISTORY_COLUMNS)


def read_watchlist(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield the films that the person wants to see."""
    return read_film_rows(WatchlistEntry.filter(user_id=user_id), ("added_at",))


def read_ratings(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield the person's votes and scores."""
    return read_film_rows(Rating.filter(user_id=user_id), RATING_COLUMNS)


def read_lists(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield the person's lists, without their films."""
    return read_pages(
        FilmList.filter(user_id=user_id), lambda row: select_columns(row, LIST_COLUMNS)
    )


def read_list_items(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield the films of the person's lists."""
    return read_film_rows(ListItem.filter(list__user_id=user_id), ITEM_COLUMNS)


def read_reviews(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield the person's reviews, also the hidden ones."""
    reviews = Review.filter(user_id=user_id)
    return read_pages(reviews, lambda row: select_columns(row, REVIEW_COLUMNS))


def read_review_edits(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield what the person's reviews said before."""
    edits = ReviewEdit.filter(review__user_id=user_id)
    return read_pages(edits, lambda row: select_columns(row, EDIT_COLUMNS))


def read_review_likes(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield which reviews the person likes."""
    likes = ReviewLike.filter(user_id=user_id)
    return read_pages(likes, lambda row: select_columns(row, LIKE_COLUMNS))


def read_review_reports(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield what the person reported of reviews."""
    reports = ReviewReport.filter(reporter_id=user_id)
    return read_pages(reports, lambda row: select_columns(row, REPORT_COLUMNS))


def read_blocks(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield whom the person does not want to read."""
    blocks = UserBlock.filter(user_id=user_id).select_related("blocked")
    return read_pages(
        blocks, lambda row: {"username": row.blocked.username, "created_at": row.created_at}
    )


FILM_ROWS_DATA = PersonalData(
    export_parts=(
        ExportPart("history", (*FILM_COLUMNS, *HISTORY_COLUMNS), read_history),
        ExportPart("watchlist", (*FILM_COLUMNS, "added_at"), read_watchlist),
        ExportPart("ratings", (*FILM_COLUMNS, *RATING_COLUMNS), read_ratings),
        ExportPart("reviews", REVIEW_COLUMNS, read_reviews),
        ExportPart("review_edits", EDIT_COLUMNS, read_review_edits),
        ExportPart("review_likes", LIKE_COLUMNS, read_review_likes),
        ExportPart("review_reports", REPORT_COLUMNS, read_review_reports),
        ExportPart("blocks", BLOCK_COLUMNS, read_blocks),
        ExportPart("lists", LIST_COLUMNS, read_lists),
        ExportPart("list_items", (*FILM_COLUMNS, *ITEM_COLUMNS), read_list_items),
    )
)
"""Rows of users that refer to their user with ON DELETE CASCADE, so that no hook erases them;
`personal_data` has what films count of them, and reviews that stay."""
