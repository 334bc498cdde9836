"""Use cases of e-mail addresses: confirm and change them, and reset a password through one.

A request of a stranger does the same whether the address has an account or not: it notes a mail.
Whether there is something to say, the indexer finds out when it sends the mail.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

import structlog
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F, Q
from tortoise.transactions import in_transaction

from service.accounts.deletion.erasure import erase_accounts
from service.accounts.emails.link_tokens import (
    delete_expired_tokens,
    delete_unused_tokens,
    find_token,
    invalid_link_error,
    require_current,
)
from service.accounts.emails.schemas import PasswordReset
from service.accounts.emails.throttle import is_mail_allowed, send_notice
from service.accounts.invites import delete_expired_invites
from service.accounts.models import AccountToken, ApiKey, Session, User, account_subject
from service.accounts.passwords.credential_checks import CredentialChecks
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.passwords.login_throttle import LoginThrottle, delete_expired_networks
from service.accounts.personal_data import PersonalData
from service.accounts.responses import ConfirmationView
from service.accounts.schemas import fold_name
from service.audit.log import AuditAction, record
from service.clock import epoch_ms
from service.database.transactions import run_uncancelled
from service.errors import Conflict, Invalid
from service.mail import outbox
from service.mail.base import Language, MailKind

log = structlog.get_logger()


class AccountEmails:
    """Confirms and changes addresses, and resets passwords.

    Args:
        passwords: hashes new passwords.
        checks: refuses those that are easy to guess.
        throttle: pauses logins; a new password ends the pauses.
        now: the clock, aware UTC.
        must_confirm: whether a new address counts only once it is confirmed.
    """

    def __init__(
        self,
        passwords: PasswordHasher,
        checks: CredentialChecks,
        throttle: LoginThrottle,
        now: Callable[[], datetime],
        *,
        must_confirm: bool = False,
    ) -> None:
        self._passwords = passwords
        self._checks = checks
        self._throttle = throttle
        self._now = now
        self._must_confirm = must_confirm

    async def request_confirmation(self, email: str, language: Language) -> None:
        """Have the link to confirm this address sent again, if an account waits for it."""
        await self._request_mail("verify_email", email, language)

    async def request_reset(self, email: str, language: Language) -> None:
        """Have a link to set a new password sent, if the address has an account."""
        await self._request_mail("reset_password", email, language)

    async def confirm(self, token: str) -> ConfirmationView:
        """Confirm the address of the mail that the token was in.

        Raises:
            Invalid: `link_invalid` or `link_expired`.
            Conflict: `email_taken`, another account has confirmed the address first.
        """
        row = await find_token(token, "verify_email", "change_email")
        user, is_change = row.user, row.purpose == "change_email"
        if user.email == row.email and user.confirmed_at is not None:
            return ConfirmationView(status="already_confirmed", email=row.email)
        is_claim = is_change or user.email is None
        if row.email != (user.new_email if is_claim else user.email):
            raise invalid_link_error()
        require_current(row, self._now())
        if is_change:
            if not await self._replace_email(user, row.email):
                raise invalid_link_error()  # the password was replaced in between
        elif is_claim:
            await self._give_email(user, row.email)
        else:
            await self._set_confirmed(user)
        log.info("email_confirmed", user_id=str(user.id))
        return ConfirmationView(status="confirmed", email=row.email)

    async def reset_password(self, reset: PasswordReset, language: Language) -> None:
        """Set a new password, end all sessions and API keys, and tell the user by mail.

        The link has proved that its bearer reads the address, which is thereby confirmed.

        Raises:
            Invalid: `link_invalid`, `link_expired`, `link_used`, or the password is not acceptable.
            TooMany: there are too many concurrent logins.
        """
        row = await find_token(reset.token.get_secret_value(), "reset_password")
        if row.used_at is not None:
            raise _used_link_error()
        if row.email != row.user.email:
            raise invalid_link_error()
        require_current(row, self._now())
        password = reset.password.get_secret_value()
        await self._checks.require_strong(
            password, row.user.username, row.email, pointer="/password"
        )
        await self._replace_password(row, await self._passwords.hash(password), language)
        log.info("password_reset", user_id=str(row.user.id))

    async def change_email(self, user: User, email: str, language: Language) -> bool:
        """Give an account whose owner is known another address, at once or once it is confirmed.

        Return False if the password or the address has changed since `user` was read.

        Raises:
            Conflict: `email_taken`, unless the address must be confirmed: then its owner gets a
                mail, and nothing shows that it has an account.
        """
        if email == user.email:
            return bool(await User.filter(id=user.id).update(new_email=None))
        if self._must_confirm:
            return await self._note_new_email(user, email, language)
        return await self._replace_email(user, email, language, is_confirmed=False)

    async def adopt_unconfirmed(self, user: User) -> None:
        """Keep an account that waited for a confirmation which is no longer required.

        It gets the address that it was registered with, unless another account has it by now.
        """
        await User.filter(id=user.id).update(confirm_by=None)
        if user.email is None and user.new_email is not None:
            with suppress(IntegrityError):
                await self._write_email(user, user.new_email, "en", is_confirmed=False)
                await user.refresh_from_db()

    @run_uncancelled
    async def _request_mail(self, kind: MailKind, email: str, language: Language) -> None:
        now, recipient = self._now(), fold_name(email)
        if await is_mail_allowed(kind, recipient, now):
            await outbox.enqueue(kind, recipient, language, epoch_ms(now))

    @run_uncancelled
    async def _set_confirmed(self, user: User) -> None:
        async with in_transaction():
            await User.filter(id=user.id, email=user.email).update(
                confirmed_at=self._now(), confirm_by=None
            )
            await record("email_confirmed", account_subject(user))

    @run_uncancelled
    async def _note_new_email(self, user: User, email: str, language: Language) -> bool:
        now, recipient = self._now(), fold_name(email)
        async with in_transaction():
            unchanged = User.filter(id=user.id, token_version=user.token_version)
            if not await unchanged.update(new_email=email, updated_at=now):
                return False
            if await is_mail_allowed("change_email", recipient, now):
                now_ms = epoch_ms(now)
                await outbox.enqueue("change_email", recipient, language, now_ms, user.id)
            await send_notice("email_change_requested", user, language, now)
            await record("email_change_requested", account_subject(user))
        return True

    async def _give_email(self, user: User, email: str) -> None:
        """Give a new account the address that it was registered with. Raises Invalid.

        The first account that confirms an address has it; links of the others are void.
        """
        try:
            is_given = await self._write_email(user, email, "en", is_confirmed=True)
        except IntegrityError:
            is_given = False
        if not is_given:
            raise invalid_link_error()

    async def _replace_email(
        self, user: User, email: str, language: Language = "en", is_confirmed: bool = True
    ) -> bool:
        """Set the address, and tell the old one. Raises Conflict."""
        try:
            return await self._write_email(user, email, language, is_confirmed)
        except IntegrityError:
            raise Conflict("An account with this address exists.", code="email_taken") from None

    @run_uncancelled
    async def _write_email(
        self, user: User, email: str, language: Language, is_confirmed: bool
    ) -> bool:
        now = self._now()
        async with in_transaction():
            unchanged = User.filter(id=user.id, email=user.email, token_version=user.token_version)
            is_replaced = await unchanged.update(
                email=email,
                email_folded=fold_name(email),
                new_email=None,
                confirmed_at=now if is_confirmed else None,
                confirm_by=None,
                updated_at=now,
            )
            if is_replaced:
                await send_notice("email_changed", user, language, now)
                action: AuditAction = "email_changed" if user.email else "email_given"
                await record(action, account_subject(user), is_confirmed=is_confirmed)
        return bool(is_replaced)

    @run_uncancelled
    async def _replace_password(
        self, row: AccountToken, password_hash: str, language: Language
    ) -> None:
        """Use the token up, and set the password. Raises Invalid."""
        now = self._now()
        async with in_transaction():
            unused = AccountToken.filter(digest=row.digest, used_at__isnull=True)
            if not await unused.update(used_at=now):
                raise _used_link_error()
            await User.filter(id=row.user.id).update(
                password_hash=password_hash,
                token_version=F("token_version") + 1,
                confirmed_at=now,
                confirm_by=None,
                new_email=None,
                updated_at=now,
            )
            await Session.filter(user_id=row.user.id).delete()
            await ApiKey.filter(user_id=row.user.id).delete()
            await delete_unused_tokens(row.user.id)
            await self._throttle.clear(row.user.id)
            row.user.confirmed_at = now
            await send_notice("password_changed", row.user, language, now)
            await record("password_reset", account_subject(row.user))


async def purge_accounts(
    now: Callable[[], datetime], personal_data: Sequence[PersonalData]
) -> None:
    """Erase accounts that nobody confirmed in time, and delete what has expired."""
    count = await erase_accounts(Q(confirm_by__lt=now()), personal_data)
    await delete_expired_tokens(now())
    await delete_expired_invites(now())
    await delete_expired_networks(now())
    if count:
        log.info("unconfirmed_accounts_deleted", count=count)


def _used_link_error() -> Invalid:
    return Invalid("This link was used before; request another one.", code="link_used")
