"""Record what admins change, and what matters to security; forget it after a while."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

import structlog

from service.audit.actor import get_actor
from service.audit.models import (
    MAX_ADDRESS_LENGTH,
    MAX_ID_LENGTH,
    MAX_NAME_LENGTH,
    AuditEntry,
)
from service.database.sql import now_ms

log = structlog.get_logger()

AuditAction = Literal[
    "account_created",
    "account_demoted",
    "account_disabled",
    "account_enabled",
    "account_erased",
    "account_promoted",
    "deletion_cancelled",
    "deletion_requested",
    "drift_check_requested",
    "email_change_requested",
    "email_changed",
    "email_confirmed",
    "email_given",
    "film_added",
    "film_changed",
    "film_deleted",
    "film_merged",
    "film_reindexed",
    "films_fetched",
    "films_loaded",
    "films_repaired",
    "invite_created",
    "key_created",
    "key_deleted",
    "login_paused",
    "mail_retried",
    "outbox_retried",
    "password_changed",
    "password_reset",
    "password_set",
    "refresh_token_reused",
    "reindex_cancelled",
    "reindex_requested",
    "report_dismissed",
    "review_hidden",
    "review_restored",
    "rollback_requested",
    "samples_removed",
    "session_ended",
    "sessions_ended",
]
"""Everything that is recorded. A new action is added here first."""

SubjectKind = Literal[
    "account", "api_key", "film", "invite", "mail", "outbox_row", "reindex", "review", "session"
]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an action was done to."""

    kind: SubjectKind
    id: UUID | int | str
    name: str | None = None


async def record(action: AuditAction, subject: Subject | None = None, **details: object) -> None:
    """Record what the current actor does, inside the transaction that does it.

    Args:
        action: what is done.
        subject: what it is done to.
        details: what else to know of it, as values for JSON; never a secret.
    """
    actor = get_actor()
    await AuditEntry.create(
        at=await now_ms(),
        action=action,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=_shorten(actor.name, MAX_NAME_LENGTH),
        key_id=actor.key_id,
        address=_shorten(actor.address, MAX_ADDRESS_LENGTH),
        subject_kind=subject.kind if subject else None,
        subject_id=str(subject.id)[:MAX_ID_LENGTH] if subject else None,
        subject_name=_shorten(subject.name, MAX_NAME_LENGTH) if subject else None,
        details=details,
    )


async def forget_account(user_id: UUID) -> None:
    """Remove the name and addresses of an account that is erased, inside that transaction."""
    await AuditEntry.filter(actor_id=user_id).update(actor_name=None, address=None)
    await AuditEntry.filter(subject_id=str(user_id)).update(subject_name=None)


async def purge_entries(retention: timedelta) -> None:
    """Delete the entries that are older than `retention`."""
    before = await now_ms() - int(retention.total_seconds() * 1000)
    count = await AuditEntry.filter(at__lt=before).delete()
    if count:
        log.info("audit_entries_purged", count=count)


def _shorten(text: str | None, length: int) -> str | None:
    """Return a text as a column can hold it."""
    return text and text[:length]
