"""A real SMTP server on the loopback interface that can be told to misbehave."""

import asyncio
import email
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "movies", "a password of tests"


@dataclass
class MailServer:
    """What the server answers, and the mails that it took.

    `answers` maps `MAIL`, `RCPT` and `DATA` to the answer in place of acceptance; at a `stalled`
    command it never answers, and at a `dropped` one it closes the connection; both after it has
    taken the mail if that is `DATA`.
    """

    answers: dict[str, str] = field(default_factory=dict)
    stalled: str | None = None
    dropped: str | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    port: int = 0

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self._answer(server, "MAIL")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._answer(server, "RCPT")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" not in self.answers:
            content = envelope.content
            assert isinstance(content, bytes)
            message = email.message_from_bytes(content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.mails.append(message)
            self.recipients += envelope.rcpt_tos
        return await self._answer(server, "DATA")

    async def _answer(self, server: SMTP, command: str) -> str:
        if self.stalled == command:
            await asyncio.Event().wait()
        if self.dropped == command:
            assert server.transport is not None
            server.transport.abort()
        return self.answers.get(command, "250 OK")

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Accept the login of tests."""
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)


@asynccontextmanager
async def run_mail_server(
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    login_required: bool = False,
    server: MailServer | None = None,
) -> AsyncIterator[MailServer]:
    """Run a server in this event loop, at the port of `server` if that has one.

    Args:
        tls: the context of a server that speaks TLS from the first byte.
        starttls: the context of a server that requires STARTTLS.
    """
    server = server or MailServer()
    connections: list[SMTP] = []

    def create_connection() -> SMTP:
        with warnings.catch_warnings():  # it warns of logins without TLS, which this has already
            warnings.simplefilter("ignore")
            connection = build_connection()
        connections.append(connection)
        return connection

    def build_connection() -> SMTP:
        return SMTP(
            server,
            hostname="mail.example",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=server.authenticate,
            auth_required=login_required,
            auth_require_tls=tls is None,
            loop=asyncio.get_running_loop(),
        )

    loop = asyncio.get_running_loop()
    listener = await loop.create_server(create_connection, "127.0.0.1", server.port, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for connection in connections:
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0.01)  # in which the sockets are closed


@asynccontextmanager
async def run_silent_server(greeting: bytes = b"") -> AsyncIterator[int]:
    """Accept connections, send `greeting` and never answer; yield the port."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await done.wait()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        done.set()
        listener.close()


def create_tls_context(authority: trustme.CA, host: str = "127.0.0.1") -> ssl.SSLContext:
    """Return the context of a server whose certificate is for `host`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


def text_of(mail: EmailMessage) -> str:
    """Return the text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    """Return the HTML of a mail."""
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def find_link(mail: EmailMessage) -> str:
    """Return the first link with a token in a mail; the text and the HTML have the same one."""
    link = next(word for word in text_of(mail).split() if "#token=" in word)
    assert f'href="{link}"' in html_of(mail)
    return link


def find_token(mail: EmailMessage) -> str:
    """Return the token in the link of a mail."""
    return find_link(mail).partition("#token=")[2]
