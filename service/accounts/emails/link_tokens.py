"""Tokens in links of mails: made when the mail is sent, and only their hashes are kept.

A mail that is sent twice has two tokens, and both work.
"""

import secrets
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from service.accounts.models import AccountToken, User
from service.accounts.secret_hashes import hash_secret
from service.database.transactions import run_uncancelled
from service.errors import Invalid

TokenPurpose = Literal["verify_email", "change_email", "reset_password"]

CONFIRMATION_HOURS = 72
RESET_MINUTES = 30
LIFETIMES: dict[TokenPurpose, timedelta] = {
    "verify_email": timedelta(hours=CONFIRMATION_HOURS),
    "change_email": timedelta(hours=CONFIRMATION_HOURS),
    "reset_password": timedelta(minutes=RESET_MINUTES),
}
RETENTION = timedelta(days=30)  # of an expired token, whose second use is told from a forged one
MAX_TOKEN_LENGTH = 100  # characters; ours have 43


@run_uncancelled
async def issue_token(user: User, purpose: TokenPurpose, email: str, now: datetime) -> str:
    """Return a new token for `user`, which proves that its bearer reads the mail at `email`."""
    token = secrets.token_urlsafe(32)
    await AccountToken.create(
        digest=hash_secret(token),
        user_id=user.id,
        purpose=purpose,
        email=email,
        created_at=now,
        expires_at=now + LIFETIMES[purpose],
    )
    return token


async def find_token(token: str, *purposes: TokenPurpose) -> AccountToken:
    """Return the row of a token, with its user.

    Raises:
        Invalid: `link_invalid`, there is no such token for these purposes.
    """
    query = AccountToken.get_or_none(digest=hash_secret(token), purpose__in=list(purposes))
    row = await query.select_related("user")
    if row is None:
        raise invalid_link_error()
    return row


def require_current(row: AccountToken, now: datetime) -> None:
    """Return if the token has not expired.

    Raises:
        Invalid: `link_expired`.
    """
    if row.expires_at <= now:
        raise Invalid("This link has expired; request another one.", code="link_expired")


def invalid_link_error() -> Invalid:
    """Return the error for a token that does not exist, or whose account has changed since."""
    return Invalid("This link does not work; request another one.", code="link_invalid")


async def delete_unused_tokens(user_id: UUID) -> None:
    """Invalidate the links to change the address or the password that the user has not followed.

    Called where a password is replaced: somebody who knew the former one may have asked for them.
    """
    tokens = AccountToken.filter(user_id=user_id, used_at__isnull=True)
    await tokens.filter(purpose__in=["change_email", "reset_password"]).delete()


async def delete_expired_tokens(now: datetime) -> int:
    """Delete tokens that expired long ago; return their number."""
    return await AccountToken.filter(expires_at__lt=now - RETENTION).delete()
