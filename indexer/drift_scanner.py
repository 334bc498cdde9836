"""Compare index and database in the background: all day, page by page, in one indexer at a time."""

import asyncio

import structlog

from indexer.shutdown import wait_or_stop
from service.database.sql import now_ms
from service.database.transactions import is_database_fault, run_uncancelled
from service.errors import Unavailable
from service.indexing.drift import ROW_NAME, Drift
from service.indexing.models import DriftState

log = structlog.get_logger()

PAGE_SIZE = 100  # films; takes about 20 ms, in which the indexer does nothing else
PAGE_PAUSE = 0.5  # seconds between two pages: a million films take an hour and a half
SCAN_PAUSE = 60.0  # seconds between two scans
LEASE_MS = 120_000


class DriftScanner:
    """Compares the index with the database, scan after scan."""

    def __init__(self, drift: Drift, owner: str) -> None:
        self._drift = drift
        self._owner = owner

    async def run(self, stop: asyncio.Event) -> None:
        """Scan until `stop`; a scan that fails is begun again after the pause."""
        while not stop.is_set():
            try:
                if await self._claim():
                    await self.scan_once(stop)
            except Exception as error:
                if not isinstance(error, Unavailable) and not is_database_fault(error):
                    log.error("comparison_failed", exc_info=error)
            await wait_or_stop(stop, SCAN_PAUSE)

    async def scan_once(self, stop: asyncio.Event) -> None:
        """Compare everything once; return early at `stop`, or when the lease is lost."""
        last = None
        async for report in self._drift.compare_all(PAGE_SIZE):
            last = report
            if stop.is_set() or not await self._claim():
                return
            await wait_or_stop(stop, PAGE_PAUSE)
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
        """Claim the scan or renew the lease; return whether this indexer has it."""
        await DriftState.bulk_create([DriftState(name=ROW_NAME)], ignore_conflicts=True)
        now = await now_ms()
        state = DriftState.filter(name=ROW_NAME)
        renewed = await state.filter(owner=self._owner).update(leased_until=now + LEASE_MS)
        return bool(
            renewed
            or await state.filter(leased_until__lt=now).update(
                owner=self._owner, leased_until=now + LEASE_MS
            )
        )
