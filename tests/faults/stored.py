"""I8 for the poster store: every object is shown by a film, or is purged.

Run as a program, this module purges as the product does, but with a shorter minimum age than a day.
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
from tests.faults.database import DirectDatabase
from tests.support import service_runner
from tests.support.service_runner import Service

MAX_UPLOAD_AGE = timedelta(milliseconds=LEASE_MS)
"""How long a poster may be in the store before its film's row names it."""
SELECT_POSTER_KEYS = "SELECT DISTINCT poster_key FROM films WHERE poster_key IS NOT NULL"


async def check_stored_posters(
    service: Service, direct: DirectDatabase, young: timedelta = MAX_UPLOAD_AGE
) -> int:
    """Check I8; return how many objects had to be purged.

    Args:
        young: newer objects may belong to a job in progress.

    Raises:
        AssertionError: a film's poster is missing, or an unreferenced object is not purged.
    """
    there, orphans = await _compare_store(service, direct, young)
    if not orphans:
        return 0
    process = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.faults.stored", str(young.total_seconds())],
        cwd=service_runner.ROOT,
        env=service_runner.process_environment(service.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    left, orphans = await _compare_store(service, direct, young)
    assert not orphans, f"not purged: {sorted(orphans)[:3]}"
    return len(there - left)


async def _compare_store(
    service: Service, direct: DirectDatabase, young: timedelta
) -> tuple[set[str], set[str]]:
    """Return all keys, and those of old objects that no film shows."""
    async with open_store(service.environment) as store:
        shown = await _referenced_keys(direct)  # before the listing, which then has them all
        objects = [stored_object async for stored_object in store.list_objects()]
    keys = {stored_object.key for stored_object in objects}
    lost = {key for key in shown if key not in keys} & await _referenced_keys(direct)
    assert not lost, f"not in the store: {sorted(lost)[:3]}"
    shown |= await _referenced_keys(direct)
    return keys, {
        stored_object.key
        for stored_object in objects
        if stored_object.key not in shown and _is_old(stored_object, young)
    }


async def _referenced_keys(direct: DirectDatabase) -> set[str]:
    """Return the keys of the objects that films show."""
    keys = await direct.fetch_column(SELECT_POSTER_KEYS)
    return {object_key(key, size) for key in keys for size in POSTER_WIDTHS}


def _is_old(stored: StoredObject, young: timedelta) -> bool:
    return stored.written_at <= datetime.now(UTC) - young


@asynccontextmanager
async def open_store(environment: dict[str, str]) -> AsyncIterator[PosterStore]:
    """Yield the service's store, for a test."""
    store = await container.build_poster_store(
        load_settings(service_runner.process_environment(environment))
    )
    try:
        yield store
    finally:
        await store.close()


async def purge(young: timedelta) -> None:
    settings = load_settings()
    await connection.open_database(settings.database_url)
    store = await container.build_poster_store(settings)

    async def notify() -> None:
        """Ignore changes."""

    def later_now() -> datetime:
        return utc_now() + MIN_PURGE_AGE - young

    posters = PosterWorker(store, PosterFetcher(()), ImageProcessor(), notify, later_now)
    try:
        await posters.purge_unreferenced()
    finally:
        await posters.close()
        await store.close()
        await connection.close_database()


if __name__ == "__main__":
    asyncio.run(purge(timedelta(seconds=float(sys.argv[1]))))
