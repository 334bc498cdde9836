"""Sessions: begun by a login, kept alive by refresh tokens, ended for good by one deletion.

A refresh token is good once, and its use gives the next. Whoever comes with a used one is either
a client that never got its answer, or one of two parties that hold the same token; so for some
seconds it gets the same successor again, and afterwards the session ends for everybody. The
successor is computed from its parent under the service's key: it can be given twice without being
kept, and reading the database and knowing the key are together not enough to make one.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from service.accounts.models import RefreshToken, Session, User
from service.accounts.tokens import Tokens, refused
from service.database import whole

log = structlog.get_logger()

LIFE = timedelta(days=30)  # without a refresh; each one counts anew
GRACE = timedelta(seconds=10)  # in which a client may ask again for an answer that was lost


@dataclass(frozen=True, slots=True)
class Granted:
    """A session's user and the tokens that stand for it."""

    user: User
    access_token: str
    refresh_token: str


class Sessions:
    """Begins, continues and ends sessions.

    Args:
        tokens: signs the access tokens.
        secret: what successors are computed with.
        now: the clock, aware UTC.
    """

    def __init__(self, tokens: Tokens, secret: str, now: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._now = now
        # A key of its own, so that nothing signed elsewhere can pass for a successor.
        self._key = hmac.digest(secret.encode(), b"refresh-successor", "sha256")

    async def begin(self, user: User) -> Granted:
        """A new session. Raises `NotAuthenticated` if the user was deleted meanwhile."""
        first = secrets.token_urlsafe(32)
        try:
            session_id = await self._begun(user, first)
        except IntegrityError:
            raise refused() from None
        return self._granted(user, session_id, first)

    @whole
    async def _begun(self, user: User, first: str) -> UUID:
        now = self._now()
        async with in_transaction():
            await Session.filter(user_id=user.id, expires_at__lte=now).delete()
            session = await Session.create(
                user_id=user.id,
                token_version=user.token_version,
                created_at=now,
                expires_at=now + LIFE,
            )
            await RefreshToken.create(digest=_digest(first), session_id=session.id)
        return session.id

    async def refresh(self, token: str) -> Granted:
        """The next pair of tokens for an unused refresh token, or again for a just used one.

        Raises:
            NotAuthenticated: the token is not good; if it was used before, its session ends.
        """
        known = await RefreshToken.get_or_none(digest=_digest(token))
        if known is None:
            raise refused()
        user = await self._advanced(known.session_id, token)
        if user is None:
            raise refused()
        return self._granted(user, known.session_id, self._successor(token))

    @whole
    async def _advanced(self, session_id: UUID, token: str) -> User | None:
        """Use `token`; its user, or None if it was not good (any more)."""
        now = self._now()
        async with in_transaction():
            # Writing to the session first makes all who refresh it take turns.
            live = Session.filter(id=session_id, expires_at__gt=now)
            if not await live.update(expires_at=now + LIFE):
                return None
            session = await Session.get(id=session_id).select_related("user")
            if session.token_version != session.user.token_version:
                await session.delete()
                return None
            given, next_one = _digest(token), _digest(self._successor(token))
            if await RefreshToken.filter(digest=given, used_at=None).update(used_at=now):
                await RefreshToken.create(digest=next_one, session_id=session_id)
                await RefreshToken.filter(session_id=session_id, used_at__lt=now - LIFE).delete()
                return session.user
            # A client that has used the successor has had the answer: it does not ask again.
            lately = await RefreshToken.exists(digest=given, used_at__gte=now - GRACE)
            if lately and await RefreshToken.exists(digest=next_one, used_at=None):
                return session.user
            await session.delete()
        log.warning(
            "refresh_token_reused", user_id=str(session.user.id), session_id=str(session_id)
        )
        return None

    async def end(self, session_id: UUID) -> None:
        """No token of this session is good from now on; nothing happens if it is over."""
        await Session.filter(id=session_id).delete()

    def _successor(self, token: str) -> str:
        made = hmac.digest(self._key, token.encode(), "sha256")
        return urlsafe_b64encode(made).rstrip(b"=").decode()

    def _granted(self, user: User, session_id: UUID, refresh_token: str) -> Granted:
        access_token = self._tokens.issue(user.id, session_id, user.token_version)
        return Granted(user, access_token, refresh_token)


def _digest(token: str) -> str:
    """All that is kept of a refresh token. It is random, so a plain hash cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
