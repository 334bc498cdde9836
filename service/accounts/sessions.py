"""Sessions: begun by a login, kept alive by refresh tokens, ended for good by one deletion.

A refresh token is good once, and its use gives the next. Whoever comes with a used one is either
a client that never got its answer, or one of two parties that hold the same token; so for some
seconds it gets the same successor again, and afterwards the session ends for everybody. The
successor is computed from its parent under the service's key: it can be given twice without being
kept, and reading the database and knowing the key are together not enough to make one.

Which token is good stands in the session's row and is changed in one statement, from the old one
to the new. So no transaction is needed: of many who rotate at once one wins, the rest see that
they are late, and nobody holds a lock while others wait.
"""

import contextlib
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

from service.accounts.models import RefreshToken, Session, User
from service.accounts.tokens import Tokens, invalid_token_error

log = structlog.get_logger()

SESSION_LIFETIME = timedelta(days=30)  # without a refresh; each one counts anew
REFRESH_GRACE = timedelta(seconds=10)  # in which a client may ask again for an answer that was lost


@dataclass(frozen=True, slots=True)
class GrantedSession:
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

    async def start(self, user: User) -> GrantedSession:
        """A new session. Raises `NotAuthenticated` if the user was deleted meanwhile."""
        refresh_token = secrets.token_urlsafe(32)
        now = self._now()
        await Session.filter(user_id=user.id, expires_at__lte=now).delete()
        try:
            session = await Session.create(
                user_id=user.id,
                token_version=user.token_version,
                digest=_hash_token(refresh_token),
                created_at=now,
                rotated_at=now,
                expires_at=now + SESSION_LIFETIME,
            )
            await RefreshToken.create(
                digest=_hash_token(refresh_token), session_id=session.id, issued_at=now
            )
        except IntegrityError:
            raise invalid_token_error() from None
        return self._grant(user, session.id, refresh_token)

    async def refresh(self, token: str) -> GrantedSession:
        """The next pair of tokens for an unused refresh token, or again for a just used one.

        Raises:
            NotAuthenticated: the token is not good; if it was used before, its session ends.
        """
        now = self._now()
        digest, successor = _hash_token(token), self._derive_successor(token)
        session = await _find_live_session(digest, now)
        if session.digest == digest:
            if await self._rotate(session, _hash_token(successor), now):
                return self._grant(session.user, session.id, successor)
            # Somebody else was rotating or ending the session at this moment.
            session = await _find_live_session(digest, now)
        if session.digest == _hash_token(successor) and now - session.rotated_at <= REFRESH_GRACE:
            return self._grant(session.user, session.id, successor)
        await self.end(session.id)
        log.warning(
            "refresh_token_reused", user_id=str(session.user_id), session_id=str(session.id)
        )
        raise invalid_token_error()

    async def _rotate(self, session: Session, successor_digest: str, now: datetime) -> bool:
        """Let the token of digest `successor` follow; false if it was too late for that."""
        with contextlib.suppress(IntegrityError):
            await RefreshToken.create(digest=successor_digest, session_id=session.id, issued_at=now)
        unrotated = Session.filter(id=session.id, digest=session.digest)
        rotated = await unrotated.update(
            digest=successor_digest, rotated_at=now, expires_at=now + SESSION_LIFETIME
        )
        expired = RefreshToken.filter(session_id=session.id, issued_at__lt=now - SESSION_LIFETIME)
        await expired.delete()
        return bool(rotated)

    async def end(self, session_id: UUID) -> None:
        """No token of this session is good from now on; nothing happens if it is over."""
        await Session.filter(id=session_id).delete()

    def _derive_successor(self, token: str) -> str:
        mac = hmac.digest(self._key, _encode(token), "sha256")
        return urlsafe_b64encode(mac).rstrip(b"=").decode()

    def _grant(self, user: User, session_id: UUID, refresh_token: str) -> GrantedSession:
        access_token = self._tokens.issue(user.id, session_id, user.token_version)
        return GrantedSession(user, access_token, refresh_token)


async def _find_live_session(digest: str, now: datetime) -> Session:
    """The session that has or had this token. Raises `NotAuthenticated` if there is none now."""
    known = await RefreshToken.get_or_none(digest=digest).select_related("session__user")
    if known is None:
        raise invalid_token_error()
    session = known.session
    if session.expires_at <= now or session.token_version != session.user.token_version:
        raise invalid_token_error()
    return session


def _hash_token(token: str) -> str:
    """All that is kept of a refresh token. It is random, so a plain hash cannot be guessed."""
    return hashlib.sha256(_encode(token)).hexdigest()


def _encode(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")  # anything may be sent as a token
