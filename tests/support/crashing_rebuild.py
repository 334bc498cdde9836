"""An indexer that is killed in the middle of a rebuild, for good: by SIGKILL, to itself."""

import asyncio
import os
import signal
from functools import partial

from indexer import rebuild_fill, rebuild_lease
from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.rebuild import Rebuild
from service.clock import utc_now
from service.database import connection
from service.indexing.models import ReindexJob, Step
from service.outbox.notifications import notifier_for
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.settings import Settings

AFTER_PROMOTE = "promoted"  # the moment between the swap and the next note


def rebuild_until_killed(at: str, database_url: str, search_url: str) -> None:
    """Index what waits, take the job that was filed, and die at this step."""
    asyncio.run(_run(at, database_url, Settings(search_url=search_url)))


async def _run(at: str, database_url: str, chosen: Settings) -> None:
    rebuild_fill.PAGE_SIZE, rebuild_fill.CHECKPOINT_FILMS = 7, 14
    await connection.open_database(database_url)
    writer = container.build_writer(chosen)
    await writer.open()
    worker = IndexWorker(writer, TermWriter(), notifier_for(database_url), utc_now, "tester")
    while await worker.process_batch():
        pass
    noting, promoting = rebuild_lease.RebuildLease.save, writer.promote

    async def note(self: rebuild_lease.RebuildLease, job: ReindexJob) -> None:
        await noting(self, job)
        if job.state == at and (at != Step.FILLING or job.done >= 14):
            os.kill(os.getpid(), signal.SIGKILL)

    async def promote(name: str) -> None:
        await promoting(name)
        if at == AFTER_PROMOTE:
            os.kill(os.getpid(), signal.SIGKILL)

    rebuild_lease.RebuildLease.save = note  # type: ignore[method-assign]
    writer.promote = promote  # type: ignore[method-assign]
    engine = partial(container.build_engine, chosen)
    index_handles = IndexHandles(writer, container.build_inventory(chosen), engine)
    await Rebuild(index_handles, TermWriter(), worker, utc_now, "tester").run(asyncio.Event())
