"""An indexer that is killed in the middle of a rebuild, for good: by SIGKILL, to itself."""

import asyncio
import os
import signal
from functools import partial

from indexer import filling, jobs
from indexer.access import Access
from indexer.rebuild import Rebuild
from indexer.worker import Worker
from service import database, wiring
from service.films.nudge import nudge_for
from service.operation.models import ReindexJob, Step
from service.search.lexicon import Recorder
from service.settings import Settings

PROMOTED = "promoted"  # the moment between the swap and the next note


def rebuild_and_die(at: str, database_url: str, search_url: str) -> None:
    """Index what waits, take the job that was filed, and die at this step."""
    asyncio.run(_run(at, database_url, Settings(search_url=search_url)))


async def _run(at: str, database_url: str, chosen: Settings) -> None:
    filling.PAGE, filling.KEPT = 7, 14
    await database.open_database(database_url)
    writer = wiring.writer_for(chosen)
    await writer.open()
    worker = Worker(writer, Recorder(), nudge_for(database_url), wiring.utc_now, "tester")
    while await worker.step():
        pass
    noting, promoting = jobs.Jobs.note, writer.promote

    async def note(self: jobs.Jobs, job: ReindexJob) -> None:
        await noting(self, job)
        if job.state == at and (at != Step.FILLING or job.done >= 14):
            os.kill(os.getpid(), signal.SIGKILL)

    async def promote(name: str) -> None:
        await promoting(name)
        if at == PROMOTED:
            os.kill(os.getpid(), signal.SIGKILL)

    jobs.Jobs.note = note  # type: ignore[method-assign]
    writer.promote = promote  # type: ignore[method-assign]
    engine = partial(wiring.engine_for, chosen)
    access = Access(writer, wiring.inventory_for(chosen), engine)
    await Rebuild(access, Recorder(), worker, wiring.utc_now, "tester").run(asyncio.Event())
