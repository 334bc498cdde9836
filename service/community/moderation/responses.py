"""Reports as admins see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from pydantic import Field

from service.community.moderation.schemas import ReportOutcome, ReportReason
from service.community.reviews.models import ReviewReport
from service.community.reviews.responses import ReviewView
from service.http.pagination import Total, page_address


@dataclass(frozen=True, slots=True)
class ReportView:
    """A request to look at a review."""

    id: Annotated[
        str,
        Field(
            description="The id of the report.", examples=["01993f93-5e7f-7092-a3b4-c5d6e7f8091a"]
        ),
    ]
    review: Annotated[ReviewView, Field(description="The review as it is now.")]
    reason: Annotated[ReportReason, Field(description="What is wrong.", examples=["spoiler"])]
    comment: Annotated[
        str | None, Field(description="More about it.", examples=["The title tells the end."])
    ]
    reporter: Annotated[
        str | None,
        Field(description="Who reported it; null if the account was deleted.", examples=["bob"]),
    ]
    created_at: Annotated[
        datetime, Field(description="When it was reported.", examples=["2026-11-27T21:00:00Z"])
    ]
    outcome: Annotated[
        ReportOutcome | None,
        Field(description="What was decided; null if nothing yet.", examples=["hidden"]),
    ]
    decided_at: Annotated[
        datetime | None, Field(description="When.", examples=["2026-11-27T22:00:00Z"])
    ]


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One page of reports."""

    results: Annotated[
        list[ReportView], Field(description="Open reports, the oldest first; else the latest.")
    ]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/admin/reports")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/admin/reports")]


def report_view(report: ReviewReport, review: ReviewView) -> ReportView:
    """Return a report, read with its reporter, as admins see it."""
    return ReportView(
        id=str(report.id),
        review=review,
        reason=cast(ReportReason, report.reason),
        comment=report.comment,
        reporter=report.reporter.username if report.reporter else None,
        created_at=report.created_at,
        outcome=cast(ReportOutcome | None, report.outcome),
        decided_at=report.decided_at,
    )
