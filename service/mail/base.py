"""What a mail is, and the interface of whatever delivers it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal, Protocol
from uuid import UUID

from service.errors import DomainError

MailKind = Literal[
    "address_taken",
    "change_email",
    "deletion_requested",
    "email_change_requested",
    "email_changed",
    "key_created",
    "password_changed",
    "register",
    "reset_password",
    "review_hidden",
    "review_restored",
    "verify_email",
]
"""Why a mail is sent. What it says may depend on the account as it is when the mail is sent."""

MailTemplate = Literal[
    "address_taken",
    "change_email",
    "deletion_requested",
    "email_change_requested",
    "email_changed",
    "key_created",
    "password_changed",
    "reset_password",
    "review_hidden",
    "review_restored",
    "verify_email",
]

Language = Literal["en", "de"]


@dataclass(frozen=True, slots=True)
class MailOrder:
    """A mail to be sent."""

    id: UUID
    kind: MailKind
    recipient: str
    language: Language
    account_id: UUID | None = None
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class MailContent:
    """The template of a mail, and the values in it.

    `recipient` is where the mail goes, and `language` what it is in, if that is not what the order
    says.
    """

    template: MailTemplate
    values: Mapping[str, str] = field(default_factory=dict)
    recipient: str | None = None
    language: Language | None = None


class MailRefused(DomainError):
    """The server does not take this mail, now or ever.

    Args:
        detail: what the server said.
        is_permanent: whether a later attempt would be refused, too.
    """

    def __init__(self, detail: str, *, is_permanent: bool) -> None:
        super().__init__(detail)
        self.is_permanent = is_permanent


class MailTransport(Protocol):
    """Delivers mail to a server, or to the log."""

    async def send(
        self, message: EmailMessage, recipient: str, on_hand_over: Callable[[], Awaitable[None]]
    ) -> None:
        """Deliver one mail.

        Args:
            on_hand_over: called right before the text is handed over; up to then nothing was sent.

        Raises:
            MailRefused: the server refuses the mail.
            Unavailable: the server cannot be used at the moment. If the text was handed over, the
                server may have taken it.
        """

    async def check(self) -> str:
        """Return one line if mail can be delivered. Raises `Unavailable`."""
