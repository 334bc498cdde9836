"""I8, as the store of posters tells it: what lies there is shown by a film, or is swept.

Run as a program it is the product's own sweep, done as if the day that it leaves to what may be on
its way were two minutes.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from indexer.poster_worker import MIN_PURGE_AGE, PosterWorker
from service.clock import utc_now
from service.database import connection
from service.films.poster_response import POSTER_WIDTHS
from service.posters.fetcher import PosterFetcher
from service.posters.image_processor import ImageProcessor
from service.posters.jobs import LEASE_MS
from service.posters.store import PosterStore, StoredObject, object_key
from service.server import container
from service.settings import load_settings
from tests.faults.database import Direct
from tests.support import service_runner
from tests.support.service_runner import Service

YOUNG = timedelta(
    milliseconds=LEASE_MS
)  # so long a poster may take from the store to its film's row
SHOWN = "SELECT DISTINCT poster_key FROM films WHERE poster_key IS NOT NULL"


async def accounted_for(service: Service, direct: Direct, young: timedelta = YOUNG) -> int:
    """Check it; returns how many objects the sweep had to remove.

    Args:
        young: what was written since then may be on its way still.

    Raises:
        AssertionError: a film's poster is not there, or the sweep leaves what no film shows.
    """
    there, orphans = await _looked_at(service, direct, young)
    if not orphans:
        return 0
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.faults.stored", str(young.total_seconds())],
        cwd=service_runner.ROOT,
        env=service_runner.process_environment(service.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    left, orphans = await _looked_at(service, direct, young)
    assert not orphans, f"not swept: {sorted(orphans)[:3]}"
    return len(there - left)


async def _looked_at(
    service: Service, direct: Direct, young: timedelta
) -> tuple[set[str], set[str]]:
    """All keys, and those that no film shows though they are not young any more."""
    async with store_of(service.environment) as store:
        shown = await _shown(direct)  # first: what is stored meanwhile is no film's loss
        found = [each async for each in store.list_objects()]
    keys = {each.key for each in found}
    lost = {key for key in shown if key not in keys} & await _shown(direct)
    assert not lost, f"not in the store: {sorted(lost)[:3]}"
    shown |= await _shown(direct)
    return keys, {each.key for each in found if each.key not in shown and _old(each, young)}


async def _shown(direct: Direct) -> set[str]:
    """Return the keys of the objects that films show."""
    keys = await direct.values(SHOWN)
    return {object_key(key, size) for key in keys for size in POSTER_WIDTHS}


def _old(stored: StoredObject, young: timedelta) -> bool:
    return stored.written_at <= datetime.now(UTC) - young


@asynccontextmanager
async def store_of(environment: dict[str, str]) -> AsyncIterator[PosterStore]:
    """Yield the service's store, for a test."""
    store = await container.build_poster_store(
        load_settings(service_runner.process_environment(environment))
    )
    try:
        yield store
    finally:
        await store.close()


async def sweep(young: timedelta) -> None:
    chosen = load_settings()
    await connection.open_database(chosen.database_url)
    store = await container.build_poster_store(chosen)

    async def nobody() -> None:
        """Is told of changes here."""

    def later() -> datetime:
        return utc_now() + MIN_PURGE_AGE - young

    posters = PosterWorker(store, PosterFetcher(()), ImageProcessor(), nobody, later)
    try:
        await posters.purge_unreferenced()
    finally:
        await posters.close()
        await store.close()
        await connection.close_database()


if __name__ == "__main__":
    asyncio.run(sweep(timedelta(seconds=float(sys.argv[1]))))
