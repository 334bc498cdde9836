"""Mail written to the log: for development, and for services that send none."""

from collections.abc import Awaitable, Callable
from email.message import EmailMessage

import structlog

from service.observability.logging import Disclosed

log = structlog.get_logger()


class ConsoleTransport:
    """Writes each mail to the log, with its links: readers of the log can follow them."""

    async def send(
        self, message: EmailMessage, recipient: str, on_hand_over: Callable[[], Awaitable[None]]
    ) -> None:
        """Write the mail to the log."""
        await on_hand_over()
        body = message.get_body(("plain",))
        text = body.get_content() if body else ""
        log.info(
            "mail_written",
            recipient=recipient,
            subject=str(message["Subject"]),
            text=Disclosed(" ".join(text.split())),
        )

    async def check(self) -> str:
        """Return one line."""
        return "mail is written to the log; set MAIL_URL to send it"
