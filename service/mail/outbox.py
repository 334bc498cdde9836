"""The outbox of mails: written in the transaction of their cause, claimed under a lease.

A process that dies loses no mail, since its claims end by themselves. If it dies after handing a
mail to the server, it is unknown whether the server has it; then it is sent once more, and after a
second such death it is given up rather than sent a third time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet

from service.database.claims import ClaimQuery, claim_rows
from service.database.transactions import run_uncancelled
from service.mail.base import Language, MailKind, MailOrder
from service.mail.models import Mail
from service.resilience.backoff import backoff

LEASE_MS = 180_000  # longer than the longest attempt; after a crash, a mail waits this long
INITIAL_RETRY_DELAY_MS = 30_000  # before the second attempt; doubles with each, jittered
MAX_RETRY_DELAY_MS = 3_600_000
MAX_TRIED_MS = 86_400_000  # after which a mail is given up
MAX_INTERRUPTED = 2  # attempts of unknown outcome: the recipient has the mail twice at most
SENT_RETENTION_MS = 7 * 86_400_000
GIVEN_UP_RETENTION_MS = 90 * 86_400_000
UNFINISHED = Q(sent_at__isnull=True, given_up_at__isnull=True)
DUE_MAILS = ClaimQuery(
    table="mails",
    due="sent_at IS NULL AND given_up_at IS NULL AND due_at <= $3",
    order_by="due_at, id",
    changes="due_at = $1, owner = $2, attempts = attempts + 1",
    returning="id, kind, recipient, language, account_id, subject_id, attempts, interrupted, "
    "tried_since",
)


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that this process sends, and how often that was tried."""

    order: MailOrder
    attempts: int
    interrupted: int
    tried_since: int


async def enqueue(
    kind: MailKind,
    recipient: str,
    language: Language,
    now_ms: int,
    account_id: UUID | None = None,
    *,
    subject_id: UUID | None = None,
) -> None:
    """Have a mail sent, once the transaction of its cause has been committed."""
    await Mail.create(
        kind=kind,
        recipient=recipient,
        language=language,
        account_id=account_id,
        subject_id=subject_id,
        created_at=now_ms,
        tried_since=now_ms,
    )


async def count_enqueued(kinds: Iterable[MailKind], recipient: str, since_ms: int) -> int:
    """Count the mails of these kinds to `recipient` since `since_ms`."""
    mails = Mail.filter(kind__in=list(kinds), recipient=recipient, created_at__gt=since_ms)
    return await mails.count()


async def claim(owner: str, now_ms: int) -> ClaimedMail | None:
    """Lease the mail that has been due for longest to `owner`, if there is one."""
    if not await Mail.filter(UNFINISHED, due_at__lte=now_ms).exists():
        return None  # without taking the lock for writing
    return await _claim(owner, now_ms)


@run_uncancelled
async def _claim(owner: str, now_ms: int) -> ClaimedMail | None:
    rows = await claim_rows(DUE_MAILS, 1, now_ms + LEASE_MS, owner, now_ms)
    if not rows:
        return None
    row = rows[0]
    order = MailOrder(
        UUID(str(row["id"])),
        cast(MailKind, row["kind"]),
        row["recipient"],
        cast(Language, row["language"]),
        account_id=_read_id(row["account_id"]),
        subject_id=_read_id(row["subject_id"]),
    )
    return ClaimedMail(order, row["attempts"], row["interrupted"], row["tried_since"])


def _read_id(value: object) -> UUID | None:
    return None if value is None else UUID(str(value))


@run_uncancelled
async def record_hand_over(mail_id: UUID) -> None:
    """Note that the server is about to get the mail, so that a death from now on is known."""
    await Mail.filter(id=mail_id).update(interrupted=F("interrupted") + 1)


@run_uncancelled
async def record_sent(mail_id: UUID, now_ms: int) -> None:
    """Mark a mail as sent."""
    await Mail.filter(id=mail_id).update(sent_at=now_ms, owner=None, reason=None, interrupted=0)


@run_uncancelled
async def record_failure(mail: ClaimedMail, now_ms: int, reason: str) -> bool:
    """Try a mail again later; return False if it was given up, because its day is over."""
    ends_at = mail.tried_since + MAX_TRIED_MS
    if now_ms >= ends_at:
        await give_up(mail.order.id, now_ms, reason)
        return False
    delay_ms = int(backoff(mail.attempts, INITIAL_RETRY_DELAY_MS, MAX_RETRY_DELAY_MS))
    await Mail.filter(id=mail.order.id).update(
        due_at=min(now_ms + delay_ms, ends_at), owner=None, reason=reason[:500], interrupted=0
    )
    return True


@run_uncancelled
async def give_up(mail_id: UUID, now_ms: int, reason: str) -> None:
    """Keep a mail for a person, with the reason why it is not tried any more."""
    await Mail.filter(id=mail_id).update(given_up_at=now_ms, owner=None, reason=reason[:500])


@run_uncancelled
async def drop(mail_id: UUID) -> None:
    """Delete a mail that has become pointless."""
    await Mail.filter(id=mail_id).delete()


async def delete_of_account(account_id: UUID, addresses: Iterable[str]) -> None:
    """Delete the mails about an account that is being erased, and those to its addresses.

    Mails that another account caused stay, such as one that wants the same address.
    """
    await filter_of_account(account_id, addresses).delete()


def filter_of_account(account_id: UUID, addresses: Iterable[str]) -> QuerySet[Mail]:
    """Return the mails about an account, and those to its addresses that name no account."""
    to_addresses = Q(account_id__isnull=True, recipient__in=list(addresses))
    return Mail.filter(Q(account_id=account_id) | to_addresses)


@run_uncancelled
async def release_claims(owner: str) -> None:
    """Release what `owner` had claimed before it died; called when it starts again."""
    await Mail.filter(UNFINISHED, owner=owner).update(due_at=0, owner=None)


@run_uncancelled
async def purge(now_ms: int) -> int:
    """Delete mails that were sent a week ago, or given up three months ago; return their number."""
    is_old = Q(sent_at__lt=now_ms - SENT_RETENTION_MS) | Q(
        given_up_at__lt=now_ms - GIVEN_UP_RETENTION_MS
    )
    return await Mail.filter(is_old).delete()
