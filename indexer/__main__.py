"""`movies indexer`: the process that writes the index and the posters, and sends mails.

It also makes the exports of what is stored about people.

Any number of indexers may run with Elasticsearch. With tantivy one holds the index's lock, and the
others stand by to take over when it dies.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import itertools
import os
import signal
import socket
from datetime import timedelta
from functools import partial

import structlog
import uvloop

from indexer.drift_scanner import compare_now, scan_drift
from indexer.export_worker import ExportWorker
from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.mail_worker import MailWorker
from indexer.outdated_index import rebuild_if_outdated
from indexer.poster_worker import PosterWorker
from indexer.rebuild import Rebuild
from indexer.rebuild_fill import IndexFiller
from indexer.rebuild_lease import RebuildLease
from indexer.scheduler import ScheduledTask, Scheduler
from indexer.shutdown import retry_or_stop, wait_or_stop
from service.accounts.deletion.service import erase_due_accounts
from service.accounts.emails.mails import AccountMails
from service.accounts.emails.service import purge_accounts
from service.audit.log import purge_entries
from service.clock import epoch_ms, utc_now
from service.community.moderation.mails import REVIEW_MAILS, compose_review_mail
from service.database import connection
from service.database.faults import is_database_error, log_database_fault
from service.errors import Unavailable
from service.exports import jobs as export_jobs
from service.idempotency.service import delete_expired_requests
from service.indexing import indexer_heartbeat
from service.indexing.drift import Drift
from service.indexing.drift_requests import (
    CHECK_TASK,
    ON_REQUEST,
    REPAIR_TASK,
    prepare_requests,
)
from service.indexing.reindex_jobs import ReindexJobs
from service.mail import outbox as mail_outbox
from service.mail.base import MailContent, MailOrder
from service.observability import logging, loop_lag
from service.outbox.notifications import OutboxNotifier, notifier_for
from service.posters.fetcher import PosterFetcher
from service.posters.image_processor import ImageProcessor
from service.posters.store import PosterStore
from service.private_files import (
    PRIVATE_UMASK,
    make_var_folder,
    open_private_file,
)
from service.schedule.leases import TaskLeases
from service.search.engines.base import IndexWriter
from service.search.index import generation
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.server.heartbeat import send_heartbeats
from service.server.personal_data import PERSONAL_DATA
from service.server.schema import start_schema_upkeep
from service.settings import Settings, home_folder, load_settings

log = structlog.get_logger()

POSTER_PURGE_INTERVAL = 6 * 3600.0  # seconds
MAIL_PURGE_INTERVAL = 3600.0  # seconds
EXPORT_PURGE_INTERVAL = 3600.0  # seconds
ACCOUNT_PURGE_INTERVAL = 3600.0  # seconds
ACCOUNT_ERASURE_INTERVAL = 60.0  # seconds
AUDIT_PURGE_INTERVAL = 3600.0  # seconds
INDEX_PURGE_INTERVAL = 600.0  # seconds
REQUEST_PURGE_INTERVAL = 3600.0  # seconds
OUTDATED_CHECK_INTERVAL = 60.0  # seconds
DRIFT_SCAN_INTERVAL = 60.0  # seconds between two scans
REQUEST_POLL_INTERVAL = 1.0  # seconds; an operator waits for what was requested
STANDBY_INTERVAL = 1.0  # seconds between attempts to open an index that is locked or down


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Index films, fetch posters, send mails and make exports until `stop`."""
    async with contextlib.AsyncExitStack() as stack:
        for monitor in (send_heartbeats(), loop_lag.measure_loop_lag("indexer")):
            stack.callback(asyncio.create_task(monitor).cancel)
        upkeep = await start_schema_upkeep(settings.database_url)
        stack.callback(upkeep.cancel)
        await connection.open_database(settings.database_url)
        stack.push_async_callback(connection.close_database)
        owner = owner_name(settings.database_url, stack)
        heartbeats = asyncio.create_task(indexer_heartbeat.send_heartbeats(owner))
        stack.callback(heartbeats.cancel)
        store = await container.build_poster_store(settings)
        stack.push_async_callback(store.close)
        notifier = notifier_for(settings.database_url)
        stack.push_async_callback(notifier.close)
        poster_worker = build_poster_worker(settings, store)
        stack.push_async_callback(poster_worker.close)
        writer = container.build_writer(settings)
        stack.push_async_callback(writer.close)
        handles = IndexHandles(
            writer, container.build_inventory(settings), partial(container.build_engine, settings)
        )
        stack.push_async_callback(handles.inventory.close)
        mail_worker = build_mail_worker(settings, owner)
        scheduled = [
            ScheduledTask("purge_posters", POSTER_PURGE_INTERVAL, poster_worker.purge_unreferenced),
            ScheduledTask("purge_requests", REQUEST_PURGE_INTERVAL, delete_expired_requests),
            ScheduledTask("purge_mails", MAIL_PURGE_INTERVAL, _purge_mails),
            ScheduledTask("purge_exports", EXPORT_PURGE_INTERVAL, _purge_exports),
            ScheduledTask(
                "purge_accounts",
                ACCOUNT_PURGE_INTERVAL,
                partial(purge_accounts, utc_now, PERSONAL_DATA),
            ),
            ScheduledTask(
                "erase_accounts",
                ACCOUNT_ERASURE_INTERVAL,
                partial(erase_due_accounts, utc_now, PERSONAL_DATA),
            ),
            ScheduledTask(
                "purge_audit",
                AUDIT_PURGE_INTERVAL,
                partial(purge_entries, timedelta(days=settings.audit_retention_days)),
            ),
        ]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(poster_worker.run(stop))
            tasks.create_task(mail_worker.run(stop))
            tasks.create_task(build_export_worker(owner).run(stop))
            tasks.create_task(Scheduler(TaskLeases(owner), scheduled).run(stop))
            tasks.create_task(_maintain_index(handles, notifier, owner, stop))


def build_poster_worker(settings: Settings, store: PosterStore) -> PosterWorker:
    """Build the part that fetches posters."""
    return PosterWorker(
        store,
        PosterFetcher(settings.poster_allowed_private_hosts),
        ImageProcessor(),
        generation.advance,
        utc_now,
    )


async def compose_mail(
    service_url: str, account_mails: AccountMails, order: MailOrder
) -> MailContent | None:
    """Return what a mail says; None if it has become pointless."""
    if order.kind in REVIEW_MAILS:
        return await compose_review_mail(service_url, order)
    return await account_mails.compose(order)


def build_mail_worker(settings: Settings, owner: str) -> MailWorker:
    """Build the part that sends mails."""
    return MailWorker(
        container.build_mail_transport(settings),
        partial(compose_mail, settings.link_url, AccountMails(settings.link_url, utc_now)),
        utc_now,
        owner,
        service_url=settings.link_url,
        sender=container.mail_sender(settings),
    )


def build_export_worker(owner: str) -> ExportWorker:
    """Build the part that makes exports of what is stored about people."""
    parts = [part for data in PERSONAL_DATA for part in data.export_parts]
    return ExportWorker(parts, home_folder() / "var", utc_now, owner)


async def _purge_exports() -> None:
    await export_jobs.purge(epoch_ms(utc_now()))


async def _purge_mails() -> None:
    await mail_outbox.purge(epoch_ms(utc_now()))


async def _maintain_index(
    handles: IndexHandles, notifier: OutboxNotifier, owner: str, stop: asyncio.Event
) -> None:
    """Keep the index up to date, once this process may write it."""
    if not await _open_when_available(handles.writer, stop):
        return
    await notifier.listen()
    term_writer = TermWriter()
    worker = IndexWorker(handles.writer, term_writer, notifier, utc_now, owner)
    lease = RebuildLease(owner)
    filler = IndexFiller(handles.writer, term_writer, lease)
    rebuild = Rebuild(handles, worker, lease, filler, utc_now)
    drift = Drift(handles.inventory, notifier, utc_now)
    scheduled = [
        ScheduledTask("purge_index", INDEX_PURGE_INTERVAL, worker.purge),
        ScheduledTask(
            "rebuild_outdated_index",
            OUTDATED_CHECK_INTERVAL,
            partial(rebuild_if_outdated, handles.inventory, ReindexJobs(utc_now), utc_now),
        ),
        ScheduledTask("scan_drift", DRIFT_SCAN_INTERVAL, partial(scan_drift, drift)),
    ]
    await retry_or_stop(stop, prepare_requests, _require_outage, STANDBY_INTERVAL)
    requested = [
        ScheduledTask(CHECK_TASK, ON_REQUEST, partial(compare_now, drift, repair=False)),
        ScheduledTask(REPAIR_TASK, ON_REQUEST, partial(compare_now, drift, repair=True)),
    ]
    schedulers = [
        Scheduler(TaskLeases(owner), scheduled),
        Scheduler(TaskLeases(owner), requested, poll_interval=REQUEST_POLL_INTERVAL),
    ]
    await asyncio.gather(
        worker.run(stop), rebuild.run(stop), *(scheduler.run(stop) for scheduler in schedulers)
    )


def _require_outage(error: Exception) -> None:
    """Log that the database is away, or lacks tables for now; raise any other error."""
    if log_database_fault(error):
        return
    if not is_database_error(error):
        raise error
    log.warning("standing_by", reason=repr(error)[:300])


async def _open_when_available(writer: IndexWriter, stop: asyncio.Event) -> bool:
    """Open the index as soon as no other process holds it; return False if stopped before."""
    logged_reason = ""
    while not stop.is_set():
        try:
            await writer.open()
            return True
        except Unavailable as error:
            if error.detail != logged_reason:
                log.warning("standing_by", reason=error.detail)
                logged_reason = error.detail
            await wait_or_stop(stop, STANDBY_INTERVAL)
    return False


def owner_name(database_url: str, stack: contextlib.AsyncExitStack) -> str:
    """Return a name that a restarted indexer gets again, so that it can release its old claims.

    The name is the host's and the home folder's, with the first number that no other indexer of
    this database has locked there. The lock ends with the process, however that ends.
    """
    folder = make_var_folder(home_folder())
    database_hash = hashlib.sha256(database_url.encode()).hexdigest()[:12]
    home_hash = hashlib.sha256(os.fsencode(folder)).hexdigest()[:6]
    for number in itertools.count(1):
        path = folder / f"indexer-{database_hash}-{number}.lock"
        file = stack.enter_context(os.fdopen(open_private_file(path), "r+"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return f"{socket.gethostname()[:70]}-{home_hash}-{number}"
    raise AssertionError("itertools.count never ends")


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    await run(settings, stop)


def main() -> None:
    """Run the indexer of the settings."""
    os.umask(PRIVATE_UMASK)
    settings = load_settings()
    logging.configure(settings.log_format, settings.log_level)
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
