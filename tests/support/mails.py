"""Mails in the outbox, and workers that send them to a server of the tests."""

from service.mail import outbox
from service.mail.base import Language, MailContent, MailOrder
from service.mail.models import Mail

SERVICE_URL = "https://films.example"
SENDER = "movies@films.example"
RECIPIENT = "ada@films.example"


async def compose_plain(order: MailOrder) -> MailContent | None:
    """Say the same in every mail."""
    return MailContent(
        "password_changed", {"username": "ada", "forgot_link": f"{SERVICE_URL}/forgot-password"}
    )


async def enqueue_mail(now_ms: int, recipient: str = RECIPIENT, language: Language = "en") -> Mail:
    """Add a mail to the outbox; return its row."""
    await outbox.enqueue("password_changed", recipient, language, now_ms)
    mail = await Mail.filter(recipient=recipient).order_by("-created_at").first()
    assert mail is not None
    return mail
