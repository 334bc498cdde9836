"""The slow comparison in the background: all day, page by page, by one indexer at a time."""

import asyncio

import structlog

from indexer.shutdown import wait_or_stop
from service.database.sql import now_ms
from service.database.transactions import is_database_fault, run_uncancelled
from service.errors import Unavailable
from service.indexing.drift import ROW_NAME, Drift
from service.indexing.models import DriftState

log = structlog.get_logger()

PAGE = 100  # films: some 20 ms, in which the indexer does nothing else
PAUSE = 0.5  # seconds between two pages: a million films take an hour and a half
REST = 60.0  # seconds between two rounds
LEASE = 120_000  # ms


class DriftScanner:
    """Compares the index with the database, round after round."""

    def __init__(self, drift: Drift, owner: str) -> None:
        self._drift = drift
        self._owner = owner

    async def run(self, stop: asyncio.Event) -> None:
        """Walk until `stop`; what fails is begun again with the next round."""
        while not stop.is_set():
            try:
                if await self._claim():
                    await self.scan_once(stop)
            except Exception as error:
                if not isinstance(error, Unavailable) and not is_database_fault(error):
                    log.error("comparison_failed", exc_info=error)
            await wait_or_stop(stop, REST)

    async def scan_once(self, stop: asyncio.Event) -> None:
        """Compare everything once; ends early at `stop`."""
        last = None
        async for tally in self._drift.compare_all(PAGE):
            last = tally
            if stop.is_set() or not await self._claim():
                return
            await wait_or_stop(stop, PAUSE)
        if last is not None and last.drift:
            log.warning(
                "index_differs",
                missing=last.missing,
                stale=last.stale,
                orphaned=last.orphaned,
                advice="run `movies check --repair`",
            )

    @run_uncancelled
    async def _claim(self) -> bool:
        """Whether this indexer is the one that compares; renews its lease."""
        await DriftState.bulk_create([DriftState(name=ROW_NAME)], ignore_conflicts=True)
        now = await now_ms()
        mine = DriftState.filter(name=ROW_NAME)
        taken = await mine.filter(owner=self._owner).update(leased_until=now + LEASE)
        return bool(
            taken
            or await mine.filter(leased_until__lt=now).update(
                owner=self._owner, leased_until=now + LEASE
            )
        )
