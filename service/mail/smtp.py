"""Mail delivered to an SMTP server, one connection per mail."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from email import policy
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from service.errors import Unavailable
from service.limits import SMTP_COMMAND_TIMEOUT, SMTP_TIMEOUT
from service.mail.base import MailRefused
from service.mail_url import SmtpServer
from service.resilience.causes import describe_cause

POLICY_CODE = "5.7."
"""Enhanced codes of refusals for reasons of policy (RFC 3463): a relay that wants a login, a list
that this server is on. The operator can remedy them, so such a mail is tried again."""

MAX_ANSWER_LENGTH = 200  # characters of a server's answer that are kept
QUIT_TIMEOUT = 2.0  # seconds for a polite end
TLS_WORDS = {"none": "without TLS", "starttls": "STARTTLS", "tls": "TLS"}


class SmtpTransport:
    """Delivers mail to one server.

    Args:
        server: the address, the login and how TLS is used.
        sender: the address that mail is from, for the server.
        ca_file: the authority that signed the server's certificate, if it is not a public one.
        timeout: seconds for one mail, from connecting to the server's last answer.
        command_timeout: seconds for one answer.
    """

    def __init__(
        self,
        server: SmtpServer,
        sender: str,
        ca_file: Path | None = None,
        timeout: float = SMTP_TIMEOUT,
        command_timeout: float = SMTP_COMMAND_TIMEOUT,
    ) -> None:
        self._server = server
        self._sender = sender
        self._ca_file = ca_file
        self._timeout = timeout
        self._command_timeout = min(command_timeout, timeout)

    async def send(
        self, message: EmailMessage, recipient: str, on_hand_over: Callable[[], Awaitable[None]]
    ) -> None:
        """Deliver one mail; see `MailTransport`."""
        data = message.as_bytes(policy=policy.SMTP.clone(cte_type="7bit"))
        async with self._connected() as client:
            await client.mail(self._sender)
            try:
                await client.rcpt(recipient)
            except SMTPResponseException as error:
                raise _refusal(error) from error
            await on_hand_over()
            try:
                await client.data(data, timeout=self._timeout)
            except SMTPResponseException as error:
                raise _refusal(error) from error

    async def check(self) -> str:
        """Return one line if the server accepts the connection, the TLS mode and the login."""
        async with self._connected() as client:
            await client.noop()
        login = "logged in" if self._server.username else "without a login"
        return f"the mail server answers, {TLS_WORDS[self._server.tls]}, {login}"

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[SMTP]:
        """Yield a connection for one mail, in the time that it may take."""
        async with _translated_errors(), asyncio.timeout(self._timeout) as deadline:
            client = await self._create_client()
            try:
                await client.connect()
                yield client
                deadline.reschedule(None)  # the server has the mail, whatever comes after that
                with contextlib.suppress(SMTPException, OSError, TimeoutError):
                    await client.quit(timeout=QUIT_TIMEOUT)
            finally:
                client.close()

    async def _create_client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=self._sender.rpartition("@")[2],
            timeout=self._command_timeout,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            tls_context=await self._create_tls_context(),
        )

    async def _create_tls_context(self) -> ssl.SSLContext | None:
        if self._server.tls == "none":
            return None
        cafile = str(self._ca_file) if self._ca_file else None
        return await asyncio.to_thread(ssl.create_default_context, cafile=cafile)


@contextlib.asynccontextmanager
async def _translated_errors() -> AsyncIterator[None]:
    """Turn errors of the client into those that `MailTransport` promises."""
    try:
        yield
    except aiosmtplib.SMTPAuthenticationError as error:
        detail = f"the mail server rejects the login in MAIL_URL: {_answer_of(error)}"
        raise Unavailable(detail) from error
    except SMTPResponseException as error:
        raise Unavailable(f"the mail server refuses: {_answer_of(error)}") from error
    except (aiosmtplib.SMTPTimeoutError, TimeoutError) as error:
        detail = "the mail server did not answer in time; check host, port and tls= in MAIL_URL"
        raise Unavailable(detail) from error
    except (SMTPException, OSError) as error:
        cause = describe_cause(error, default=str(error)[:MAX_ANSWER_LENGTH] or "it failed")
        raise Unavailable(f"the mail server cannot be used: {cause}") from error


def _refusal(error: SMTPResponseException) -> MailRefused:
    """Return the refusal of one mail; it is permanent if only another mail could succeed."""
    answer = _answer_of(error)
    is_policy = POLICY_CODE in error.message[: len(POLICY_CODE) + 1]
    return MailRefused(
        f"the mail server refuses the mail: {answer}",
        is_permanent=500 <= error.code < 600 and not is_policy,
    )


def _answer_of(error: SMTPResponseException) -> str:
    return f"{error.code} {' '.join(error.message.split())}"[:MAX_ANSWER_LENGTH]
