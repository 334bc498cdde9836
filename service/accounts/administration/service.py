"""What admins and operators do with accounts: list, change and delete them, end sessions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from tortoise.expressions import F, Q
from tortoise.functions import Max
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from service.accounts.administration.admins import require_other_admin
from service.accounts.administration.schemas import UserChange, UserState
from service.accounts.deletion.erasure import erase_account
from service.accounts.emails.link_tokens import delete_unused_tokens
from service.accounts.emails.throttle import send_notice
from service.accounts.models import ApiKey, Session, User, account_subject
from service.accounts.passwords.credential_checks import CredentialChecks
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.passwords.login_throttle import LoginThrottle
from service.accounts.personal_data import PersonalData
from service.accounts.schemas import NameAndPassword, fold_name
from service.accounts.user_lock import lock_user
from service.accounts.user_lookup import find_user_by_name_or_email
from service.audit.log import AuditAction, record
from service.database.transactions import run_uncancelled
from service.errors import NotFound

log = structlog.get_logger()

STATE_FILTERS: dict[UserState, Q] = {
    "deletion_requested": Q(erase_at__isnull=False),
    "disabled": Q(erase_at__isnull=True, disabled_at__isnull=False),
    "unconfirmed": Q(erase_at__isnull=True, disabled_at__isnull=True, confirm_by__isnull=False),
    "active": Q(erase_at__isnull=True, disabled_at__isnull=True, confirm_by__isnull=True),
}


@dataclass(frozen=True, slots=True)
class UserFilters:
    """Which accounts to list; None means any. `text` is part of the name or the address."""

    text: str | None = None
    state: UserState | None = None
    is_admin: bool | None = None


class UserAdmin:
    """Changes accounts on behalf of an admin or of the operator.

    Args:
        passwords: hashes new passwords.
        checks: refuses those that are easy to guess.
        throttle: pauses logins; a new password ends the pauses.
        now: the clock, aware UTC.
        personal_data: what all packages hold about a person.
    """

    def __init__(
        self,
        passwords: PasswordHasher,
        checks: CredentialChecks,
        throttle: LoginThrottle,
        now: Callable[[], datetime],
        personal_data: Sequence[PersonalData] = (),
    ) -> None:
        self._passwords = passwords
        self._checks = checks
        self._throttle = throttle
        self._now = now
        self._personal_data = personal_data

    async def change(self, user_id: UUID, change: UserChange) -> User:
        """Promote, demote, disable or enable an account; end its sessions if it changes.

        Raises:
            NotFound: `user_not_found`.
            Conflict: `last_admin`.
        """
        user = await self._change(user_id, change)
        log.info("account_changed", user_id=str(user_id))
        return user

    async def delete(self, user_id: UUID) -> None:
        """Erase an account with all that it holds.

        Raises:
            NotFound: `user_not_found`.
            Conflict: `last_admin`.
        """
        if not await erase_account(user_id, self._personal_data):
            raise _no_user_error()

    async def set_password(self, user: User, password: str) -> None:
        """Set a new password, which ends all sessions and deletes all API keys.

        Raises:
            Invalid: the password is not acceptable.
            TooMany: too many passwords are being checked or hashed.
        """
        NameAndPassword.parse(user.username, password)
        await self._checks.require_strong(password, user.username, user.email, "password")
        await self._write_password(user, await self._passwords.hash(password))
        log.info("password_set", user_id=str(user.id))

    @run_uncancelled
    async def end_all_sessions(self) -> int:
        """End the sessions of all users; return how many there were."""
        async with in_transaction():
            await User.all().update(token_version=F("token_version") + 1)
            count = await Session.all().count()  # a deletion counts the rows that go with it
            await Session.all().delete()
            await record("sessions_ended", everyone=True)
        return count

    @run_uncancelled
    async def _change(self, user_id: UUID, change: UserChange) -> User:
        async with in_transaction():
            if change.is_admin is False or change.is_disabled is True:
                await require_other_admin(user_id)
            if not await lock_user(user_id):
                raise _no_user_error()
            user = await User.get(id=user_id)
            actions = self._apply(user, change)
            if actions:
                user.token_version += 1
                user.updated_at = self._now()
                columns = ["is_admin", "disabled_at", "token_version", "updated_at"]
                await user.save(update_fields=columns)
                await Session.filter(user_id=user_id).delete()
            for action in actions:
                await record(action, account_subject(user))
            for data in self._personal_data:
                if "account_disabled" in actions:
                    await data.disable(user_id)
                if "account_enabled" in actions:
                    await data.enable(user_id)
        return user

    def _apply(self, user: User, change: UserChange) -> list[AuditAction]:
        """Set the columns of a change; return what it does."""
        actions: list[AuditAction] = []
        if change.is_admin is not None and change.is_admin != user.is_admin:
            user.is_admin = change.is_admin
            actions.append("account_promoted" if change.is_admin else "account_demoted")
        if change.is_disabled is not None and change.is_disabled != (user.disabled_at is not None):
            user.disabled_at = self._now() if change.is_disabled else None
            actions.append("account_disabled" if change.is_disabled else "account_enabled")
        if change.end_sessions:
            actions.append("sessions_ended")
        return actions

    @run_uncancelled
    async def _write_password(self, user: User, password_hash: str) -> None:
        async with in_transaction():
            await User.filter(id=user.id).update(
                password_hash=password_hash,
                token_version=F("token_version") + 1,
                new_email=None,
                updated_at=self._now(),
            )
            await Session.filter(user_id=user.id).delete()
            await ApiKey.filter(user_id=user.id).delete()
            await delete_unused_tokens(user.id)
            await self._throttle.clear(user.id)
            await send_notice("password_changed", user, "en", self._now())
            await record("password_set", account_subject(user))


def select_users(filters: UserFilters) -> QuerySet[User]:
    """Return the query for these accounts."""
    users = User.filter(STATE_FILTERS[filters.state]) if filters.state else User.all()
    if filters.is_admin is not None:
        users = users.filter(is_admin=filters.is_admin)
    if filters.text:
        text = fold_name(filters.text.encode(errors="replace").decode())  # of a command: any bytes
        users = users.filter(Q(username_folded__contains=text) | Q(email_folded__contains=text))
    return users


async def find_last_uses(user_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return when each of these users last refreshed one of the sessions that they still have."""
    sessions = Session.filter(user_id__in=list(user_ids)).group_by("user_id")
    rows = await sessions.annotate(last=Max("rotated_at")).values("user_id", "last")
    return {row["user_id"]: row["last"] for row in rows}


async def require_user(text: str) -> User:
    """Return the account of this name or address.

    Raises:
        NotFound: `user_not_found`.
    """
    user = await find_user_by_name_or_email(text)
    if user is None:
        raise _no_user_error()
    return user


def get_state(user: User) -> UserState:
    """Return whether an account can be used, and if not, why."""
    if user.erase_at is not None:
        return "deletion_requested"
    if user.disabled_at is not None:
        return "disabled"
    return "active" if user.confirm_by is None else "unconfirmed"


def _no_user_error() -> NotFound:
    return NotFound("There is no such user.", code="user_not_found")
