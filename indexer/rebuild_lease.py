"""The job's row while an indexer runs it: claimed, kept, noted, ended.

Whoever has lost the lease must not write any more, so every note is written only under its owner's
name. A wish to call the job off is read with each note; at the swap the row's lock decides which
came first.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from uuid import UUID

from service.database.sql import fetch_rows, now_ms
from service.database.transactions import run_uncancelled
from service.indexing.models import CANCELLABLE_STEPS, ReindexJob, Step
from service.indexing.reindex_jobs import last_completed

LEASE_MS = 30_000  # ms
RENEW_INTERVAL = 10.0  # seconds

SAVED_COLUMNS = (
    "state", "active", "index_name", "previous_name", "checkpoint", "began_ms", "swapped_ms",
    "done", "total", "rate", "golden", "reason", "started_at", "finished_at",
)  # fmt: skip


class RebuildFailed(Exception):
    """The rebuild cannot go on; the live index stays as it is."""


class Cancelled(Exception):
    """An operator does not want the rebuild any more."""


class LeaseLost(Exception):
    """Another indexer holds the job now."""


class RebuildLease:
    """The jobs as one indexer sees them."""

    def __init__(self, owner: str, now: Callable[[], datetime]) -> None:
        self._owner = owner
        self._now = now

    @run_uncancelled
    async def claim(self) -> ReindexJob | None:
        """The job that is wanted, if nobody else runs it."""
        now = await now_ms()
        taken = await fetch_rows(
            "UPDATE reindex_jobs SET owner = $1, leased_until = $2 "
            "WHERE active = 1 AND (owner IS NULL OR owner = $1 OR leased_until < $3) RETURNING id",
            self._owner,
            now + LEASE_MS,
            now,
        )
        return await ReindexJob.get(id=UUID(str(taken[0]["id"]))) if taken else None

    @contextlib.asynccontextmanager
    async def renewed(self, job: ReindexJob) -> AsyncIterator[None]:
        """Renew the lease for as long as this lasts, however long a step takes."""
        task = asyncio.create_task(self._renew(job.id))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def save(self, job: ReindexJob) -> None:
        """Leave the mark from which a successor would go on.

        Raises:
            Lost: another indexer has taken the job.
            CalledOff: it is not wanted any more, and there is still time.
        """
        if await self._write(job) and job.state in (*CANCELLABLE_STEPS, Step.SWAPPING):
            raise Cancelled

    async def end(self, job: ReindexJob) -> None:
        """The last note: nobody need hold the job any more. Raises `LeaseLost`."""
        await self._write(job)

    async def referenced_indexes(self) -> set[str | None]:
        """The indexes that must stay: the one being made, and the one before the live one."""
        last = await last_completed()
        active = await ReindexJob.get_or_none(active=1)
        names = {last.previous_name if last else None}
        return names | ({active.index_name, active.previous_name} if active else set())

    @run_uncancelled
    async def _write(self, job: ReindexJob) -> bool:
        """Write the note; says whether the job was called off before."""
        values = {name: getattr(job, name) for name in SAVED_COLUMNS}
        values["leased_until"] = await now_ms() + LEASE_MS
        if not await ReindexJob.filter(id=job.id, owner=self._owner).update(**values):
            raise LeaseLost
        return bool((await ReindexJob.get(id=job.id)).cancel_asked)

    async def _renew(self, job_id: UUID) -> None:
        while True:
            await asyncio.sleep(RENEW_INTERVAL)
            with contextlib.suppress(Exception):  # the next note tells whether it is still ours
                await self._lengthen(job_id)

    @run_uncancelled
    async def _lengthen(self, job_id: UUID) -> None:
        await ReindexJob.filter(id=job_id, owner=self._owner).update(
            leased_until=await now_ms() + LEASE_MS
        )
