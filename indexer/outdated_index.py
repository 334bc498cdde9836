"""Rebuild the live index by itself if an earlier release made it, or if it is gone.

Such an index still answers what it can. But if a release adds a field, the index takes no changes
until it is rebuilt, and searches that need the field go to the database.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from service.database.sql import fetch_rows
from service.errors import Conflict
from service.indexing.models import Step
from service.indexing.reindex_jobs import ReindexJobs
from service.search.engines.base import Inventory

log = structlog.get_logger()

FIRST_ID = str(UUID(int=0))
FIND_INDEXED_FILM = """
    SELECT 1 FROM films WHERE NOT EXISTS (
        SELECT 1 FROM outbox WHERE outbox.film_id = films.id AND outbox.done_at IS NULL
    ) LIMIT 1
"""
"""A film that neither waits for the index nor is kept from it."""

RETRY_INTERVAL = timedelta(hours=1)  # after a rebuild that failed, or that somebody cancelled


async def rebuild_if_outdated(
    inventory: Inventory, jobs: ReindexJobs, now: Callable[[], datetime]
) -> bool:
    """Request a rebuild if the live index is gone or outdated; return whether it did.

    It is outdated if it has another mapping or analysis. It is gone, too, if a start has put an
    empty one in its place.

    Raises:
        Unavailable: the index cannot be read.
    """
    name = await inventory.live_index()
    is_current = name is not None and await inventory.is_current_schema(name)
    if name is not None and is_current and not await _lacks_all_films(inventory, name):
        return False
    if not await _is_due(jobs, now()):
        return False
    try:
        job = await jobs.request()
    except Conflict:  # somebody else has just requested one
        return False
    if name is None or is_current:
        log.warning("index_missing", job=job.id, advice="it is rebuilt now")
        return True
    log.warning("index_outdated", index=name, job=job.id, advice="it is rebuilt now")
    return True


async def _lacks_all_films(inventory: Inventory, name: str) -> bool:
    """Return whether the index is empty although there are films that it should have by now."""
    if await inventory.list_entries(name, FIRST_ID, 1):
        return False
    return bool(await fetch_rows(FIND_INDEXED_FILM))


async def _is_due(jobs: ReindexJobs, now: datetime) -> bool:
    last = await jobs.get_latest()
    if last is None:
        return True
    if last.finished_at is None:
        return False
    is_unsuccessful = last.state in (Step.FAILED, Step.CANCELLED)
    return not is_unsuccessful or now - last.finished_at >= RETRY_INTERVAL
