"""`movies indexer`: the only writer of the index and of posters.

Any number may run with Elasticsearch. With tantivy one holds the index's lock and the others
stand by, ready to take over when it dies.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import itertools
import os
import signal
import socket
import tempfile
from functools import partial
from pathlib import Path

import structlog
import uvloop

from indexer.drift_scanner import DriftScanner
from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.poster_worker import PosterWorker
from indexer.rebuild import Rebuild
from indexer.shutdown import wait_or_stop
from service.clock import utc_now
from service.database import connection
from service.errors import Unavailable
from service.indexing.drift import Drift
from service.observability import logging, loop_lag
from service.outbox.notifications import OutboxNotifier, notifier_for
from service.posters.fetcher import PosterFetcher
from service.posters.image_processor import ImageProcessor
from service.search.engines.base import IndexWriter, Inventory
from service.search.index import generation
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.server.heartbeat import send_heartbeats
from service.settings import Settings, load_settings

log = structlog.get_logger()

OUTDATED = "searches go on with it; run `movies reindex`"
STAND_BY = 1.0  # seconds between two tries to open an index that another holds, or that is away


async def run(chosen: Settings, stop: asyncio.Event) -> None:
    """Index and fetch posters until `stop`."""
    async with contextlib.AsyncExitStack() as stack:
        for sign in (send_heartbeats(), loop_lag.measure_loop_lag("indexer")):
            stack.callback(asyncio.create_task(sign).cancel)
        await connection.open_database(chosen.database_url)
        stack.push_async_callback(connection.close_database)
        store = await container.build_poster_store(chosen)
        stack.push_async_callback(store.close)
        notifier = notifier_for(chosen.database_url)
        stack.push_async_callback(notifier.close)
        posters = PosterWorker(
            store,
            PosterFetcher(chosen.poster_allowed_private_hosts),
            ImageProcessor(),
            generation.advance,
            utc_now,
        )
        stack.push_async_callback(posters.close)
        writer = container.build_writer(chosen)
        stack.push_async_callback(writer.close)
        owner = owner_name(chosen.database_url, stack)
        access = IndexHandles(
            writer, container.build_inventory(chosen), partial(container.build_engine, chosen)
        )
        stack.push_async_callback(access.inventory.close)
        async with asyncio.TaskGroup() as work:
            work.create_task(posters.run(stop))
            work.create_task(_index(access, notifier, owner, stop))


async def _index(
    access: IndexHandles, notifier: OutboxNotifier, owner: str, stop: asyncio.Event
) -> None:
    """Keep the index level, once it is ours to write."""
    if not await _open(access.writer, stop):
        return
    await _look_at(access.inventory)
    await notifier.listen()
    words = TermWriter()
    worker = IndexWorker(access.writer, words, notifier, utc_now, owner)
    rebuild = Rebuild(access, words, worker, utc_now, owner)
    patrol = DriftScanner(Drift(access.inventory, notifier, utc_now), owner)
    await asyncio.gather(
        worker.run(stop), worker.purge_periodically(stop), rebuild.run(stop), patrol.run(stop)
    )


async def _look_at(inventory: Inventory) -> None:
    """Say at the start whether the live index was made with another mapping or analysis."""
    with contextlib.suppress(Unavailable):
        name = await inventory.live_index()
        if name is not None and not await inventory.is_current_schema(name):
            log.warning("index_outdated", index=name, advice=OUTDATED)


async def _open(writer: IndexWriter, stop: asyncio.Event) -> bool:
    """Open the index, however long another holds it; False if told to stop before."""
    told = ""
    while not stop.is_set():
        try:
            await writer.open()
            return True
        except Unavailable as fault:
            if fault.detail != told:
                log.warning("standing_by", reason=fault.detail)
                told = fault.detail
            await wait_or_stop(stop, STAND_BY)
    return False


def owner_name(database_url: str, stack: contextlib.AsyncExitStack) -> str:
    """A name that a restarted indexer has again, so that it frees what it held before it died.

    It is the machine's name and the first number that no other indexer of this database here
    holds; the lock ends with the process, however it ends.
    """
    which = hashlib.sha256(database_url.encode()).hexdigest()[:12]
    for number in itertools.count(1):
        path = Path(tempfile.gettempdir()) / f"movies-{os.getuid()}-{which}-indexer-{number}.lock"
        file = stack.enter_context(path.open("w"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return f"{socket.gethostname()[:80]}-{number}"
    raise AssertionError("numbers do not end")


async def serve(chosen: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(chosen, stop)


def main() -> None:
    chosen = load_settings()
    logging.configure(chosen.log_format)
    uvloop.run(serve(chosen))


if __name__ == "__main__":
    main()
