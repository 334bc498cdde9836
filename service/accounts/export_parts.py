"""What accounts hold about a person, for an export: never a hash, a token or a key."""

from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

from tortoise.expressions import Q

from service.accounts.models import ApiKey, Invite, Session, User
from service.accounts.personal_data import (
    ExportPart,
    PersonalData,
    Row,
    read_pages,
    select_columns,
)
from service.accounts.schemas import spell_addresses
from service.audit.models import AuditEntry
from service.clock import from_epoch_ms
from service.mail import outbox
from service.mail.models import Mail

ACCOUNT_COLUMNS = (
    *("id", "username", "email", "confirmed_at", "new_email", "is_admin"),
    *("profile", "language", "created_at", "updated_at"),
)
SESSION_COLUMNS = ("id", "created_at", "last_seen_at", "expires_at", "address", "client")
KEY_COLUMNS = ("id", "name", "scopes", "ending", "created_at", "expires_at", "last_used_at")
INVITE_COLUMNS = ("id", "created_at", "expires_at", "used_at")
EVENT_COLUMNS = (
    *("id", "at", "action", "by_self", "address"),
    *("subject_kind", "subject_id", "subject_name", "details"),
)
MAIL_COLUMNS = ("id", "kind", "recipient", "language", "created_at", "sent_at")


async def read_account(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield the account itself."""
    for user in await User.filter(id=user_id):
        yield [select_columns(user, ACCOUNT_COLUMNS)]


def read_sessions(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield the sessions, also those that have ended and are not deleted yet."""
    return read_pages(Session.filter(user_id=user_id), _describe_session)


def read_keys(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield what is known of the person's API keys."""
    return read_pages(ApiKey.filter(user_id=user_id), _describe_key)


def read_invites(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield the invites that the person made."""
    return read_pages(
        Invite.filter(created_by_id=user_id), partial(select_columns, columns=INVITE_COLUMNS)
    )


def read_events(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield what the audit log has of what the person did, and of what was done to the account."""
    entries = AuditEntry.filter(Q(actor_id=user_id) | Q(subject_id=str(user_id)))
    return read_pages(entries, partial(_describe_event, user_id))


async def read_mails(user_id: UUID) -> AsyncIterator[list[Row]]:
    """Yield the mails to the person that the outbox still has."""
    user = await User.get_or_none(id=user_id)
    if user is None:
        return
    mails = outbox.filter_of_account(user_id, spell_addresses(user))
    async for page in read_pages(mails, _describe_mail):
        yield page


def _describe_session(session: Session) -> Row:
    return {
        "id": session.id,
        "created_at": session.created_at,
        "last_seen_at": session.rotated_at,
        "expires_at": session.expires_at,
        "address": session.address,
        "client": session.user_agent,
    }


def _describe_event(user_id: UUID, entry: AuditEntry) -> Row:
    """Return an entry of the audit log; who else acted, and from where, is not the person's."""
    is_own = entry.actor_id == user_id
    columns = ("id", "action", "subject_kind", "subject_id", "subject_name", "details")
    return {
        **select_columns(entry, columns),
        "at": from_epoch_ms(entry.at),
        "by_self": is_own,
        "address": entry.address if is_own else None,
    }


def _describe_key(key: ApiKey) -> Row:
    return {**select_columns(key, KEY_COLUMNS), "scopes": key.scopes.split(",")}


def _describe_mail(mail: Mail) -> Row:
    return {
        "id": mail.id,
        "kind": mail.kind,
        "recipient": mail.recipient,
        "language": mail.language,
        "created_at": from_epoch_ms(mail.created_at),
        "sent_at": None if mail.sent_at is None else from_epoch_ms(mail.sent_at),
    }


ACCOUNT_DATA = PersonalData(
    export_parts=(
        ExportPart("account", ACCOUNT_COLUMNS, read_account),
        ExportPart("sessions", SESSION_COLUMNS, read_sessions),
        ExportPart("keys", KEY_COLUMNS, read_keys),
        ExportPart("invites", INVITE_COLUMNS, read_invites),
        ExportPart("events", EVENT_COLUMNS, read_events),
        ExportPart("mails", MAIL_COLUMNS, read_mails),
    )
)
