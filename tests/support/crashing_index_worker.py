"""An index worker that kills itself by SIGKILL within a batch."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import indexer.index_worker
from indexer.film_documents import load_documents
from indexer.index_worker import BATCH_SIZE, IndexWorker
from service.clock import utc_now
from service.database import connection
from service.outbox import store
from service.outbox.notifications import notifier_for
from service.search.index import generation
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.settings import Settings

STEPS = (
    "claim", "load_documents", "record_terms", "write", "add", "show", "advance_generation",
    "acknowledge",
)  # fmt: skip

PAGED_STEPS = ("add", "show")
"""The steps of a batch that has several pages."""


def index_until_killed(step: str, database_url: str, search_url: str) -> None:
    """Process one batch, and die as soon as this step of it is done."""
    asyncio.run(_run(step, database_url, Settings(search_url=search_url)))


async def _run(step: str, database_url: str, settings: Settings) -> None:
    await connection.open_database(database_url)
    writer = container.build_writer(settings)
    await writer.open()
    term_writer = TermWriter()
    page_size = 1 if step in PAGED_STEPS else BATCH_SIZE
    worker = IndexWorker(
        writer,
        term_writer,
        notifier_for(database_url),
        utc_now,
        "the dead one",
        page_size=page_size,
    )
    calls: dict[str, tuple[object, Callable[..., Awaitable[Any]]]] = {
        "claim": (store, store.claim_pointers),
        "load_documents": (indexer.index_worker, load_documents),
        "record_terms": (term_writer, term_writer.record),
        "write": (writer, writer.write),
        "add": (writer, writer.add),
        "show": (writer, writer.show),
        "advance_generation": (generation, generation.advance),
        "acknowledge": (store, store.acknowledge),
    }
    owner, call = calls[step]
    setattr(owner, call.__name__, _kill_after(call))
    await worker.process_batch()


def _kill_after(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(call)
    async def call_and_die(*args: Any) -> None:
        await call(*args)
        os.kill(os.getpid(), signal.SIGKILL)

    return call_and_die
