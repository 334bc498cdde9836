"""The mails for operators: list what waits or failed and why, and retry it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import Field
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from service.audit.log import Subject, record
from service.clock import from_epoch_ms
from service.database.sql import now_ms
from service.database.transactions import run_uncancelled
from service.errors import Conflict, NotFound
from service.mail.base import MailKind
from service.mail.models import Mail
from service.mail.outbox import UNFINISHED
from service.text.uuids import parse_uuid

MailState = Literal["waiting", "sending", "retrying", "sent", "given_up"]

STATE_FILTERS: dict[MailState, Q] = {
    "waiting": UNFINISHED & Q(owner__isnull=True, reason__isnull=True),
    "sending": UNFINISHED & Q(owner__isnull=False),
    "retrying": UNFINISHED & Q(owner__isnull=True, reason__isnull=False),
    "sent": Q(sent_at__isnull=False),
    "given_up": Q(given_up_at__isnull=False),
}


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail to be sent.

    Its state is `waiting` for an indexer, `sending` in one, `retrying` after a failure (not before
    `due_at`), `sent` (kept for a week), or `given_up` after a day or because the server refuses it
    for good.
    """

    id: Annotated[
        str, Field(description="The mail.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"])
    ]
    kind: Annotated[MailKind, Field(description="Why it is sent.", examples=["reset_password"])]
    recipient: Annotated[
        str, Field(description="The address it goes to.", examples=["ada@films.example"])
    ]
    language: Annotated[str, Field(description="Its language.", examples=["en"])]
    state: Annotated[MailState, Field(description="How far it is.", examples=["given_up"])]
    attempts: Annotated[int, Field(description="How often it was tried.", examples=[31])]
    reason: Annotated[
        str | None,
        Field(
            description="Why the last attempt failed.",
            examples=["the mail server refuses the mail: 550 5.1.1 no such mailbox"],
        ),
    ]
    created_at: Annotated[
        datetime, Field(description="When its cause happened.", examples=["2026-11-27T20:00:00Z"])
    ]
    due_at: Annotated[
        datetime | None,
        Field(description="When it is tried next.", examples=["2026-11-27T20:00:30Z"]),
    ]
    sent_at: Annotated[
        datetime | None,
        Field(description="When the server took it.", examples=["2026-11-27T20:00:01Z"]),
    ]
    given_up_at: Annotated[
        datetime | None,
        Field(description="When it was given up.", examples=["2026-11-28T20:00:00Z"]),
    ]


@dataclass(frozen=True, slots=True)
class MailList:
    """One page of mails, newest first, and their total number."""

    results: tuple[MailView, ...]
    total: int


async def count_unsent_mails() -> dict[str, int]:
    """Return how many mails are `waiting`, those under way included, and how many `given_up`."""
    return {
        "waiting": await Mail.filter(UNFINISHED).count(),
        "given_up": await Mail.filter(STATE_FILTERS["given_up"]).count(),
    }


class MailAdmin:
    """Lists mails, and has single ones tried again."""

    async def list_mails(self, state: MailState | None, limit: int, offset: int) -> MailList:
        """Return the mails in this state, or all, newest first."""
        query = Mail.filter(STATE_FILTERS[state]) if state else Mail.all()
        rows = await query.order_by("-created_at", "-id").offset(offset).limit(limit)
        return MailList(tuple(map(mail_view, rows)), await query.count())

    async def retry(self, mail_id: str) -> MailView:
        """Make a mail due at once, for another day, as if it had never been tried.

        A mail that is being sent at this moment stays as it is.

        Raises:
            NotFound: `mail_not_found`.
            Conflict: `mail_sent`.
        """
        uuid = parse_uuid(mail_id)
        if uuid is not None:
            await self._reset(uuid)
        mail = await Mail.get_or_none(id=uuid) if uuid else None
        if mail is None:
            raise NotFound("There is no such mail.", code="mail_not_found")
        if mail.sent_at is not None:
            raise Conflict("This mail has been sent.", code="mail_sent")
        return mail_view(mail)

    @run_uncancelled
    async def _reset(self, mail_id: UUID) -> None:
        async with in_transaction():
            idle = Mail.filter(id=mail_id, sent_at__isnull=True, owner__isnull=True)
            count = await idle.update(
                given_up_at=None,
                due_at=0,
                attempts=0,
                interrupted=0,
                reason=None,
                tried_since=await now_ms(),
            )
            if count:
                await record("mail_retried", Subject("mail", mail_id))


def mail_view(row: Mail) -> MailView:
    """Return the view of a row."""
    state: MailState = "waiting"
    if row.sent_at is not None:
        state = "sent"
    elif row.given_up_at is not None:
        state = "given_up"
    elif row.owner is not None:
        state = "sending"
    elif row.reason is not None:
        state = "retrying"
    return MailView(
        id=str(row.id),
        kind=cast(MailKind, row.kind),
        recipient=row.recipient,
        language=row.language,
        state=state,
        attempts=row.attempts,
        reason=row.reason,
        created_at=from_epoch_ms(row.created_at),
        due_at=from_epoch_ms(row.due_at) if state == "retrying" else None,
        sent_at=from_epoch_ms(row.sent_at) if row.sent_at is not None else None,
        given_up_at=from_epoch_ms(row.given_up_at) if row.given_up_at is not None else None,
    )
