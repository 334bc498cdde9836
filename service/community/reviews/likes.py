"""Likes of reviews: each user may like each review of others once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from service.community.own_rows import lock_owner
from service.community.readers import Reader
from service.community.reviews.models import Review, ReviewLike
from service.community.reviews.visibility import get_visible
from service.database.sql import fetch_rows, to_id_parameter
from service.database.transactions import run_uncancelled
from service.errors import Conflict


class ReviewLikes:
    """The likes of all users."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    @run_uncancelled
    async def add(self, user_id: UUID, review_id: str) -> None:
        """Like a review; once is enough.

        Raises:
            NotFound: `review_not_found`.
            Conflict: `own_review`.
        """
        async with in_transaction():
            await lock_owner(user_id)
            review = await get_visible(Reader(user_id), review_id)
            if review.user_id == user_id:
                raise Conflict("It is your own review.", code="own_review")
            if not await ReviewLike.exists(review_id=review.id, user_id=user_id):
                await ReviewLike.create(
                    review_id=review.id, user_id=user_id, created_at=self._now()
                )
                await Review.filter(id=review.id).update(likes=F("likes") + 1)

    @run_uncancelled
    async def remove(self, user_id: UUID, review_id: str) -> None:
        """No longer like a review. Raises NotFound as `add` does."""
        async with in_transaction():
            await lock_owner(user_id)
            review = await get_visible(Reader(user_id), review_id)
            if await ReviewLike.filter(review_id=review.id, user_id=user_id).delete():
                await Review.filter(id=review.id).update(likes=F("likes") - 1)


async def find_liked(user_id: UUID | None, reviews: list[Review]) -> set[UUID]:
    """Return the ids of those of these reviews that the user likes."""
    if user_id is None or not reviews:
        return set()
    likes = ReviewLike.filter(user_id=user_id, review_id__in=[review.id for review in reviews])
    return {like.review_id for like in await likes.only("review_id")}


async def remove_likes(user_id: UUID) -> None:
    """Remove all likes of a user who is erased; in a transaction."""
    await fetch_rows(
        "UPDATE reviews SET likes = likes - 1 "
        "WHERE id IN (SELECT review_id FROM review_likes WHERE user_id = $1)",
        to_id_parameter(user_id),
    )
    await ReviewLike.filter(user_id=user_id).delete()


@dataclass(frozen=True, slots=True)
class LikesDifference:
    """A review whose number of likes is not that of its rows."""

    review_id: UUID
    stored: int
    counted: int


async def find_miscounted_reviews() -> list[UUID]:
    """Return the reviews whose number of likes differs from their rows.

    A review that is liked meanwhile may be among them; `recount_likes` knows better.
    """
    rows = await fetch_rows(
        "SELECT reviews.id FROM reviews LEFT JOIN "
        "(SELECT review_id, COUNT(*) AS counted FROM review_likes GROUP BY review_id) AS sums "
        "ON sums.review_id = reviews.id "
        "WHERE reviews.likes <> COALESCE(sums.counted, 0) ORDER BY reviews.id"
    )
    return [UUID(str(row["id"])) for row in rows]


@run_uncancelled
async def recount_likes(review_id: UUID, *, repair: bool = True) -> LikesDifference | None:
    """Return how a review's number of likes differs from its rows, if it does; mend it by default.

    A like changes the number last, and holds the review's lock from then to its commit. So under
    this lock, a row and what it adds are both there, or the number is still to be changed.
    """
    async with in_transaction():
        if not await Review.filter(id=review_id).update(likes=F("likes")):
            return None
        review = await Review.get(id=review_id)
        counted = await ReviewLike.filter(review_id=review_id).count()
        if review.likes == counted:
            return None
        if repair:
            await Review.filter(id=review_id).update(likes=counted)
        return LikesDifference(review_id, review.likes, counted)
