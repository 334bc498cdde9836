"""An export worker that kills itself by SIGKILL at a given moment of its first export."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

from indexer import export_worker
from indexer.export_worker import ExportWorker
from service.accounts.personal_data import ExportPart, Row
from service.clock import utc_now
from service.database import connection
from service.exports import jobs
from service.exports.jobs import ExportJob
from tests.support.exports import PARTS

MOMENTS = ("claimed", "half_written", "half_stored", "stored", "finished")
OWNER = "crashing"


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class CrashingWorker(ExportWorker):
    """Kills the process right after a claim."""

    moment = ""

    async def _process(self, job: ExportJob) -> None:
        if self.moment == "claimed":
            crash()
        await super()._process(job)


async def read_and_crash(user_id: UUID) -> AsyncIterator[Sequence[Row]]:
    yield [{"title": "Jaws"}]
    crash()


def crash_while_storing(moment: str) -> None:
    """Have the process die between two pieces, after the last one, or once all is recorded."""
    store_chunk, finish = jobs.store_chunk, jobs.finish

    async def store_and_crash(job: ExportJob, number: int, data: bytes) -> None:
        await store_chunk(job, number, data)
        if moment == "half_stored" and number == 1:
            crash()

    async def finish_and_crash(*arguments: object) -> None:
        if moment == "stored":
            crash()
        await finish(*arguments)
        if moment == "finished":
            crash()

    jobs.store_chunk, jobs.finish = store_and_crash, finish_and_crash


async def run(moment: str, database_url: str) -> None:
    await connection.open_database(database_url)
    export_worker.CHUNK_BYTES = 100
    crash_while_storing(moment)
    parts = list(PARTS)
    if moment == "half_written":
        parts.append(ExportPart("films", ("title",), read_and_crash))
    worker = CrashingWorker(parts, Path(tempfile.gettempdir()), utc_now, OWNER)
    worker.moment = moment
    await worker.make_due()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2]))
