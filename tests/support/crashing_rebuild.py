"""An indexer that kills itself by SIGKILL in the middle of a rebuild."""

import asyncio
import os
import signal
from functools import partial

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.rebuild_lease import RebuildLease
from service.clock import utc_now
from service.database import connection
from service.indexing.models import ReindexJob, Step
from service.outbox.notifications import notifier_for
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.settings import Settings
from tests.support.indexing import OWNER, build_rebuild

AFTER_PROMOTE = "promoted"  # between the swap and the next save
CHECKPOINT_FILMS = 14


def rebuild_until_killed(step: str, database_url: str, search_url: str) -> None:
    """Empty the outbox, run the requested rebuild, and die at this step."""
    asyncio.run(_run(step, database_url, Settings(search_url=search_url)))


async def _run(step: str, database_url: str, settings: Settings) -> None:
    await connection.open_database(database_url)
    writer = container.build_writer(settings)
    await writer.open()
    worker = IndexWorker(writer, TermWriter(), notifier_for(database_url), utc_now, OWNER)
    while await worker.process_batch():
        pass
    save, promote = RebuildLease.save, writer.promote

    async def save_and_die(self: RebuildLease, job: ReindexJob) -> None:
        await save(self, job)
        if job.state == step and (step != Step.FILLING or job.done >= CHECKPOINT_FILMS):
            os.kill(os.getpid(), signal.SIGKILL)

    async def promote_and_die(name: str) -> None:
        await promote(name)
        if step == AFTER_PROMOTE:
            os.kill(os.getpid(), signal.SIGKILL)

    RebuildLease.save = save_and_die
    writer.promote = promote_and_die
    build_engine = partial(container.build_engine, settings)
    handles = IndexHandles(writer, container.build_inventory(settings), build_engine)
    rebuild = build_rebuild(handles, worker, page_size=7, checkpoint_films=CHECKPOINT_FILMS)
    await rebuild.run(asyncio.Event())
