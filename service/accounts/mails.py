"""What mails to account holders say, worked out when they are sent."""

from service.accounts.models import User
from service.mail.base import MailContent, MailOrder

FORGOT_PATH = "/forgot-password"


class AccountMails:
    """Composes mails from accounts as they are now.

    Args:
        service_url: where people reach the service.
    """

    def __init__(self, service_url: str) -> None:
        self._service_url = service_url

    async def compose(self, order: MailOrder) -> MailContent | None:
        """Return what the mail says; None if it has become pointless."""
        user = await User.get_or_none(id=order.account_id) if order.account_id else None
        if user is None:
            return None
        forgot_link = f"{self._service_url}{FORGOT_PATH}"
        values = {"username": user.username, "forgot_link": forgot_link}
        return MailContent("password_changed", values)
