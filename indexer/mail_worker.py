"""The loop that sends mails, beside those that index films and fetch posters."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from functools import partial

import structlog

from indexer.shutdown import retry_or_stop, wait_or_stop
from service.clock import epoch_ms
from service.database.faults import is_database_fault, log_database_fault
from service.errors import Unavailable
from service.mail import outbox
from service.mail.base import MailContent, MailOrder, MailRefused, MailTransport
from service.mail.outbox import MAX_INTERRUPTED, ClaimedMail
from service.mail.rendering import render_message
from service.observability.metrics import SENT_MAILS

log = structlog.get_logger()

POLL_INTERVAL = 1.0  # seconds between two looks at the outbox
CONCURRENCY = 3  # mails at once, so that one slow answer does not delay all
STOP_TIMEOUT = 8.0  # seconds for mails in progress when the process stops
INTERRUPTED_REASON = (
    "the process that sent it died twice before the mail server had confirmed it; it may have "
    "arrived"
)

Compose = Callable[[MailOrder], Awaitable[MailContent | None]]
"""Returns what a mail says now; None if it has become pointless."""


class MailWorker:
    """Sends mails; any number of indexers may run.

    Args:
        transport: delivers them.
        compose: works out what a mail says.
        now: the clock, aware UTC.
        owner: the name of this process, under which it claims mails.
        service_url: where people reach the service.
        sender: the address that mails are from.
        poll_interval: seconds between two looks at the outbox.
    """

    def __init__(
        self,
        transport: MailTransport,
        compose: Compose,
        now: Callable[[], datetime],
        owner: str,
        *,
        service_url: str,
        sender: str,
        poll_interval: float = POLL_INTERVAL,
    ) -> None:
        self._transport = transport
        self._compose = compose
        self._service_url = service_url
        self._sender = sender
        self._now = now
        self._owner = owner
        self._poll_interval = poll_interval

    async def run(self, stop: asyncio.Event) -> None:
        """Send mails until `stop`; those in progress may take a few more seconds.

        What this process had claimed before it died is released first.
        """
        release_claims = partial(outbox.release_claims, self._owner)
        await retry_or_stop(stop, release_claims, self._log_error, self._poll_interval)
        loops = [asyncio.create_task(self._send_until(stop)) for _ in range(CONCURRENCY)]
        try:
            await stop.wait()
            await asyncio.wait(loops, timeout=STOP_TIMEOUT)
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    async def send_due(self) -> int:
        """Send the mails that are due now, one after the other; return their number."""
        count = 0
        while mail := await outbox.claim(self._owner, self._now_ms()):
            await self._process(mail)
            count += 1
        return count

    async def _send_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                mail = await outbox.claim(self._owner, self._now_ms())
                if mail is not None:
                    await self._process(mail)
                    continue
            except Exception as error:
                self._log_error(error)
            await wait_or_stop(stop, self._poll_interval)

    async def _process(self, mail: ClaimedMail) -> None:
        """Try to send one mail, and record what came of it."""
        if mail.interrupted >= MAX_INTERRUPTED:
            await self._give_up(mail, INTERRUPTED_REASON)
            return
        try:
            await self._send(mail)
        except MailRefused as error:
            if error.is_permanent:
                await self._give_up(mail, error.detail)
            else:
                await self._try_later(mail, error.detail)
        except Unavailable as error:
            await self._try_later(mail, error.detail)
        except Exception as error:
            if is_database_fault(error):
                raise  # its lease ends by itself
            log.error("mail_failed", mail_id=str(mail.order.id), exc_info=error)
            await self._try_later(mail, f"it failed: {error!r}")

    async def _send(self, mail: ClaimedMail) -> None:
        order = mail.order
        content = await self._compose(order)
        if content is None:
            await outbox.drop(order.id)
            log.info("mail_dropped", mail_id=str(order.id), kind=order.kind)
            return
        order = replace(
            order,
            recipient=content.recipient or order.recipient,
            language=content.language or order.language,
        )
        message = self._render(order, content)
        on_hand_over = partial(outbox.record_hand_over, order.id)
        await self._transport.send(message, order.recipient, on_hand_over)
        await outbox.record_sent(order.id, self._now_ms())
        SENT_MAILS.labels("sent").inc()
        log.info("mail_sent", mail_id=str(order.id), kind=order.kind)

    def _render(self, order: MailOrder, content: MailContent) -> EmailMessage:
        """Return the message. Raises MailRefused for good, since later it would be the same."""
        try:
            return render_message(order, content, self._service_url, self._sender, self._now())
        except Exception as error:
            detail = f"it cannot be composed: {error!r}"
            raise MailRefused(detail, is_permanent=True) from error

    async def _try_later(self, mail: ClaimedMail, reason: str) -> None:
        if not await outbox.record_failure(mail, self._now_ms(), reason):
            self._report_given_up(mail, reason)
            return
        SENT_MAILS.labels("postponed").inc()
        log.warning("mail_postponed", mail_id=str(mail.order.id), reason=reason)

    async def _give_up(self, mail: ClaimedMail, reason: str) -> None:
        await outbox.give_up(mail.order.id, self._now_ms(), reason)
        self._report_given_up(mail, reason)

    def _report_given_up(self, mail: ClaimedMail, reason: str) -> None:
        SENT_MAILS.labels("given_up").inc()
        log.error("mail_given_up", mail_id=str(mail.order.id), kind=mail.order.kind, reason=reason)

    @staticmethod
    def _log_error(error: Exception) -> None:
        if not log_database_fault(error):
            log.error("mail_failed", exc_info=error)

    def _now_ms(self) -> int:
        return epoch_ms(self._now())
