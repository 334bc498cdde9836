"""Films that a search met in the index and not in the database, looked into behind its back.

Mostly they were deleted a moment ago and the index is about to learn it. Where it will not, since
the row went behind the service's back, the film is filed in the outbox, so that its document goes.
"""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import structlog

from service.database.sql import now_ms
from service.database.transactions import is_database_fault
from service.errors import Unavailable
from service.films.models import Film
from service.indexing.comparison import Difference
from service.indexing.drift import Drift
from service.outbox import store
from service.search.engines.base import Inventory

log = structlog.get_logger()

MOST = 1_000  # that wait to be looked into; the slow comparison finds the rest
RECENT = 60_000  # ms; the document of a film that was deleted since then may be on its way out


class OrphanRepair:
    """What is to be looked into, and the one task that does it."""

    def __init__(self, drift: Drift, inventory: Inventory) -> None:
        self._drift = drift
        self._inventory = inventory
        self._waiting: dict[str, None] = {}
        self._looking: asyncio.Task[None] | None = None

    def enqueue(self, film_ids: Iterable[str]) -> None:
        """Take note of these and return at once."""
        for film_id in film_ids:
            if len(self._waiting) < MOST:
                self._waiting[film_id] = None
        if self._waiting and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look_into())

    async def wait_until_repaired(self) -> None:
        """Wait until all has been looked into."""
        if self._looking is not None:
            await self._looking

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look_into(self) -> None:
        while self._waiting:
            met = list(self._waiting)
            self._waiting.clear()
            try:
                if orphaned := await self._orphaned(met):
                    log.warning("films_gone_from_database", films=[d.film_id for d in orphaned])
                    await self._drift.repair(orphaned)
            except Exception as error:  # the slow comparison will find them
                if not isinstance(error, Unavailable) and not is_database_fault(error):
                    log.error("suspects_not_looked_into", exc_info=error)
                return

    async def _orphaned(self, met: list[str]) -> list[Difference]:
        """Those of which the index has a document, and the database neither row nor deletion."""
        there = await Film.filter(id__in=[UUID(film_id) for film_id in met]).values_list("id")
        left = set(met) - {str(film_id) for (film_id,) in there}
        left -= await store.changing_film_ids(list(left), await now_ms() - RECENT)
        name = await self._inventory.live_index() if left else None
        if name is None:
            return []
        found = []
        for film_id in left:
            held = await self._inventory.get_entry(name, film_id)
            if held is not None and not held.gone:
                found.append(Difference(film_id, "orphaned", None, held.version))
        return found
