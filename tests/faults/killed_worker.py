"""An indexer that is killed within its loop, for good: by SIGKILL, to itself."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import indexer.index_worker
from indexer.index_worker import IndexWorker
from service.clock import utc_now
from service.database import connection
from service.outbox import store
from service.outbox.notifications import notifier_for
from service.search.index import generation
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.settings import Settings

STEPS = ("claimed", "read", "words noted", "sent", "generation raised", "finished")


def index_until_killed(after: str, database_url: str, search_url: str) -> None:
    """Take what waits, and die as soon as this step of the loop is done."""
    asyncio.run(_run(after, database_url, Settings(search_url=search_url)))


async def _run(after: str, database_url: str, chosen: Settings) -> None:
    await connection.open_database(database_url)
    writer = container.build_writer(chosen)
    await writer.open()
    worker = IndexWorker(writer, TermWriter(), notifier_for(database_url), utc_now, "the dead one")
    where: dict[str, tuple[object, str]] = {
        "claimed": (store, "claim"),
        "read": (indexer.index_worker, "documents_of"),
        "words noted": (worker._term_writer, "remember"),
        "sent": (writer, "write"),
        "generation raised": (generation, "advance"),
        "finished": (store, "finish"),
    }
    holder, name = where[after]
    setattr(holder, name, _deadly(getattr(holder, name)))
    await worker.process_batch()


def _deadly(step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(step)
    async def last(*args: Any) -> None:
        await step(*args)
        os.kill(os.getpid(), signal.SIGKILL)

    return last
