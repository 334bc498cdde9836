"""Mails as messages: languages, HTML, and headers that no value can change."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import get_args
from uuid import UUID

import pytest

from service.http.languages import LANGUAGES
from service.mail.base import Language, MailContent, MailOrder, MailTemplate
from service.mail.rendering import TEMPLATES, render_message
from tests.support.mail_server import html_of, text_of

ORDER_ID = UUID("01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42")
NOW = datetime(2026, 11, 27, 20, tzinfo=UTC)
SERVICE = "https://films.example"
LINK = f"{SERVICE}/verify-email#token=abc"
VALUES = {
    "username": "ada",
    "link": LINK,
    "hours": "72",
    "minutes": "30",
    "forgot_link": f"{SERVICE}/forgot-password",
    "erase_at": "2026-12-04, 20:00 UTC",
    "movie": "Jaws",
    "review": "Still afraid to swim",
    "note": "It is an advertisement.",
}


def render(
    template: MailTemplate,
    language: Language = "en",
    recipient: str = "ada@films.example",
    **values: str,
) -> EmailMessage:
    order = MailOrder(ORDER_ID, "verify_email", recipient, language)
    content = MailContent(template, VALUES | values)
    rendered = render_message(order, content, SERVICE, "movies@films.example", NOW)
    parsed = message_from_bytes(rendered.as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_each_template_exists_in_each_language() -> None:
    for language in LANGUAGES:
        files = {path.name for path in (TEMPLATES / language).iterdir()}
        assert files == {*get_args(MailTemplate), "footer"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", get_args(MailTemplate))
def test_a_mail_has_a_subject_text_and_html_that_say_the_same(
    template: MailTemplate, language: Language
) -> None:
    mail = render(template, language)
    assert mail["Subject"].strip() and "\n" not in mail["Subject"]
    assert mail["Content-Language"] == language
    text, html = text_of(mail), html_of(mail)
    assert {"en": "Hello ada,", "de": "Hallo ada,"}[language] in text
    assert SERVICE in text
    assert "{" not in text + html.replace("{{", "")
    assert f'<html lang="{language}">' in html
    for paragraph in text.split("\n\n"):
        words = paragraph.strip().removeprefix("-- ").split()
        assert " ".join(words).partition("http")[0] in " ".join(html.split())


def test_values_are_escaped_in_html_alone() -> None:
    mail = render("verify_email", username="<b>&ada")
    assert "Hello <b>&ada," in text_of(mail)
    assert "Hello &lt;b&gt;&amp;ada," in html_of(mail)


def test_a_second_copy_has_the_same_message_id() -> None:
    assert render("verify_email")["Message-ID"] == render("verify_email")["Message-ID"]
    assert str(ORDER_ID) in render("verify_email")["Message-ID"]


def test_a_mail_says_that_a_program_sent_it() -> None:
    assert render("verify_email")["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "recipient",
    [
        "ada@films.example\r\nBcc: eve@films.example",
        "ada@films.example\nBcc: eve@films.example",
        "ada@films.example, eve@films.example",
        "ada@films.example\x00",
        "",
    ],
)
def test_a_recipient_cannot_add_a_header_or_another_recipient(recipient: str) -> None:
    with pytest.raises(ValueError, match="is no e-mail address"):
        render("verify_email", recipient=recipient)


@pytest.mark.parametrize("username", ["ada\r\nBcc: eve@films.example\r\n\r\nHi", "a\nSubject: x"])
def test_a_user_name_cannot_add_a_header(username: str) -> None:
    mail = render("verify_email", username=username)
    assert mail.get_all("Bcc") is None
    assert len(mail.get_all("Subject") or ()) == 1
    assert mail["Subject"] == "Confirm your e-mail address"
