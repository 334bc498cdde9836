"""What mails to account holders say, worked out when they are sent.

Strangers can have mails sent to any address. So a mail goes to the address as the account's owner
wrote it, never as the request spelled it: `Ada@` and `ada@` may be two mailboxes.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast

from service.accounts.emails.link_tokens import (
    CONFIRMATION_HOURS,
    RESET_MINUTES,
    TokenPurpose,
    issue_token,
)
from service.accounts.models import User
from service.accounts.schemas import fold_name
from service.mail.base import Language, MailContent, MailOrder, MailTemplate

FORGOT_PATH = "/forgot-password"
LOGIN_PATH = "/login"
PATHS: dict[TokenPurpose, str] = {
    "verify_email": "/verify-email",
    "change_email": "/verify-email",
    "reset_password": "/reset-password",
}
"""Where links lead. The token follows `#`, so that it reaches neither a log nor a Referer."""


class AccountMails:
    """Composes mails from accounts as they are now.

    Args:
        service_url: where people reach the service.
        now: the clock, aware UTC.
    """

    def __init__(self, service_url: str, now: Callable[[], datetime]) -> None:
        self._service_url = service_url
        self._forgot_link = f"{service_url}{FORGOT_PATH}"
        self._now = now

    async def compose(self, order: MailOrder) -> MailContent | None:
        """Return what the mail says; None if it has become pointless."""
        account = await User.get_or_none(id=order.account_id) if order.account_id else None
        owner = await User.get_or_none(email_folded=fold_name(order.recipient))
        if order.kind == "reset_password" and owner is not None:
            return await self._compose_link(owner, "reset_password", owner.email)
        if order.kind == "verify_email" and owner is not None:
            return await self._compose_confirmation(owner)
        if order.kind == "verify_email":
            return await self._compose_newest_claim(order)
        if account is not None:
            return await self._compose_for_account(order, account, owner)
        return None

    async def _compose_for_account(
        self, order: MailOrder, account: User, owner: User | None
    ) -> MailContent | None:
        """Return the mail about `account`; `owner` is who has the address now."""
        if order.kind == "register":
            return await self._compose_registration(order, account, owner)
        if order.kind == "change_email":
            return await self._compose_new_email(order, account, owner)
        if order.kind == "deletion_requested":
            return self._compose_deletion(account)
        values = {"forgot_link": self._forgot_link}
        if order.kind in ("email_change_requested", "email_changed", "key_created"):
            return _address_user(account, order.kind, values)
        return _address_user(account, "password_changed", values)

    def _compose_deletion(self, account: User) -> MailContent | None:
        if account.erase_at is None:
            return None  # it was restored in the meantime
        values = {
            "erase_at": f"{account.erase_at.astimezone(UTC):%Y-%m-%d, %H:%M} UTC",
            "link": f"{self._service_url}{LOGIN_PATH}",
            "forgot_link": self._forgot_link,
        }
        return _address_user(account, "deletion_requested", values)

    async def _compose_registration(
        self, order: MailOrder, account: User, owner: User | None
    ) -> MailContent | None:
        if owner is not None and owner.id != account.id:
            return self._describe_owned(owner)
        if account.new_email is None or fold_name(account.new_email) != order.recipient:
            return None  # it was confirmed in the meantime
        return await self._compose_link(account, "verify_email", account.new_email)

    async def _compose_newest_claim(self, order: MailOrder) -> MailContent | None:
        """Return the mail to confirm the newest of the accounts that want the address.

        Others can register with the address, but the person who has just done so has the newest
        account, and the mail names it.
        """
        pending = User.filter(confirm_by__isnull=False, new_email__iexact=order.recipient)
        account = await pending.order_by("-created_at", "-id").first()
        if account is None or account.new_email is None:
            return None
        return await self._compose_link(account, "verify_email", account.new_email)

    async def _compose_confirmation(self, user: User) -> MailContent | None:
        if user.is_confirmed:
            return None
        return await self._compose_link(user, "verify_email", user.email)

    async def _compose_new_email(
        self, order: MailOrder, account: User, owner: User | None
    ) -> MailContent | None:
        new_email = account.new_email
        if new_email is None or fold_name(new_email) != order.recipient:
            return None
        if owner is not None and owner.id != account.id:
            return self._describe_owned(owner)
        return await self._compose_link(account, "change_email", new_email)

    async def _compose_link(
        self, user: User, purpose: TokenPurpose, email: str | None
    ) -> MailContent | None:
        """Return a mail to `email` with a link whose token is new."""
        if email is None:
            return None
        token = await issue_token(user, purpose, email, self._now())
        values = {
            "link": f"{self._service_url}{PATHS[purpose]}#token={token}",
            "hours": str(CONFIRMATION_HOURS),
            "minutes": str(RESET_MINUTES),
        }
        return _address_user(user, purpose, values, recipient=email)

    def _describe_owned(self, owner: User) -> MailContent:
        """Return the mail to the owner of an address that somebody wanted to use."""
        values = {"link": self._forgot_link}
        return _address_user(owner, "address_taken", values, recipient=owner.email)


def _address_user(
    user: User, template: MailTemplate, values: Mapping[str, str], recipient: str | None = None
) -> MailContent:
    """Return a mail that calls the user by name, in the language that the user has chosen."""
    language = cast(Language | None, user.language)
    return MailContent(template, {"username": user.username, **values}, recipient, language)
