"""Reviews: one of each user for each film, counted in the film's tallies while others see it.

Every change locks its user, then the review, and last the film.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from service.accounts.models import User
from service.community.film_references import delete_older_of_both, move_references
from service.community.own_rows import lock_owner, require_room
from service.community.reviews.markdown import RENDERER_VERSION, render_markdown
from service.community.reviews.models import Review, ReviewEdit
from service.community.reviews.schemas import ReviewDraft
from service.community.reviews.visibility import review_not_found
from service.database.transactions import run_uncancelled
from service.errors import Conflict
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.tallies import Tallies, add_to_tallies
from service.mail.base import Language
from service.text.uuids import parse_uuid

MAX_REVIEWS = 5_000  # of one user
MAX_EDITS = 50  # earlier versions of one review that are kept
MAX_SHORT_BODY = 500  # characters that are rendered at once; a longer text may take 0.5 s
CONTENT_COLUMNS = ("title", "body", "score", "spoiler")
"""The columns that the author writes."""


@dataclass(frozen=True, slots=True)
class SavedReview:
    """A review, and whether it is new or says something else now."""

    review: Review
    is_changed: bool


class Reviews:
    """The reviews of all users."""

    def __init__(self, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._now = now
        self._rendering = asyncio.Semaphore()

    def find_own(self, user_id: UUID) -> QuerySet[Review]:
        """Return the reviews of a user, also the hidden ones."""
        return Review.filter(user_id=user_id).select_related("user")

    async def add(
        self, user_id: UUID, movie: str, draft: ReviewDraft, language: Language
    ) -> Review:
        """Review a film.

        Args:
            language: the one in which the author is written to.

        Raises:
            Conflict: `review_exists`, or `limit_reached`.
            NotFound: `movie_not_found`.
            Moved: the film was merged into another one.
        """
        return await self._add(user_id, movie, draft, await self._render(draft.body), language)

    @run_uncancelled
    async def _add(
        self, user_id: UUID, movie: str, draft: ReviewDraft, html: str, language: Language
    ) -> Review:
        now = self._now()
        async with in_transaction():
            await lock_owner(user_id)
            film = await self._catalogue.get(movie)
            own = await Review.get_or_none(user_id=user_id, film_id=film.id)
            if own is not None:
                raise Conflict(
                    f"You have reviewed this film already: {own.id}.", code="review_exists"
                )
            await require_room(Review.filter(user_id=user_id), MAX_REVIEWS, "reviews")
            review = await Review.create(
                user_id=user_id,
                film_id=film.id,
                film_title=film.title,
                film_year=film.year,
                html=html,
                html_version=RENDERER_VERSION,
                language=language,
                created_at=now,
                updated_at=now,
                **draft.model_dump(),
            )
            await count_review(review, to_tallies(review))
        return review

    async def replace(self, user_id: UUID, review_id: str, draft: ReviewDraft) -> SavedReview:
        """Change what a review says; what it said before is kept as an edit.

        Raises:
            NotFound: `review_not_found`, also for a review of somebody else.
        """
        return await self._replace(user_id, review_id, draft, await self._render(draft.body))

    @run_uncancelled
    async def _replace(
        self, user_id: UUID, review_id: str, draft: ReviewDraft, html: str
    ) -> SavedReview:
        now = self._now()
        async with in_transaction():
            await lock_owner(user_id)
            review = await lock_review(review_id, Q(user_id=user_id))
            previous = {name: getattr(review, name) for name in CONTENT_COLUMNS}
            if previous == draft.model_dump():
                return SavedReview(review, is_changed=False)
            await ReviewEdit.create(review_id=review.id, replaced_at=now, **previous)
            await _forget_old_edits(review)
            before = to_tallies(review)
            review.update_from_dict(draft.model_dump())
            review.html, review.html_version = html, RENDERER_VERSION
            review.updated_at = review.edited_at = now
            await review.save(
                update_fields=[*CONTENT_COLUMNS, "html", "html_version", "updated_at", "edited_at"]
            )
            await count_review(review, to_tallies(review).minus(before))
        return SavedReview(review, is_changed=True)

    @run_uncancelled
    async def delete(self, user_id: UUID, review_id: str) -> Review:
        """Delete a review, with its likes, reports and edits. Raises what `replace` raises."""
        async with in_transaction():
            await lock_owner(user_id)
            review = await lock_review(review_id, Q(user_id=user_id))
            await review.delete()
            await count_review(review, Tallies().minus(to_tallies(review)))
        return review

    async def render_current(self, review: Review) -> str:
        """Return a review's HTML; one that an earlier release made is rendered again."""
        if review.html_version == RENDERER_VERSION:
            return review.html
        return await self._render(review.body)

    async def _render(self, body: str) -> str:
        """Return the HTML of Markdown; long texts one after the other, beside the event loop."""
        if len(body) <= MAX_SHORT_BODY:
            return render_markdown(body)
        async with self._rendering:
            return await asyncio.to_thread(render_markdown, body)


async def lock_review(review_id: str, condition: Q) -> Review:
    """Read a review that meets `condition` under its row lock.

    Raises:
        NotFound: `review_not_found`.
    """
    uuid = parse_uuid(review_id)
    if uuid is None or not await Review.filter(condition, id=uuid).update(likes=F("likes")):
        raise review_not_found()
    return await Review.get(id=uuid)


def to_tallies(review: Review) -> Tallies:
    """Return what a review adds to its film's tallies while others see it."""
    return Tallies(
        review_count=1,
        review_score_count=int(review.score is not None),
        review_score_sum=review.score or 0,
    )


async def count_review(review: Review, delta: Tallies) -> None:
    """Add `delta` to the review's film, unless the review or its author is hidden or disabled."""
    if review.hidden_at is not None:
        return
    seen = Q(disabled_at=None) & (Q(erase_at=None) | Q(keep_reviews=True))
    if review.user_id is None or await User.filter(seen, id=review.user_id).exists():
        await add_to_tallies(review.film_id, delta)


async def move_reviews(merged: Film, film: Film) -> None:
    """Let the reviews of `merged` be of `film`; of two of one user, the newer stays."""
    await delete_older_of_both("reviews", "user_id", "updated_at", merged, film)
    await move_references("reviews", merged, film)


async def _forget_old_edits(review: Review) -> None:
    """Delete the oldest edits of a review that has too many."""
    edits = ReviewEdit.filter(review_id=review.id)
    oldest = edits.order_by("-replaced_at", "-id").offset(MAX_EDITS).limit(1)
    if surplus := await oldest.values_list("id", flat=True):
        await edits.filter(id__in=list(surplus)).delete()
