"""A poster worker that kills itself by SIGKILL between the store and the database."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from indexer.poster_worker import PosterWorker
from service.clock import utc_now
from service.database import connection
from service.posters import jobs
from service.posters.fetcher import PosterFetcher
from service.posters.image_processor import ImageProcessor
from service.posters.local_store import LocalPosterStore


def crash(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class CrashingStore(LocalPosterStore):
    """A folder store that kills the process after the first object is stored."""

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        await super().put(key, data, content_type)
        crash()


async def ignore_change() -> None:
    """Do nothing when films have changed."""


async def run(moment: str, database_url: str, folder: Path, allowed_host: str) -> None:
    await connection.open_database(database_url)
    if moment == "half stored":
        store: LocalPosterStore = CrashingStore(folder)
    else:
        store = LocalPosterStore(folder)
        jobs.record_outcome = crash
    fetcher = PosterFetcher([allowed_host])
    worker = PosterWorker(store, fetcher, ImageProcessor(), ignore_change, utc_now)
    await worker.run_once()


if __name__ == "__main__":
    _, moment, database_url, folder, allowed_host = sys.argv
    asyncio.run(run(moment, database_url, Path(folder), allowed_host))
