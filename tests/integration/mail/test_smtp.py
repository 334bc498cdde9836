"""Delivery to a real SMTP server that works, refuses, stalls, and speaks TLS or does not."""

import asyncio
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme
from structlog.testing import capture_logs

from service.errors import Unavailable
from service.mail.base import MailRefused
from service.mail.console import ConsoleTransport
from service.mail.smtp import SmtpTransport
from service.mail_url import SmtpServer
from tests.support.mail_server import (
    PASSWORD,
    USER,
    MailServer,
    create_tls_context,
    run_mail_server,
    run_silent_server,
    text_of,
)

pytestmark = pytest.mark.once

SENDER, RECIPIENT = "movies@films.example", "ada@films.example"


class HandOvers:
    """Counts how often a text was handed over."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def hand_overs() -> HandOvers:
    return HandOvers()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def create_transport(port: int, timeout: float = 20.0, **changes: object) -> SmtpTransport:
    ca_file = changes.pop("ca_file", None)
    assert ca_file is None or isinstance(ca_file, Path)
    server = replace(SmtpServer("127.0.0.1", port, "none"), **changes)
    return SmtpTransport(server, SENDER, ca_file, timeout, timeout)


def create_message(text: str = "Grüße\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, RECIPIENT, "Grüße"
    message.set_content(text)
    return message


async def test_a_mail_arrives_as_it_was_written(hand_overs: HandOvers) -> None:
    text = "Grüße 🎬\n.\n.hidden dot\n" + "long " * 400 + "\n"
    async with run_mail_server() as server:
        transport = create_transport(server.port)
        await transport.send(create_message(text), RECIPIENT, hand_overs)
        assert "without TLS, without a login" in await transport.check()
    assert (hand_overs.count, len(server.mails)) == (1, 1)
    assert server.recipients == [RECIPIENT]
    assert text_of(server.mails[0]) == text
    assert server.mails[0]["Subject"] == "Grüße"


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_a_mail_arrives_over_tls_with_a_login(
    mode: str, authority: trustme.CA, ca_file: Path, hand_overs: HandOvers
) -> None:
    context = create_tls_context(authority)
    tls, starttls = (context, None) if mode == "tls" else (None, context)
    async with run_mail_server(tls=tls, starttls=starttls, login_required=True) as server:
        transport = create_transport(
            server.port, tls=mode, username=USER, password=PASSWORD, ca_file=ca_file
        )
        await transport.send(create_message(), RECIPIENT, hand_overs)
        assert (len(server.mails), server.logins) == (1, [USER.encode()])
        assert "logged in" in await transport.check()
        wrong = create_transport(
            server.port, tls=mode, username=USER, password="wrong", ca_file=ca_file
        )
        with pytest.raises(Unavailable, match="rejects the login in MAIL_URL: 535"):
            await wrong.check()
        with pytest.raises(Unavailable, match="rejects the login in MAIL_URL: 535"):
            await wrong.send(create_message(), RECIPIENT, hand_overs)
    assert (len(server.mails), hand_overs.count) == (1, 1)


async def test_a_server_whose_certificate_is_not_trusted_gets_nothing(
    authority: trustme.CA, ca_file: Path, hand_overs: HandOvers
) -> None:
    message = create_message()
    stranger = create_tls_context(trustme.CA())
    other_name = create_tls_context(authority, "mail.example")
    for context in (stranger, other_name):
        for mode in ("tls", "starttls"):
            tls, starttls = (context, None) if mode == "tls" else (None, context)
            async with run_mail_server(tls=tls, starttls=starttls) as server:
                transport = create_transport(
                    server.port, tls=mode, username=USER, password=PASSWORD, ca_file=ca_file
                )
                with pytest.raises(Unavailable, match="certificate is not trusted"):
                    await transport.send(message, RECIPIENT, hand_overs)
            assert (server.logins, hand_overs.count) == ([], 0)


async def test_a_server_without_starttls_gets_neither_password_nor_mail(
    hand_overs: HandOvers,
) -> None:
    async with run_mail_server() as server:
        transport = create_transport(server.port, tls="starttls", username=USER, password=PASSWORD)
        with pytest.raises(Unavailable, match="mail server cannot be used"):
            await transport.send(create_message(), RECIPIENT, hand_overs)
    assert (server.logins, server.mails, hand_overs.count) == ([], [], 0)


@pytest.mark.parametrize(
    ("command", "answer", "is_permanent"),
    [
        ("RCPT", "450 4.2.0 greylisted, try later", False),
        ("RCPT", "550 5.1.1 no such mailbox", True),
        ("RCPT", "554 5.7.1 relay access denied", False),
        ("DATA", "451 4.3.0 local error", False),
        ("DATA", "554 5.6.0 we do not like this text", True),
        ("DATA", "550 5.7.1 blocked by policy", False),
    ],
)
async def test_a_refusal_is_permanent_unless_a_later_attempt_may_succeed(
    command: str, answer: str, is_permanent: bool, hand_overs: HandOvers
) -> None:
    async with run_mail_server(server=MailServer({command: answer})) as server:
        with pytest.raises(MailRefused, match=answer) as refusal:
            await create_transport(server.port).send(create_message(), RECIPIENT, hand_overs)
    assert refusal.value.is_permanent is is_permanent
    assert (server.mails, hand_overs.count) == ([], int(command == "DATA"))


@pytest.mark.parametrize("answer", ["421 too busy", "550 5.1.8 who are you", "452 no space"])
async def test_a_refused_sender_is_no_fault_of_the_mail(answer: str, hand_overs: HandOvers) -> None:
    async with run_mail_server(server=MailServer({"MAIL": answer})) as server:
        with pytest.raises(Unavailable, match=answer):
            await create_transport(server.port).send(create_message(), RECIPIENT, hand_overs)
    assert hand_overs.count == 0


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_server_that_stalls_is_given_up_in_time(
    command: str, hand_overs: HandOvers
) -> None:
    async with run_mail_server(server=MailServer(stalled=command)) as server:
        transport = create_transport(server.port, timeout=0.5)
        async with asyncio.timeout(10):
            with pytest.raises(Unavailable, match="did not answer in time"):
                await transport.send(create_message(), RECIPIENT, hand_overs)
    assert hand_overs.count == int(command == "DATA")


@pytest.mark.parametrize("greeting", [b"", b"220 mail.example ESMTP\r\n", b"220-mail"])
async def test_a_server_that_never_speaks_is_given_up_in_time(
    greeting: bytes, hand_overs: HandOvers
) -> None:
    async with run_silent_server(greeting) as port, asyncio.timeout(10):
        for mode in ("none", "starttls", "tls"):
            transport = create_transport(port, timeout=0.3, tls=mode)
            with pytest.raises(Unavailable):
                await transport.send(create_message(), RECIPIENT, hand_overs)
            with pytest.raises(Unavailable):
                await transport.check()


async def test_another_program_at_the_port_is_no_mail_server(hand_overs: HandOvers) -> None:
    async with run_silent_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        with pytest.raises(Unavailable, match="mail server"):
            await create_transport(port, timeout=2.0).send(create_message(), RECIPIENT, hand_overs)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_lost_connection_is_an_outage(command: str, hand_overs: HandOvers) -> None:
    async with run_mail_server(server=MailServer(dropped=command)) as server:
        with pytest.raises(Unavailable, match="mail server cannot be used"):
            await create_transport(server.port).send(create_message(), RECIPIENT, hand_overs)


async def test_a_server_that_is_away_is_named_as_such(hand_overs: HandOvers) -> None:
    async with run_mail_server() as server:
        port = server.port
    with pytest.raises(Unavailable, match="nothing listens there"):
        await create_transport(port).send(create_message(), RECIPIENT, hand_overs)


async def test_the_console_logs_a_mail_with_its_link(hand_overs: HandOvers) -> None:
    link = "https://films.example/verify-email#token=abc"
    with capture_logs() as logs:
        await ConsoleTransport().send(create_message(f"Look:\n{link}\n"), RECIPIENT, hand_overs)
    assert hand_overs.count == 1
    assert logs == [
        {
            "event": "mail_written",
            "log_level": "info",
            "recipient": RECIPIENT,
            "subject": "Grüße",
            "text": f"Look: {link}",
        }
    ]
