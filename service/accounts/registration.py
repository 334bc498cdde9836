"""Registration: who may create an account, and when it may be used.

While addresses must be confirmed, a new account only wants its address (`new_email`) and gets it
once it is confirmed; several may want the same one, and the first confirmation wins. So nobody can
reserve the address of somebody else, and a taken address looks like any other: the account holds
its name, cannot be confirmed, and the owner of the address gets a mail. Accounts that nobody
confirms are deleted after a week.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from service.accounts.administration.schemas import NewUser
from service.accounts.emails.throttle import is_mail_allowed
from service.accounts.invites import consume_invite
from service.accounts.models import User, account_subject
from service.accounts.passwords.credential_checks import CredentialChecks
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.responses import PendingAccountView, UserView
from service.accounts.schemas import NameAndPassword, NewAccount, fold_name
from service.accounts.sessions.tokens import Identity
from service.audit.log import record
from service.clock import epoch_ms
from service.database.transactions import run_uncancelled
from service.errors import Conflict, NotAllowed
from service.mail import outbox
from service.mail.base import Language

log = structlog.get_logger()

CONFIRMATION_LIFETIME = timedelta(days=7)  # after which an account that nobody confirmed is deleted


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """Who may register: anyone, who has an invite, or nobody; and whether addresses count."""

    mode: Literal["open", "invite", "closed"] = "open"
    must_confirm_email: bool = False


OPEN_REGISTRATION = RegistrationPolicy()


@dataclass(frozen=True, slots=True)
class _Draft:
    """An account that is about to be created."""

    username: str
    skeleton: str
    email: str | None
    password_hash: str
    is_admin: bool
    is_confirmed: bool
    """Whether it may be used at once, whatever the settings."""
    invite: str | None = None
    language: Language = "en"


class Registration:
    """Create accounts.

    Args:
        passwords: hashes passwords.
        checks: refuses passwords that are easy to guess.
        now: the clock, aware UTC.
        policy: who may register.
    """

    def __init__(
        self,
        passwords: PasswordHasher,
        checks: CredentialChecks,
        now: Callable[[], datetime],
        policy: RegistrationPolicy,
    ) -> None:
        self._passwords = passwords
        self._checks = checks
        self._now = now
        self._policy = policy

    async def register(
        self, account: NewAccount, requester: Identity | None, language: Language
    ) -> UserView | PendingAccountView:
        """Create an account for a person who asks for it, or for whom an admin does.

        Returns:
            The account, or what is said of every account whose address must be confirmed first.

        Raises:
            NotAllowed: `admin_required`, `registration_closed`, `invite_required` or
                `invite_invalid`.
            Conflict: `username_taken`, `username_confusable` or `email_taken`.
            Invalid: the name mixes scripts, or the password is easy to guess.
            TooMany: too many passwords are being checked or hashed.
        """
        is_by_admin = requester is not None and requester.is_admin
        self._require_permission(account, is_by_admin)
        must_confirm = self._policy.must_confirm_email and not is_by_admin
        skeleton = await self._checks.make_skeleton(account.username, "/username")
        await _check_available(account.username, skeleton, None if must_confirm else account.email)
        password = account.password.get_secret_value()
        await self._checks.require_strong(password, account.username, account.email, "/password")
        draft = _Draft(
            account.username,
            skeleton,
            account.email,
            await self._passwords.hash(password),
            is_admin=account.is_admin,
            is_confirmed=is_by_admin,
            invite=None if is_by_admin else account.invite,
            language=language,
        )
        user = await self._create(draft, must_confirm)
        if must_confirm:
            return PendingAccountView(email=account.email)
        return UserView.from_user(user)

    async def register_by_name(self, account: NewUser, requester: Identity | None) -> User:
        """Create an account without an address, as clients of older services ask for one.

        Raises:
            NotAllowed: `admin_required`, `registration_closed`, `invite_required`, or
                `email_required` while addresses must be confirmed.
            Conflict: `username_taken` or `username_confusable`.
            Invalid: the name mixes scripts, or the password is easy to guess.
            TooMany: too many passwords are being checked or hashed.
        """
        if requester is not None and requester.is_admin:
            return await self.create_user(account)
        self._require_open(is_admin=account.is_admin, invite=None)
        if self._policy.must_confirm_email:
            raise NotAllowed(
                "An account needs an e-mail address, which must be confirmed.",
                code="email_required",
            )
        return await self._create_usable(
            account, None, is_admin=False, is_confirmed=False, prefix="/"
        )

    async def create_admin(self, name: str, password: str) -> UserView:
        """Create an admin account without an e-mail address, for the operator of the service.

        Raises:
            Invalid: the name or the password is not acceptable.
            Conflict: `username_taken` or `username_confusable`.
        """
        account = NameAndPassword.parse(name, password)
        user = await self._create_usable(account, None, is_admin=True, prefix="")
        return UserView.from_user(user)

    async def create_user(self, account: NewUser) -> User:
        """Create an account on behalf of an admin, in every mode of registration.

        Raises:
            Conflict: `username_taken`, `username_confusable` or `email_taken`.
            Invalid: the name mixes scripts, or the password is easy to guess.
            TooMany: too many passwords are being checked or hashed.
        """
        return await self._create_usable(
            account, account.email, is_admin=account.is_admin, prefix="/"
        )

    async def _create_usable(
        self,
        account: NameAndPassword,
        email: str | None,
        *,
        is_admin: bool,
        prefix: str,
        is_confirmed: bool = True,
    ) -> User:
        """Create an account that may be used at once; errors point to `prefix` and the field."""
        skeleton = await self._checks.make_skeleton(account.username, f"{prefix}username")
        await _check_available(account.username, skeleton, email)
        password = account.password.get_secret_value()
        await self._checks.require_strong(password, account.username, email, f"{prefix}password")
        password_hash = await self._passwords.hash(password)
        draft = _Draft(
            account.username,
            skeleton,
            email,
            password_hash,
            is_admin=is_admin,
            is_confirmed=is_confirmed,
        )
        return await self._create(draft, must_confirm=False)

    def _require_permission(self, account: NewAccount, is_by_admin: bool) -> None:
        if not is_by_admin:
            self._require_open(is_admin=account.is_admin, invite=account.invite)

    def _require_open(self, *, is_admin: bool, invite: str | None) -> None:
        """Return if a visitor may register. Raises NotAllowed."""
        if is_admin:
            raise NotAllowed("Only an admin may create an admin.", code="admin_required")
        if self._policy.mode == "closed":
            raise NotAllowed(
                "Only admins create accounts in this service.", code="registration_closed"
            )
        if self._policy.mode == "invite" and invite is None:
            raise NotAllowed("A registration needs an invite.", code="invite_required")

    async def _create(self, draft: _Draft, must_confirm: bool) -> User:
        """Insert the account. Raises Conflict."""
        try:
            user = await self._insert(draft, must_confirm)
        except IntegrityError:
            # Another request took the name or the address while the password was hashed.
            email = None if must_confirm else draft.email
            await _check_available(draft.username, draft.skeleton, email)
            user = await self._insert(draft, must_confirm)
        log.info("account_created", user_id=str(user.id), is_admin=user.is_admin)
        return user

    @run_uncancelled
    async def _insert(self, draft: _Draft, must_confirm: bool) -> User:
        """Insert the account, and the mail about it, and use the invite up."""
        now = self._now()
        email = None if must_confirm else draft.email
        async with in_transaction():
            if draft.invite is not None:
                await consume_invite(draft.invite, now)
            user = await User.create(
                username=draft.username,
                username_folded=fold_name(draft.username),
                username_skeleton=draft.skeleton,
                email=email,
                email_folded=email and fold_name(email),
                new_email=draft.email if must_confirm else None,
                password_hash=draft.password_hash,
                is_admin=draft.is_admin,
                confirmed_at=now if draft.is_confirmed else None,
                confirm_by=now + CONFIRMATION_LIFETIME if must_confirm else None,
                created_at=now,
                updated_at=now,
            )
            await record("account_created", account_subject(user), is_admin=user.is_admin)
            if must_confirm and draft.email:
                recipient = fold_name(draft.email)
                if await is_mail_allowed("register", recipient, now, min_interval=timedelta(0)):
                    now_ms = epoch_ms(now)
                    await outbox.enqueue("register", recipient, draft.language, now_ms, user.id)
        return user


async def _check_available(username: str, skeleton: str, email: str | None) -> None:
    """Raise Conflict if the name, one that looks like it, or the address belongs to an account."""
    folded_name = fold_name(username)
    is_similar = Q(username_folded=folded_name) | Q(username_skeleton=skeleton)
    similar = await User.filter(is_similar).only("username_folded")
    if any(user.username_folded == folded_name for user in similar):
        raise Conflict("This name is taken.", code="username_taken")
    if similar:
        raise Conflict("This name looks like that of another account.", code="username_confusable")
    if email and await User.exists(email_folded=fold_name(email)):
        raise Conflict("An account with this address exists.", code="email_taken")
