"""Repair orphans: hits of a search whose film is not in the database.

Most of them were deleted a moment ago, and the index is about to learn it. Where it will not,
because the row was deleted outside the service, the film is put into the outbox, so that its
document is removed. This runs in the background of the search that found the orphan.
"""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import structlog

from service.database.faults import is_database_fault
from service.database.sql import now_ms
from service.errors import Unavailable
from service.films.models import Film
from service.indexing.comparison import Difference
from service.indexing.drift import Drift
from service.outbox import store
from service.search.engines.base import Inventory

log = structlog.get_logger()

MAX_PENDING = 1_000  # films waiting for the repair; the drift scan finds the rest
RECENT_MS = 60_000  # the document of a film deleted since then may be about to leave the index


class OrphanRepair:
    """A queue of possible orphans, and the task that repairs them."""

    def __init__(self, drift: Drift, inventory: Inventory) -> None:
        self._drift = drift
        self._inventory = inventory
        self._pending: dict[str, None] = {}
        self._task: asyncio.Task[None] | None = None

    def enqueue(self, film_ids: Iterable[str]) -> None:
        """Queue these films and return at once."""
        for film_id in film_ids:
            if len(self._pending) < MAX_PENDING:
                self._pending[film_id] = None
        if self._pending and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._repair_pending())

    async def wait_until_repaired(self) -> None:
        """Wait until the queue is empty."""
        if self._task is not None:
            await self._task

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _repair_pending(self) -> None:
        while self._pending:
            film_ids = list(self._pending)
            self._pending.clear()
            try:
                if orphans := await self._find_orphans(film_ids):
                    log.warning(
                        "films_gone_from_database", films=[diff.film_id for diff in orphans]
                    )
                    await self._drift.repair(orphans)
            except Exception as error:  # the drift scan will find these films
                if not isinstance(error, Unavailable) and not is_database_fault(error):
                    log.error("suspects_not_looked_into", exc_info=error)
                return

    async def _find_orphans(self, film_ids: list[str]) -> list[Difference]:
        """Return the films that are in the index, but neither in the database nor just deleted."""
        rows = await Film.filter(id__in=[UUID(film_id) for film_id in film_ids]).values_list("id")
        missing = set(film_ids) - {str(film_id) for (film_id,) in rows}
        missing -= await store.changing_film_ids(list(missing), await now_ms() - RECENT_MS)
        name = await self._inventory.live_index() if missing else None
        if name is None:
            return []
        orphans = []
        for film_id in missing:
            entry = await self._inventory.get_entry(name, film_id)
            if entry is not None and not entry.gone:
                orphans.append(Difference(film_id, "orphaned", None, entry.version))
        return orphans
