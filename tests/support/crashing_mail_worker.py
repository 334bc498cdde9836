"""A mail worker that kills itself by SIGKILL at a given moment of its first mail."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from email.message import EmailMessage

from indexer.mail_worker import MailWorker
from service.clock import utc_now
from service.database import connection
from service.mail import outbox
from service.mail.base import MailContent, MailOrder
from service.mail.smtp import SmtpTransport
from service.mail_url import SmtpServer
from tests.support.mails import SENDER, SERVICE_URL, compose_plain

MOMENTS = ("claimed", "accepted", "handing_over", "sent", "recorded")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class CrashingTransport(SmtpTransport):
    """Kills the process before or after the text is handed over, or when the server has it."""

    moment = ""

    async def send(
        self, message: EmailMessage, recipient: str, on_hand_over: Callable[[], Awaitable[None]]
    ) -> None:
        async def crash_around_hand_over() -> None:
            if self.moment == "accepted":
                crash()
            await on_hand_over()
            if self.moment == "handing_over":
                crash()

        await super().send(message, recipient, crash_around_hand_over)
        if self.moment == "sent":
            crash()


async def run(moment: str, database_url: str, port: int) -> None:
    await connection.open_database(database_url)

    async def compose(order: MailOrder) -> MailContent | None:
        if moment == "claimed":
            crash()
        return await compose_plain(order)

    transport = CrashingTransport(SmtpServer("127.0.0.1", port, "none"), SENDER)
    transport.moment = moment
    if moment == "recorded":
        record_sent = outbox.record_sent

        async def record_and_crash(*args: object) -> None:
            await record_sent(*args)
            crash()

        outbox.record_sent = record_and_crash
    worker = MailWorker(
        transport, compose, utc_now, "crashing", service_url=SERVICE_URL, sender=SENDER
    )
    await worker.send_due()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
