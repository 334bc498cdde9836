"""Tickets: a browser cannot send a token with a socket, and an address must not hold one.

A ticket works once, within seconds, so what a log or a history keeps of an address is worthless.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.expressions import F
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from service.accounts.models import Session
from service.accounts.secret_hashes import hash_secret
from service.accounts.sessions.tokens import SessionIdentity
from service.community.blocks.models import UserBlock
from service.community.live.models import LiveTicket
from service.community.own_rows import lock_owner, require_room
from service.database.transactions import run_uncancelled
from service.errors import NotAuthenticated

TICKET_LIFETIME = timedelta(seconds=30)
MAX_TICKETS = 20  # of one session that have not been used
CHECKED_AT_ONCE = 500  # sessions


@dataclass(frozen=True, slots=True)
class LiveUser:
    """Who is behind a socket.

    `shown_name` is what others see who did not hear from the user; `blocked` are the ids of users
    of whom this one wants to hear nothing.
    """

    user_id: UUID
    session_id: UUID
    username: str
    shown_name: str | None
    blocked: frozenset[str] = frozenset()
    is_admin: bool = False


@run_uncancelled
async def issue_ticket(identity: SessionIdentity, now: datetime) -> str:
    """Return a new ticket for the user of a session.

    Raises:
        Conflict: `limit_reached`.
        NotAuthenticated: the user has been deleted.
    """
    ticket = secrets.token_urlsafe(32)
    async with in_transaction():
        await lock_owner(identity.user_id)
        await LiveTicket.filter(expires_at__lte=now).delete()
        unused = LiveTicket.filter(session_id=identity.session_id)
        await require_room(unused, MAX_TICKETS, "unused tickets")
        await LiveTicket.create(
            digest=hash_secret(ticket),
            session_id=identity.session_id,
            expires_at=now + TICKET_LIFETIME,
        )
    return ticket


async def redeem_ticket(ticket: str, now: datetime) -> LiveUser:
    """Return the user of a ticket, which does not work any more afterwards.

    Raises:
        NotAuthenticated: `ticket_invalid`; it is unknown, used or too old, or its session is over.
    """
    digest = hash_secret(ticket)
    row = await LiveTicket.get_or_none(digest=digest, expires_at__gt=now)
    is_first_use = row is not None and bool(await LiveTicket.filter(digest=digest).delete())
    session = None
    if row is not None and is_first_use:
        session = await _live_sessions(now).get_or_none(id=row.session_id)
    if session is None:
        raise NotAuthenticated(
            "This ticket does not work; request another one.", code="ticket_invalid"
        )
    user = session.user
    shown_name = user.username if user.profile == "public" else None
    blocked = await find_blocked([user.id])
    return LiveUser(
        user_id=user.id,
        session_id=session.id,
        username=user.username,
        shown_name=shown_name,
        blocked=blocked.get(user.id, frozenset()),
        is_admin=user.is_admin,
    )


async def find_live_sessions(session_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Return those of these sessions that are not over."""
    ids, live = list(session_ids), set[UUID]()
    for start in range(0, len(ids), CHECKED_AT_ONCE):
        page = _live_sessions(now).filter(id__in=ids[start : start + CHECKED_AT_ONCE])
        live.update(session.id for session in await page)
    return live


async def find_blocked(user_ids: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """Return the ids of the users whom these users block; who blocks nobody is missing."""
    ids, blocked = list(user_ids), dict[UUID, set[str]]()
    for start in range(0, len(ids), CHECKED_AT_ONCE):
        blocks = UserBlock.filter(user_id__in=ids[start : start + CHECKED_AT_ONCE])
        for user_id, blocked_id in await blocks.values_list("user_id", "blocked_id"):
            blocked.setdefault(user_id, set()).add(str(blocked_id))
    return {user_id: frozenset(others) for user_id, others in blocked.items()}


def _live_sessions(now: datetime) -> QuerySet[Session]:
    sessions = Session.filter(expires_at__gt=now, user__erase_at=None, user__disabled_at=None)
    return sessions.filter(token_version=F("user__token_version")).select_related("user")
