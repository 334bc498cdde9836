"""The mail outbox on a real database with a real SMTP server: retries, deaths, the day's end."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from structlog.testing import capture_logs
from tortoise.transactions import in_transaction

from indexer.mail_worker import INTERRUPTED_REASON, MailWorker
from service.clock import utc_now
from service.errors import Conflict, NotFound
from service.mail import outbox
from service.mail.admin import MailAdmin
from service.mail.base import MailContent, MailOrder
from service.mail.models import Mail
from service.mail.outbox import (
    GIVEN_UP_RETENTION_MS,
    LEASE_MS,
    MAX_RETRY_DELAY_MS,
    MAX_TRIED_MS,
    SENT_RETENTION_MS,
)
from service.mail.smtp import SmtpTransport
from service.mail_url import SmtpServer
from tests.support import ROOT
from tests.support.clock import FakeClock
from tests.support.crashing_mail_worker import MOMENTS
from tests.support.mail_server import MailServer, run_mail_server, text_of
from tests.support.mails import (
    RECIPIENT,
    SENDER,
    SERVICE_URL,
    compose_plain,
    enqueue_mail,
)
from tests.support.waiting import wait_until


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with run_mail_server() as server:
        yield server


@pytest.fixture
def clock(database: str) -> FakeClock:
    return FakeClock()


def create_worker(
    server: MailServer, clock: FakeClock, owner: str = "one", timeout: float = 20.0
) -> MailWorker:
    transport = SmtpTransport(
        SmtpServer("127.0.0.1", server.port, "none"), SENDER, None, timeout, timeout
    )
    return MailWorker(
        transport,
        compose_plain,
        clock,
        owner,
        service_url=SERVICE_URL,
        sender=SENDER,
        poll_interval=0.02,
    )


async def test_a_mail_is_sent_once_in_its_language(server: MailServer, clock: FakeClock) -> None:
    await enqueue_mail(clock.epoch_ms(), language="de")
    worker = create_worker(server, clock)
    assert await worker.send_due() == 1
    assert await worker.send_due() == 0
    assert server.recipients == [RECIPIENT]
    assert server.mails[0]["Subject"] == "Ihr Passwort wurde geändert"
    assert "Hallo ada," in text_of(server.mails[0])
    mail = await Mail.get()
    assert (mail.sent_at, mail.owner, mail.attempts) == (clock.epoch_ms(), None, 1)


async def test_a_mail_of_a_transaction_that_is_rolled_back_is_not_sent(
    server: MailServer, clock: FakeClock
) -> None:
    with pytest.raises(ValueError, match="rolled back"):
        async with in_transaction():
            await outbox.enqueue("password_changed", RECIPIENT, "en", clock.epoch_ms())
            raise ValueError("rolled back")
    assert await create_worker(server, clock).send_due() == 0


async def test_several_workers_send_each_mail_once(server: MailServer, clock: FakeClock) -> None:
    recipients = [f"reader{number}@films.example" for number in range(20)]
    for recipient in recipients:
        await enqueue_mail(clock.epoch_ms(), recipient)
    workers = [create_worker(server, clock, f"{number}") for number in range(3)]
    assert sum(await asyncio.gather(*(worker.send_due() for worker in workers))) == 20
    assert sorted(server.recipients) == sorted(recipients)


async def test_a_server_that_is_away_is_tried_at_growing_intervals_for_a_day(
    clock: FakeClock,
) -> None:
    async with run_mail_server() as server:
        worker = create_worker(server, clock)
    started_ms = clock.epoch_ms()
    await enqueue_mail(started_ms)
    delays, last_ms = [], started_ms
    while (mail := await Mail.get()).given_up_at is None:
        clock.advance_ms(max(0, mail.due_at - clock.epoch_ms()))
        delays.append(clock.epoch_ms() - last_ms)
        last_ms = clock.epoch_ms()
        assert await worker.send_due() == 1
    assert delays[0] == 0
    assert all(20_000 < delay < 1.3 * MAX_RETRY_DELAY_MS for delay in delays[1:-1])
    assert delays[1] < delays[4] < delays[7]
    assert 20 < len(delays) < 50
    assert mail.given_up_at == clock.epoch_ms() == started_ms + MAX_TRIED_MS
    assert mail.reason is not None and "nothing listens there" in mail.reason
    assert await worker.send_due() == 0


async def test_a_given_up_mail_is_listed_with_its_reason_and_can_be_retried_for_a_day(
    server: MailServer, clock: FakeClock
) -> None:
    server.answers["RCPT"] = "550 5.1.1 no such mailbox"
    await enqueue_mail(clock.epoch_ms())
    await enqueue_mail(clock.epoch_ms(), "other@films.example")
    worker, admin = create_worker(server, clock), MailAdmin()
    with capture_logs() as logs:
        assert await worker.send_due() == 2, "it is not tried again"
    assert [entry["event"] for entry in logs] == ["mail_given_up"] * 2
    given_up = await admin.list_mails("given_up", 1, 0)
    assert (len(given_up.results), given_up.total) == (1, 2)
    view = given_up.results[0]
    assert (view.state, view.attempts) == ("given_up", 1)
    assert view.reason == "the mail server refuses the mail: 550 5.1.1 no such mailbox"
    assert view.given_up_at == clock.time
    server.answers.clear()
    retried = await admin.retry(view.id)
    assert (retried.state, retried.attempts, retried.reason) == ("waiting", 0, None)
    clock.time = utc_now()  # `tried_since` is by the database's clock
    assert await worker.send_due() == 1
    assert server.recipients == [view.recipient]
    with pytest.raises(Conflict) as conflict:
        await admin.retry(view.id)
    assert conflict.value.code == "mail_sent"
    for unknown in (str(uuid4()), "1", ""):
        with pytest.raises(NotFound) as not_found:
            await admin.retry(unknown)
        assert not_found.value.code == "mail_not_found"


@pytest.mark.parametrize("recipient", [".a@films.example", "a..b@films.example", "=?u?q?=41?=@b.c"])
async def test_a_mail_that_cannot_be_composed_is_given_up_at_once_with_its_reason(
    server: MailServer, clock: FakeClock, recipient: str
) -> None:
    await enqueue_mail(clock.epoch_ms(), recipient)
    with capture_logs() as logs:
        assert await create_worker(server, clock).send_due() == 1
    assert [entry["event"] for entry in logs] == ["mail_given_up"]
    mail = await Mail.get()
    assert mail.given_up_at == clock.epoch_ms()
    assert mail.reason is not None and "is no e-mail address" in mail.reason
    assert server.recipients == []


async def test_mails_are_listed_by_state_newest_first(server: MailServer, clock: FakeClock) -> None:
    admin, worker = MailAdmin(), create_worker(server, clock)
    await enqueue_mail(clock.epoch_ms(), "sent@films.example")
    await worker.send_due()
    clock.advance(1)
    server.answers["RCPT"] = "450 later"
    await enqueue_mail(clock.epoch_ms(), "retrying@films.example")
    await worker.send_due()
    clock.advance(1)
    await enqueue_mail(clock.epoch_ms(), "sending@films.example")
    claimed = await outbox.claim("another", clock.epoch_ms())
    assert claimed is not None and claimed.order.recipient == "sending@films.example"
    clock.advance(1)
    await enqueue_mail(clock.epoch_ms(), "waiting@films.example")
    states = ["waiting", "sending", "retrying", "sent"]
    listed = await admin.list_mails(None, 10, 0)
    assert [view.state for view in listed.results] == states
    assert [view.recipient for view in listed.results] == [f"{s}@films.example" for s in states]
    assert [v.recipient for v in (await admin.list_mails(None, 2, 1)).results] == [
        "sending@films.example",
        "retrying@films.example",
    ]
    for view in listed.results:
        same_state = await admin.list_mails(view.state, 10, 0)
        assert (same_state.results, same_state.total) == ((view,), 1)
    sending = listed.results[1]
    assert await admin.retry(sending.id) == sending, "a mail in progress is not sent twice"


async def test_a_temporary_refusal_is_tried_again(server: MailServer, clock: FakeClock) -> None:
    server.answers["RCPT"] = "450 4.2.0 greylisted"
    await enqueue_mail(clock.epoch_ms())
    worker = create_worker(server, clock)
    assert await worker.send_due() == 1
    mail = await Mail.get()
    assert mail.reason == "the mail server refuses the mail: 450 4.2.0 greylisted"
    assert mail.given_up_at is None
    server.answers.clear()
    clock.advance_ms(mail.due_at - clock.epoch_ms() - 1)
    assert await worker.send_due() == 0
    clock.advance_ms(1)
    assert await worker.send_due() == 1
    assert len(server.mails) == 1


async def test_a_server_that_stalls_does_not_stop_other_mails(
    server: MailServer, clock: FakeClock
) -> None:
    async with run_mail_server(server=MailServer(stalled="RCPT")) as stalling:
        await enqueue_mail(clock.epoch_ms())
        assert await create_worker(stalling, clock, timeout=0.3).send_due() == 1
    mail = await Mail.get()
    assert str(mail.reason).startswith("the mail server did not answer in time; check host")
    clock.advance_ms(mail.due_at - clock.epoch_ms())
    assert await create_worker(server, clock).send_due() == 1
    assert len(server.mails) == 1


async def crash_at(moment: str, database_url: str, port: int) -> None:
    """Run a mail worker that dies at `moment`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.crashing_mail_worker"),
        *(moment, database_url, str(port)),
        cwd=ROOT,
    )
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.fault("mail-worker-killed")
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_mail_whose_sender_was_killed_arrives_and_twice_at_most(
    database: str, server: MailServer, moment: str
) -> None:
    clock = FakeClock(utc_now())
    await enqueue_mail(clock.epoch_ms())
    await crash_at(moment, database, server.port)
    delivered_before = len(server.mails)
    assert delivered_before == int(moment in ("sent", "recorded"))
    survivor = create_worker(server, clock, "survivor")
    assert await survivor.send_due() == 0, "the lease has not ended"
    clock.advance_ms(LEASE_MS + 60_000)
    await survivor.send_due()
    assert len(server.mails) == (1 if moment != "sent" else 2)
    assert len({mail["Message-ID"] for mail in server.mails}) == 1
    assert (await Mail.get()).sent_at is not None


@pytest.mark.fault("mail-worker-killed")
async def test_a_mail_whose_sender_was_killed_twice_after_sending_is_given_up(
    database: str, server: MailServer
) -> None:
    clock = FakeClock(utc_now())
    await enqueue_mail(clock.epoch_ms())
    for _ in range(2):
        await crash_at("sent", database, server.port)
        await outbox.release_claims("crashing")
    assert await create_worker(server, clock).send_due() == 1
    assert len(server.mails) == 2
    mail = await Mail.get()
    assert mail.given_up_at is not None
    assert mail.reason == INTERRUPTED_REASON


@pytest.mark.fault("mail-worker-killed")
async def test_a_restarted_worker_resumes_its_mails_before_their_lease_ends(
    database: str, server: MailServer
) -> None:
    clock = FakeClock(utc_now())
    await enqueue_mail(clock.epoch_ms())
    await crash_at("accepted", database, server.port)
    worker = create_worker(server, clock, "crashing")
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await wait_until(lambda: has_mails(server, 1))
    stop.set()
    await asyncio.wait_for(running, 10)


async def has_mails(server: MailServer, count: int) -> bool:
    return len(server.mails) == count


async def test_a_stopping_worker_ends_the_mail_in_progress(
    server: MailServer, clock: FakeClock
) -> None:
    worker, stop = create_worker(server, clock), asyncio.Event()
    accept = MailServer.handle_DATA

    async def stop_and_accept(self: MailServer, *args: object) -> str:
        stop.set()
        await asyncio.sleep(0.1)
        return await accept(self, *args)

    server.handle_DATA = stop_and_accept.__get__(server)
    await enqueue_mail(clock.epoch_ms())
    await asyncio.wait_for(worker.run(stop), 10)
    assert len(server.mails) == 1
    assert (await Mail.get()).sent_at is not None


async def test_a_mail_that_has_become_pointless_is_dropped(
    server: MailServer, clock: FakeClock
) -> None:
    async def compose_nothing(order: MailOrder) -> MailContent | None:
        return None

    worker = MailWorker(
        SmtpTransport(SmtpServer("127.0.0.1", server.port, "none"), SENDER),
        compose_nothing,
        clock,
        "one",
        service_url=SERVICE_URL,
        sender=SENDER,
    )
    await enqueue_mail(clock.epoch_ms())
    assert await worker.send_due() == 1
    assert (server.mails, await Mail.all().count()) == ([], 0)


async def test_a_mail_that_cannot_be_composed_does_not_stop_others(
    server: MailServer, clock: FakeClock
) -> None:
    await enqueue_mail(clock.epoch_ms() - 1, "ada@films.example\r\nBcc: eve@films.example")
    await enqueue_mail(clock.epoch_ms(), "bob@films.example")
    with capture_logs() as logs:
        assert await create_worker(server, clock).send_due() == 2
    assert server.recipients == ["bob@films.example"]
    assert [entry["event"] for entry in logs] == ["mail_given_up", "mail_sent"]


async def test_old_mails_are_purged(server: MailServer, clock: FakeClock) -> None:
    worker = create_worker(server, clock)
    await enqueue_mail(clock.epoch_ms())
    await worker.send_due()
    server.answers["RCPT"] = "550 5.1.1 no such mailbox"
    await enqueue_mail(clock.epoch_ms(), "given-up@films.example")
    await worker.send_due()
    await enqueue_mail(clock.epoch_ms(), "waiting@films.example")
    assert await outbox.purge(clock.epoch_ms() + SENT_RETENTION_MS) == 0
    assert await outbox.purge(clock.epoch_ms() + SENT_RETENTION_MS + 1) == 1
    assert await outbox.purge(clock.epoch_ms() + GIVEN_UP_RETENTION_MS + 1) == 1
    year_later = clock.time + timedelta(days=365)
    assert await outbox.purge(int(year_later.timestamp() * 1000)) == 0
    assert (await Mail.get()).recipient == "waiting@films.example"
