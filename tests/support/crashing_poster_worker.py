"""An indexer that is killed, by SIGKILL to itself, while a poster is between store and database."""

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


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(LocalPosterStore):
    """A folder whose user dies as soon as something lies there."""

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        await super().put(key, data, content_type)
        die()


async def nothing() -> None:
    """Nobody is told of changes here."""


async def run(at: str, database_url: str, folder: Path, host: str) -> None:
    await connection.open_database(database_url)
    if at == "half stored":
        store: LocalPosterStore = Dying(folder)
    else:
        store = LocalPosterStore(folder)
        jobs.settle = die  # type: ignore[assignment]
    posters = PosterWorker(store, PosterFetcher([host]), ImageProcessor(), nothing, utc_now)
    await posters.run_once()


if __name__ == "__main__":
    _, moment, url, where, pair = sys.argv
    asyncio.run(run(moment, url, Path(where), pair))
