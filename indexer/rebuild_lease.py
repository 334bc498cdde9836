"""A reindex job's row while an indexer runs the job: claimed, renewed, saved, finished.

An indexer that has lost the lease must not write any more, so every save is conditional on the
owner's name. Each save also reads whether an operator has cancelled the job; at the swap the row's
lock decides which of the two came first.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

from indexer.shutdown import wait_or_stop
from service.database.sql import fetch_rows, now_ms
from service.database.transactions import run_uncancelled
from service.indexing.models import CANCELLABLE_STEPS, ReindexJob, Step
from service.indexing.reindex_jobs import last_completed

LEASE_MS = 30_000
RENEW_INTERVAL = 10.0  # seconds

SAVED_COLUMNS = (
    "state", "active", "index_name", "previous_name", "checkpoint", "began_ms", "swapped_ms",
    "done", "total", "rate", "golden", "reason", "started_at", "finished_at",
)  # fmt: skip


class RebuildFailed(Exception):
    """The rebuild cannot go on; the live index stays as it is."""


class Cancelled(Exception):
    """An operator has cancelled the rebuild."""


class LeaseLost(Exception):
    """Another indexer holds the job now."""


class RebuildLease:
    """Claims reindex jobs for one indexer and saves their progress."""

    def __init__(self, owner: str, renew_interval: float = RENEW_INTERVAL) -> None:
        self.owner = owner
        self._renew_interval = renew_interval

    @run_uncancelled
    async def claim(self) -> ReindexJob | None:
        """Claim the active job, unless there is none or another indexer runs it."""
        now = await now_ms()
        claimed = await fetch_rows(
            "UPDATE reindex_jobs SET owner = $1, leased_until = $2 "
            "WHERE active = 1 AND (owner IS NULL OR owner = $1 OR leased_until < $3) RETURNING id",
            self.owner,
            now + LEASE_MS,
            now,
        )
        return await ReindexJob.get(id=UUID(str(claimed[0]["id"]))) if claimed else None

    @contextlib.asynccontextmanager
    async def renewed(self, job: ReindexJob) -> AsyncIterator[None]:
        """Keep renewing the lease within this context, however long a step takes.

        A renewal in progress ends before the context does, so that none is written after it.
        """
        stop = asyncio.Event()
        task = asyncio.create_task(self._renew_until(stop, job.id))
        try:
            yield
        finally:
            stop.set()
            await task

    async def save(self, job: ReindexJob) -> None:
        """Save the point from which another indexer could continue.

        Raises:
            LeaseLost: another indexer has taken the job.
            Cancelled: an operator has cancelled the job, and the swap has not begun.
        """
        if await self._write(job) and job.state in (*CANCELLABLE_STEPS, Step.SWAPPING):
            raise Cancelled

    async def finish(self, job: ReindexJob) -> None:
        """Save the job's last state. Raises `LeaseLost`."""
        await self._write(job)

    async def referenced_indexes(self) -> set[str | None]:
        """Return the indexes to keep: the active job's, and the one before the live index."""
        last = await last_completed()
        active = await ReindexJob.get_or_none(active=1)
        names = {last.previous_name if last else None}
        return names | ({active.index_name, active.previous_name} if active else set())

    @run_uncancelled
    async def _write(self, job: ReindexJob) -> bool:
        """Write the row; return whether the job was cancelled before."""
        values = {name: getattr(job, name) for name in SAVED_COLUMNS}
        values["leased_until"] = await now_ms() + LEASE_MS
        if not await ReindexJob.filter(id=job.id, owner=self.owner).update(**values):
            raise LeaseLost
        return bool((await ReindexJob.get(id=job.id)).cancel_asked)

    async def _renew_until(self, stop: asyncio.Event, job_id: UUID) -> None:
        await wait_or_stop(stop, self._renew_interval)
        while not stop.is_set():
            with contextlib.suppress(Exception):  # the next save finds out whether it was lost
                await self._renew(job_id)
            await wait_or_stop(stop, self._renew_interval)

    @run_uncancelled
    async def _renew(self, job_id: UUID) -> None:
        await ReindexJob.filter(id=job_id, owner=self.owner).update(
            leased_until=await now_ms() + LEASE_MS
        )


def index_name_of(job: ReindexJob) -> str:
    """Return the name of the index that the job makes; it has one from its first step on."""
    assert job.index_name is not None
    return job.index_name
