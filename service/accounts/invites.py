"""Invites: codes that an admin gives to people, each for one registration."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from service.accounts.emails.schemas import InviteRequest
from service.accounts.models import Invite
from service.accounts.responses import InviteView
from service.accounts.secret_hashes import hash_secret
from service.accounts.sessions.tokens import Identity
from service.audit.log import Subject, record
from service.database.transactions import run_uncancelled
from service.errors import NotAllowed

RETENTION = timedelta(days=30)  # of an expired invite, which admins may still look for


class Invites:
    """Makes invites.

    Args:
        now: the clock, aware UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    @run_uncancelled
    async def create(self, request: InviteRequest, admin: Identity) -> InviteView:
        """Return a new invite, whose code is shown only this once."""
        now = self._now()
        code = secrets.token_urlsafe(24)
        async with in_transaction():
            invite = await Invite.create(
                digest=hash_secret(code),
                created_by_id=admin.user_id,
                created_at=now,
                expires_at=now + timedelta(days=request.days),
            )
            await record("invite_created", Subject("invite", invite.id), days=request.days)
        return InviteView(id=invite.id, code=code, expires_at=invite.expires_at)


async def delete_expired_invites(now: datetime) -> None:
    """Delete invites that expired some time ago, used or not."""
    await Invite.filter(expires_at__lt=now - RETENTION).delete()


async def consume_invite(code: str, now: datetime) -> None:
    """Use an invite up, inside the transaction that creates the account.

    Raises:
        NotAllowed: `invite_invalid`, it does not exist, has expired, or was used before.
    """
    unused = Invite.filter(digest=hash_secret(code), used_at__isnull=True, expires_at__gt=now)
    if not await unused.update(used_at=now):
        raise NotAllowed(
            "This invite is unknown, has expired, or was used before.", code="invite_invalid"
        )
