"""Turn the content of a mail into a message with text and HTML, in the recipient's language."""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from service.mail.base import MailContent, MailOrder
from service.mail_url import ADDRESS_PATTERN

TEMPLATES = Path(__file__).parent / "templates"
SENDER_NAME = "Movies"
BLANK_LINES = re.compile(r"\n\s*\n")


def render_message(
    order: MailOrder, content: MailContent, service_url: str, sender: str, now: datetime
) -> EmailMessage:
    """Return the message of a mail.

    Its `Message-ID` is that of the order, so a receiver can tell that a second copy is one. No
    value can add a header: addresses and subjects with a line break are refused.

    Args:
        service_url: where people reach the service.
        sender: the address that the mail is from.

    Raises:
        ValueError: an address is none.
    """
    for address in (sender, order.recipient):
        if not ADDRESS_PATTERN.fullmatch(address):
            raise ValueError(f"{address[:50]!r} is no e-mail address")
    values = {**content.values, "service": service_url, "language": order.language}
    name = f"{order.language}/{content.template}"
    subject = _render_subject(name, values)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(SENDER_NAME, addr_spec=sender)
    message["To"] = Address(addr_spec=order.recipient)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{order.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notices, please
    message.set_content(_render(name, "layout.txt", {**values, "subject": subject}))
    html = _render(name, "layout.html", {**values, "subject": subject})
    message.add_alternative(html, subtype="html")
    message["Content-Language"] = order.language  # it would have moved into the first part
    return message


def _render_subject(name: str, values: dict[str, str]) -> str:
    template = _environment(autoescape=False).get_template(name)
    block = template.blocks["subject"]
    return " ".join("".join(block(template.new_context(values))).split())


def _render(name: str, layout: str, values: dict[str, str]) -> str:
    template = _environment(autoescape=layout.endswith(".html")).get_template(name)
    text = template.render({**values, "layout": layout})
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@cache
def _environment(autoescape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,  # noqa: S701 - the text of a mail is not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["paragraphs"] = _to_paragraphs
    return environment


def _to_paragraphs(text: Markup) -> Markup:
    """Return escaped text with its paragraphs, which blank lines divide, as HTML."""
    paragraphs = (part.strip() for part in BLANK_LINES.split(text))
    return Markup("\n").join(Markup(f"<p>{part}</p>") for part in paragraphs if part)  # noqa: S704
