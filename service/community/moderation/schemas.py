"""The bodies and parameters of requests about reports."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from service.accounts.schemas import STRICT_CONFIG
from service.community.reviews.models import MAX_COMMENT_LENGTH, MAX_NOTE_LENGTH
from service.films.schemas import Text
from service.http.pagination import CursorPageQuery

ReportReason = Literal["spam", "abuse", "spoiler", "off_topic", "other"]
ReportState = Literal["open", "decided"]
ReportAction = Literal["hide", "dismiss", "restore"]
ReportOutcome = Literal["hidden", "dismissed", "restored"]


class NewReport(BaseModel):
    """Why the admins should look at a review."""

    model_config = STRICT_CONFIG

    reason: Annotated[
        ReportReason, Field(description="What is wrong with it.", examples=["spoiler"])
    ]
    comment: Annotated[
        Annotated[Text, StringConstraints(max_length=MAX_COMMENT_LENGTH)] | None,
        Field(description="More about it, for the admins.", examples=["The title tells the end."]),
    ] = None


class ReportQuery(CursorPageQuery):
    """The page, and which reports to list."""

    state: Annotated[
        ReportState,
        Field(description="Those to be decided, or those that were.", examples=["open"]),
    ] = "open"


class ReportDecision(BaseModel):
    """What becomes of a review that was reported."""

    model_config = STRICT_CONFIG

    action: Annotated[
        ReportAction,
        Field(
            description="`hide` the review from all but its author and admins, `dismiss` its open "
            "reports, or `restore` a hidden review.",
            examples=["hide"],
        ),
    ]
    note: Annotated[
        Annotated[Text, StringConstraints(max_length=MAX_NOTE_LENGTH)] | None,
        Field(
            description="Why, for the author of a hidden review and for the audit log.",
            examples=["It is an advertisement."],
        ),
    ] = None
