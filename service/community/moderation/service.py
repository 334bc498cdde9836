"""Moderation of reviews: users report them, admins decide, the author is told by mail.

A decision is about the review, so it settles all open reports of it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from service.accounts.models import User
from service.accounts.schemas import fold_name
from service.audit.log import Subject, record
from service.clock import epoch_ms
from service.community.moderation.schemas import (
    ReportAction,
    ReportOutcome,
    ReportReason,
    ReportState,
)
from service.community.own_rows import lock_owner, require_room
from service.community.readers import Reader
from service.community.reviews.models import Review, ReviewReport
from service.community.reviews.service import count_review, lock_review, to_tallies
from service.community.reviews.visibility import get_visible
from service.database.transactions import run_uncancelled
from service.errors import Conflict, NotFound
from service.films.insert_locks import lock_out_merges
from service.films.tallies import Tallies
from service.mail import outbox
from service.mail.base import Language
from service.text.uuids import parse_uuid

MAX_OPEN_REPORTS = 50  # of one user


class Moderation:
    """The reports of all users, and what admins do about them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def find_reports(self, state: ReportState) -> QuerySet[ReviewReport]:
        """Return the reports in this state, with their reviews and users."""
        reports = ReviewReport.filter(outcome__isnull=state == "open")
        return reports.select_related("review", "review__user", "reporter")

    async def get_report(self, report_id: str) -> ReviewReport:
        """Return a report, with its review and users.

        Raises:
            NotFound: `report_not_found`.
        """
        uuid, report = parse_uuid(report_id), None
        if uuid is not None:
            reports = ReviewReport.filter(id=uuid)
            report = await reports.select_related("review", "review__user", "reporter").first()
        if report is None:
            raise NotFound("There is no such report.", code="report_not_found")
        return report

    @run_uncancelled
    async def report(
        self, user_id: UUID, review_id: str, reason: ReportReason, comment: str | None
    ) -> None:
        """Ask the admins to look at a review.

        A second report of the same user replaces the first; one that was decided is opened again
        only if the review has changed since.

        Raises:
            NotFound: `review_not_found`.
            Conflict: `own_review`, or `limit_reached`.
        """
        now = self._now()
        async with in_transaction():
            await lock_owner(user_id)
            review = await get_visible(Reader(user_id), review_id)
            if review.user_id == user_id:
                raise Conflict("It is your own review.", code="own_review")
            earlier = await ReviewReport.get_or_none(review_id=review.id, reporter_id=user_id)
            if earlier is not None and not _may_report_again(earlier, review):
                return
            own = ReviewReport.filter(reporter_id=user_id, outcome__isnull=True)
            if earlier is None or earlier.outcome is not None:
                await require_room(own, MAX_OPEN_REPORTS, "open reports")
            report = earlier or ReviewReport(review_id=review.id, reporter_id=user_id)
            report.update_from_dict({"reason": reason, "comment": comment, "created_at": now})
            report.outcome = report.decided_at = None
            await report.save()

    @run_uncancelled
    async def decide(self, report_id: str, action: ReportAction, note: str | None) -> ReviewReport:
        """Hide the review, dismiss what is reported of it, or show the review again.

        Args:
            note: what the author is told about it.

        Raises:
            NotFound: `report_not_found`.
            Conflict: `review_not_hidden`.
        """
        review_id = (await self.get_report(report_id)).review_id
        async with in_transaction():
            await lock_out_merges()
            review = await lock_review(str(review_id), Q())
            if action == "hide":
                await self._hide(review, note)
            elif action == "restore":
                await self._restore(review, note)
            else:
                await self._settle(review, "dismissed")
                await _record("report_dismissed", review, note)
        return await self.get_report(report_id)

    async def _hide(self, review: Review, note: str | None) -> None:
        if review.hidden_at is None:
            await count_review(review, Tallies().minus(to_tallies(review)))
            review.hidden_at, review.hidden_note = self._now(), note
            await review.save(update_fields=["hidden_at", "hidden_note"])
            await self._tell_author("review_hidden", review)
        await self._settle(review, "hidden")
        await _record("review_hidden", review, note)

    async def _restore(self, review: Review, note: str | None) -> None:
        if review.hidden_at is None:
            raise Conflict("The review is not hidden.", code="review_not_hidden")
        review.hidden_at = review.hidden_note = None
        await review.save(update_fields=["hidden_at", "hidden_note"])
        await count_review(review, to_tallies(review))
        await self._settle(review, "restored")
        hidden = ReviewReport.filter(review_id=review.id, outcome="hidden")
        await hidden.update(outcome="restored", decided_at=self._now())
        await self._tell_author("review_restored", review)
        await _record("review_restored", review, note)

    async def _settle(self, review: Review, outcome: ReportOutcome) -> None:
        """Decide the open reports of a review."""
        open_reports = ReviewReport.filter(review_id=review.id, outcome__isnull=True)
        await open_reports.update(outcome=outcome, decided_at=self._now())

    async def _tell_author(
        self, kind: Literal["review_hidden", "review_restored"], review: Review
    ) -> None:
        """Send the author a mail, if the account has an address and is not to be deleted."""
        author = await User.get_or_none(id=review.user_id, erase_at=None)
        if author is None or author.email is None:
            return
        language, now_ms = cast(Language, review.language), epoch_ms(self._now())
        recipient = fold_name(author.email)
        await outbox.enqueue(kind, recipient, language, now_ms, author.id, subject_id=review.id)


def _may_report_again(earlier: ReviewReport, review: Review) -> bool:
    """Return whether a report counts although the user has reported the review before."""
    if earlier.decided_at is None:
        return True
    return review.edited_at is not None and review.edited_at > earlier.decided_at


async def _record(
    action: Literal["review_hidden", "review_restored", "report_dismissed"],
    review: Review,
    note: str | None,
) -> None:
    subject = Subject("review", review.id, review.title)
    await record(action, subject, movie=str(review.film_id), note=note)
