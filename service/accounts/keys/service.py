"""API keys: made by a user for programs, shown once, and valid until they are deleted or expire.

A key is random, so its SHA-256 is all that is stored. Like a session, it is looked up at each
request: deleting it, or its account, ends it at once.
"""

import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from service.accounts.emails.throttle import send_notice
from service.accounts.keys.schemas import NewKey
from service.accounts.models import ApiKey, Session, User
from service.accounts.responses import ApiKeyView, NewKeyView
from service.accounts.secret_hashes import hash_secret
from service.accounts.sessions.tokens import Identity, SessionIdentity, invalid_token_error
from service.accounts.user_lock import lock_user
from service.audit.log import Subject, record
from service.database.faults import is_database_fault
from service.database.transactions import run_uncancelled
from service.errors import Conflict, FieldError, Invalid, NotAllowed, NotAuthenticated, NotFound
from service.key_rules import KEY_PREFIX, KEY_SCOPES, KeyScope
from service.mail.base import Language
from service.text.uuids import parse_uuid

log = structlog.get_logger()

KEY_ALPHABET: Final = string.ascii_letters + string.digits  # one double click selects all of it
SECRET_LENGTH: Final = 43  # characters after the prefix: 256 bits
ENDING_LENGTH: Final = 4  # characters that stay visible
MAX_KEYS = 50  # of one user
LAST_USE_INTERVAL = timedelta(minutes=1)  # between two notes of the last use
_KEY_PATTERN = re.compile(rf"{KEY_PREFIX}[A-Za-z0-9]{{{SECRET_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class KeyIdentity(Identity):
    """The user behind an API key, and what the key may do."""

    key_id: UUID
    scopes: frozenset[KeyScope]


class ApiKeys:
    """Makes, lists, verifies and deletes keys.

    Args:
        now: the clock, aware UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def create(
        self, identity: SessionIdentity, new_key: NewKey, language: Language = "en"
    ) -> NewKeyView:
        """Return a new key, which is shown only this once, and tell the user by mail.

        Args:
            language: of the mail.

        Raises:
            NotAllowed: `admin_required`, only an admin's key may have the scope `admin`.
            Invalid: it would have expired already.
            Conflict: `too_many_keys`.
            NotAuthenticated: the session has just ended.
        """
        if new_key.expires_at is not None and new_key.expires_at <= self._now():
            errors = (FieldError("/expires_at", "must be in the future"),)
            raise Invalid("Invalid: expires_at.", errors=errors)
        if "admin" in new_key.scopes and not identity.is_admin:
            raise NotAllowed("Only an admin's key may have the scope admin.", code="admin_required")
        characters = (secrets.choice(KEY_ALPHABET) for _ in range(SECRET_LENGTH))
        secret = KEY_PREFIX + "".join(characters)
        key = await self._add(identity, new_key, secret, language)
        log.info("key_created", user_id=str(identity.user_id), key_id=str(key.id))
        return NewKeyView(key=secret, **dict(ApiKeyView.from_key(key)))

    async def list_keys(self, identity: SessionIdentity) -> list[ApiKeyView]:
        """Return the keys of the user, newest first."""
        keys = await ApiKey.filter(user_id=identity.user_id).order_by("-id")
        return [ApiKeyView.from_key(key) for key in keys]

    async def delete(self, identity: SessionIdentity, key_id: str) -> None:
        """Delete a key of the user, which then no longer works.

        Raises:
            NotFound: `key_not_found`, also for a key of somebody else.
        """
        uuid = parse_uuid(key_id)
        if uuid is None or not await self._delete(identity.user_id, uuid):
            raise NotFound("There is no such API key.", code="key_not_found")
        log.info("key_deleted", user_id=str(identity.user_id), key_id=key_id)

    async def identify(self, secret: str) -> KeyIdentity:
        """Return whose key this is and what it may do, as the database has it at this moment.

        Raises:
            NotAuthenticated: `invalid_key`; the error does not say whether it has expired.
        """
        if not _KEY_PATTERN.fullmatch(secret):
            raise _invalid_key_error()
        now = self._now()
        is_live = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        live = ApiKey.filter(is_live, user__erase_at__isnull=True, user__disabled_at__isnull=True)
        key = await live.get_or_none(digest=hash_secret(secret)).select_related("user")
        if key is None:
            raise _invalid_key_error()
        await _note_use(key, now)
        scopes = frozenset(scope for scope in KEY_SCOPES if scope in key.scopes.split(","))
        return KeyIdentity(
            user_id=key.user.id,
            username=key.user.username,
            is_admin=key.user.is_admin and "admin" in scopes,
            key_id=key.id,
            scopes=scopes,
        )

    @run_uncancelled
    async def _add(
        self, identity: SessionIdentity, new_key: NewKey, secret: str, language: Language
    ) -> ApiKey:
        """Store the key. Raises Conflict or NotAuthenticated."""
        user_id = identity.user_id
        async with in_transaction():
            # Under the lock, several requests at once count one after the other, and a password
            # reset comes before, so that the session is over, or deletes this key.
            is_locked = await lock_user(user_id)
            if not is_locked or not await Session.filter(id=identity.session_id).exists():
                raise invalid_token_error()
            if await ApiKey.filter(user_id=user_id).count() >= MAX_KEYS:
                raise Conflict(
                    f"There are {MAX_KEYS} API keys already; delete one first.",
                    code="too_many_keys",
                )
            key = await ApiKey.create(
                digest=hash_secret(secret),
                user_id=user_id,
                name=new_key.name,
                scopes=",".join(new_key.scopes),
                ending=secret[-ENDING_LENGTH:],
                created_at=self._now(),
                expires_at=new_key.expires_at,
            )
            await send_notice("key_created", await User.get(id=user_id), language, self._now())
            await record("key_created", _key_subject(key), scopes=list(new_key.scopes))
        return key

    @run_uncancelled
    async def _delete(self, user_id: UUID, key_id: UUID) -> bool:
        """Return False if the user has no such key."""
        key = await ApiKey.get_or_none(id=key_id, user_id=user_id)
        if key is None:
            return False
        async with in_transaction():
            is_deleted = bool(await ApiKey.filter(id=key_id).delete())
            if is_deleted:
                await record("key_deleted", _key_subject(key))
        return is_deleted


def _key_subject(key: ApiKey) -> Subject:
    return Subject("api_key", key.id, key.name)


async def _note_use(key: ApiKey, now: datetime) -> None:
    """Note that the key was used, unless that was noted within `LAST_USE_INTERVAL`."""
    noted_before = now - LAST_USE_INTERVAL
    if key.last_used_at is not None and key.last_used_at > noted_before:
        return
    outdated = Q(last_used_at__isnull=True) | Q(last_used_at__lte=noted_before)
    try:
        await ApiKey.filter(outdated, id=key.id).update(last_used_at=now)
    except Exception as error:
        if not is_database_fault(error):
            raise
        log.warning("key_use_not_noted", reason=repr(error)[:300])  # the request goes on


def _invalid_key_error() -> NotAuthenticated:
    return NotAuthenticated("The API key is invalid or has expired.", code="invalid_key")
