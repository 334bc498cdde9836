"""Sessions: started by a login, continued by refresh tokens, ended by deleting one row.

A refresh token can be used once; using it returns its successor. A used token that comes back is
either a client whose response was lost, or one of two parties that hold the same token. So for a
few seconds the same successor is returned again; after that, the session ends for both parties.
The successor is derived from its parent with the service's key, so it can be returned twice without
being stored. Read access to the database and knowledge of the key are together not enough to forge
one, because the parent itself is not stored.

The session's row names the valid token and is changed by one conditional update, from the old
token to the new one. So no transaction is needed: of many concurrent rotations one succeeds, the
others see that they were too late, and no lock is held while others wait.
"""

import contextlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from service.accounts.emails.link_tokens import delete_unused_tokens
from service.accounts.emails.throttle import send_notice
from service.accounts.models import (
    MAX_ADDRESS_LENGTH,
    MAX_USER_AGENT_LENGTH,
    RefreshToken,
    Session,
    User,
    account_subject,
)
from service.accounts.responses import SessionEntry
from service.accounts.secret_hashes import encode_secret, hash_secret
from service.accounts.sessions.tokens import SessionIdentity, Tokens, invalid_token_error
from service.audit.log import Subject, record
from service.database.transactions import run_uncancelled
from service.errors import NotAuthenticated, NotFound
from service.mail.base import Language
from service.text.uuids import parse_uuid

log = structlog.get_logger()

SESSION_LIFETIME = timedelta(days=30)  # since the last refresh
MAX_SESSION_AGE = timedelta(days=90)  # since the login, however often it is refreshed
MAX_SESSIONS = 50  # of one user; the next login ends the one that was unused for longest
REFRESH_GRACE = timedelta(seconds=10)  # in which a client may repeat a refresh whose answer it lost


@dataclass(frozen=True, slots=True)
class Client:
    """Where a session is used: a network address, and what the program says of itself."""

    address: str | None = None
    user_agent: str | None = None

    def shorten(self) -> "Client":
        """Return the client as a session's row can hold it."""
        return Client(
            self.address and self.address[:MAX_ADDRESS_LENGTH],
            self.user_agent and self.user_agent[:MAX_USER_AGENT_LENGTH],
        )


UNKNOWN_CLIENT = Client()


@dataclass(frozen=True, slots=True)
class GrantedSession:
    """A session's user and its current tokens."""

    user: User
    access_token: str
    refresh_token: str


class Sessions:
    """Start, refresh and end sessions.

    Args:
        tokens: issues the access tokens.
        secret: the key from which successors are derived.
        now: the clock, aware UTC.
        previous_secret: the key before this one; a repeated refresh may have used it first.
    """

    def __init__(
        self,
        tokens: Tokens,
        secret: str,
        now: Callable[[], datetime],
        previous_secret: str | None = None,
    ) -> None:
        self._tokens = tokens
        self._now = now
        self._key = _derive_successor_key(secret)
        self._previous_key = _derive_successor_key(previous_secret) if previous_secret else None

    async def start(self, user: User, client: Client = UNKNOWN_CLIENT) -> GrantedSession:
        """Start a session; the user's least recently used one ends if there are too many.

        Raises:
            NotAuthenticated: the user has been deleted in the meantime.
        """
        refresh_token = secrets.token_urlsafe(32)
        digest = hash_secret(refresh_token)
        now, client = self._now(), client.shorten()
        await Session.filter(user_id=user.id, expires_at__lte=now).delete()
        try:
            session = await Session.create(
                user_id=user.id,
                token_version=user.token_version,
                digest=digest,
                created_at=now,
                rotated_at=now,
                expires_at=now + SESSION_LIFETIME,
                address=client.address,
                user_agent=client.user_agent,
            )
            await RefreshToken.create(digest=digest, session_id=session.id, issued_at=now)
        except IntegrityError:
            raise invalid_token_error() from None
        await self._end_surplus(user.id)
        return self._grant(user, session.id, refresh_token)

    async def refresh(self, token: str, client: Client = UNKNOWN_CLIENT) -> GrantedSession:
        """Return the next pair of tokens; a token used within `REFRESH_GRACE` gets it again.

        Raises:
            NotAuthenticated: the token is invalid. If it was used before, its session ends.
        """
        now = self._now()
        digest, successor = hash_secret(token), _derive_successor(token, self._key)
        session = await _find_live_session(digest, now)
        if session.digest == digest:
            if await self._rotate(session, hash_secret(successor), now, client):
                return self._grant(session.user, session.id, successor)
            # Another request rotated or ended the session in between.
            session = await _find_live_session(digest, now)
        if now - session.rotated_at <= REFRESH_GRACE:
            for key in filter(None, (self._key, self._previous_key)):
                successor = _derive_successor(token, key)
                if session.digest == hash_secret(successor):
                    return self._grant(session.user, session.id, successor)
        raise await self._end_reused_session(session)

    async def renew_access(self, token: str) -> GrantedSession:
        """Return a new access token; the refresh token stays, and lives no longer than before.

        It is for clients that keep the token of their login. A token that was exchanged for its
        successor is of no use here, and beyond `REFRESH_GRACE` it ends its session.

        Raises:
            NotAuthenticated: the token is invalid.
        """
        now, digest = self._now(), hash_secret(token)
        session = await _find_live_session(digest, now)
        if session.digest == digest:
            return self._grant(session.user, session.id, token)
        if now - session.rotated_at <= REFRESH_GRACE:
            raise invalid_token_error()
        raise await self._end_reused_session(session)

    async def _end_reused_session(self, session: Session) -> NotAuthenticated:
        """End a session whose token was used before, and return the error for its client."""
        await self._end_reused(session)
        log.warning(
            "refresh_token_reused", user_id=str(session.user_id), session_id=str(session.id)
        )
        return invalid_token_error()

    async def _rotate(
        self, session: Session, successor_digest: str, now: datetime, client: Client
    ) -> bool:
        """Make the successor the valid token; return False if another request was faster."""
        with contextlib.suppress(IntegrityError):
            await RefreshToken.create(digest=successor_digest, session_id=session.id, issued_at=now)
        client = client.shorten()
        unrotated = Session.filter(id=session.id, digest=session.digest)
        rotated = await unrotated.update(
            digest=successor_digest,
            rotated_at=now,
            expires_at=min(now + SESSION_LIFETIME, session.created_at + MAX_SESSION_AGE),
            address=client.address,
            user_agent=client.user_agent,
        )
        expired = RefreshToken.filter(session_id=session.id, issued_at__lt=now - SESSION_LIFETIME)
        await expired.delete()
        return bool(rotated)

    @run_uncancelled
    async def _end_reused(self, session: Session) -> None:
        async with in_transaction():
            if await Session.filter(id=session.id).delete():
                subject = account_subject(session.user)
                await record("refresh_token_reused", subject, session=str(session.id))

    async def end(self, session_id: UUID) -> None:
        """End a session, which invalidates all its tokens; do nothing if it has ended."""
        await Session.filter(id=session_id).delete()

    async def list_sessions(self, identity: SessionIdentity) -> list[SessionEntry]:
        """Return the sessions of the user, the most recently used first."""
        live = Session.filter(user_id=identity.user_id, expires_at__gt=self._now())
        rows = await live.select_related("user").order_by("-rotated_at", "-id")
        return [
            SessionEntry.from_session(row, identity.session_id)
            for row in rows
            if row.token_version == row.user.token_version
        ]

    async def end_own(self, identity: SessionIdentity, session_id: str) -> None:
        """End a session of the user.

        Raises:
            NotFound: `session_not_found`, also for a session of somebody else.
        """
        uuid = parse_uuid(session_id)
        if uuid is None or not await self._end_own(identity.user_id, uuid):
            raise NotFound("There is no such session.", code="session_not_found")

    @run_uncancelled
    async def _end_own(self, user_id: UUID, session_id: UUID) -> bool:
        """Return False if the user has no such session."""
        async with in_transaction():
            own = Session.filter(id=session_id, user_id=user_id)
            is_ended = bool(await own.delete())
            if is_ended:
                await record("session_ended", Subject("session", session_id))
        return is_ended

    async def _end_surplus(self, user_id: UUID) -> None:
        """End the sessions of a user beyond `MAX_SESSIONS`, those unused for longest first."""
        newest = Session.filter(user_id=user_id).order_by("-rotated_at", "-id")
        surplus = await newest.offset(MAX_SESSIONS).limit(MAX_SESSIONS).values_list("id", flat=True)
        if surplus:
            await Session.filter(id__in=list(surplus)).delete()

    async def end_by_token(self, token: str) -> None:
        """End the session that this refresh token belongs or belonged to, if there is one."""
        row = await RefreshToken.get_or_none(digest=hash_secret(token))
        if row is not None:
            await self.end(row.session_id)

    @run_uncancelled
    async def end_all(self, user_id: UUID) -> None:
        """End all sessions of a user, those that are being started too."""
        async with in_transaction():
            await User.filter(id=user_id).update(token_version=F("token_version") + 1)
            await Session.filter(user_id=user_id).delete()
            if (user := await User.get_or_none(id=user_id)) is not None:
                await record("sessions_ended", account_subject(user))

    @run_uncancelled
    async def replace_password(
        self, user: User, new_hash: str, kept_session_id: UUID | None, language: Language
    ) -> bool:
        """Set the hash of a new password, end all sessions but one, and tell the user by mail.

        Return False if the password or the permissions have changed since `user` was read.
        """
        version = user.token_version + 1
        async with in_transaction():
            unchanged = User.filter(id=user.id, token_version=user.token_version)
            is_replaced = await unchanged.update(
                password_hash=new_hash,
                token_version=version,
                new_email=None,
                updated_at=self._now(),
            )
            if is_replaced:
                await Session.filter(user_id=user.id).exclude(id=kept_session_id).delete()
                await Session.filter(id=kept_session_id).update(token_version=version)
                await delete_unused_tokens(user.id)
                await send_notice("password_changed", user, language, self._now())
                await record("password_changed", account_subject(user))
        return bool(is_replaced)

    def _grant(self, user: User, session_id: UUID, refresh_token: str) -> GrantedSession:
        access_token = self._tokens.issue(user.id, session_id, user.token_version)
        return GrantedSession(user, access_token, refresh_token)


def _derive_successor_key(secret: str) -> bytes:
    """Return a separate key, so that nothing signed elsewhere can pass for a successor."""
    return hmac.digest(secret.encode(), b"refresh-successor", "sha256")


def _derive_successor(token: str, key: bytes) -> str:
    mac = hmac.digest(key, encode_secret(token), "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


async def _find_live_session(digest: str, now: datetime) -> Session:
    """Return the session that this refresh token belongs or belonged to.

    Raises:
        NotAuthenticated: there is none, or it is over.
    """
    row = await RefreshToken.get_or_none(digest=digest).select_related("session__user")
    if row is None:
        raise invalid_token_error()
    session = row.session
    if session.expires_at <= now or session.token_version != session.user.token_version:
        raise invalid_token_error()
    return session
