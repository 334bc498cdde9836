"""Rebuild the index beside the live one, verify it, and swap it in without a search noticing.

The live index is still written meanwhile. The outbox keeps its rows after they are acknowledged, so
it tells which films changed while pages were read. Those films are sent again until a pass is
short, and once more while the index worker holds still. Each step is saved in the job's row before
it begins and may be begun again, so that another indexer can continue after a kill. A rollback to
the previous index takes the same steps, except those that make and verify a new index.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import structlog

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.rebuild_fill import IndexFiller
from indexer.rebuild_lease import Cancelled, LeaseLost, RebuildFailed, RebuildLease, index_name_of
from indexer.rebuild_verify import IndexVerifier
from indexer.shutdown import wait_or_stop
from service.database.faults import is_database_fault
from service.database.sql import fetch_rows, now_ms
from service.errors import DomainError, Unavailable
from service.films.models import Film
from service.indexing.comparison import compare_pages
from service.indexing.models import ReindexJob, Step
from service.limits import OUTBOX_LEASE_MS
from service.outbox import store
from service.outbox.retry_delay import retry_delay_ms
from service.search.index import generation
from service.search.vocabulary import sync

log = structlog.get_logger()

POLL_INTERVAL = 0.5  # seconds between two looks for a job
MAX_INTERRUPTIONS = 8  # outages in a row before a job fails; with backoff, some minutes
REBUILD_STEPS = (
    Step.CREATING,
    Step.FILLING,
    Step.CATCHING_UP,
    Step.VERIFYING,
    Step.SWAPPING,
    Step.SETTLING,
)
ROLLBACK_STEPS = (Step.CATCHING_UP, Step.SWAPPING, Step.SETTLING)
MAX_CATCH_UP_AGE_MS = store.RETENTION_MS // 2  # the outbox surely reaches back this far

StepHandler = Callable[[ReindexJob], Awaitable[None]]


class Rebuild:
    """Runs the rebuilds and rollbacks that operators request, one at a time."""

    def __init__(
        self,
        handles: IndexHandles,
        worker: IndexWorker,
        lease: RebuildLease,
        filler: IndexFiller,
        now: Callable[[], datetime],
        *,
        max_interruptions: int = MAX_INTERRUPTIONS,
    ) -> None:
        self._writer = handles.writer
        self._inventory = handles.inventory
        self._worker = worker
        self._lease = lease
        self._filler = filler
        self._verifier = IndexVerifier(handles, filler, lease)
        self._now = now
        self._max_interruptions = max_interruptions

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until `stop`; a job that fails leaves its reason in its row."""
        interruptions, leftovers_dropped = 0, False
        while not stop.is_set():
            wait, job, progress = POLL_INTERVAL, None, None
            try:
                job = await self._lease.claim()
                if job is not None:
                    leftovers_dropped, progress = False, (job.state, job.checkpoint)
                    await self._run_job(job, stop, interruptions)
                elif not leftovers_dropped:
                    await self._drop_leftovers()
                    leftovers_dropped = True
                interruptions = 0
            except Exception as error:
                progressed = job is not None and (job.state, job.checkpoint) != progress
                interruptions = 1 if progressed else interruptions + 1
                wait = max(POLL_INTERVAL, retry_delay_ms(interruptions) / 1000)
                if isinstance(error, Unavailable):
                    log.warning("rebuild_waits", reason=error.detail)
                elif not is_database_fault(error) and not isinstance(error, LeaseLost):
                    log.error("rebuild_stumbled", exc_info=error)
            await wait_or_stop(stop, wait)

    async def _run_job(self, job: ReindexJob, stop: asyncio.Event, interruptions: int) -> None:
        """Run the job's remaining steps; raise an outage after which it can continue."""
        log.info("rebuild_begun", job=str(job.id), step=job.state, checkpoint=str(job.checkpoint))
        try:
            async with self._lease.renewed(job):
                handlers = self._step_handlers(stop)
                for step in await self._remaining_steps(job):
                    job.state = step.value
                    await self._lease.save(job)
                    await handlers[step](job)
                    if stop.is_set():
                        return
            await self._finish(job, Step.DONE, self._filler.summarize_rejections())
            log.info("rebuild_done", job=str(job.id), index=job.index_name, films=job.done)
        except Cancelled:
            await self._finish(job, Step.CANCELLED, None)
        except RebuildFailed as failure:
            await self._finish(job, Step.FAILED, str(failure))
        except DomainError as error:
            if isinstance(error, Unavailable) and interruptions < self._max_interruptions:
                raise  # the job keeps its step and checkpoint, and is resumed later
            await self._finish(job, Step.FAILED, error.detail)

    def _step_handlers(self, stop: asyncio.Event) -> dict[Step, StepHandler]:
        return {
            Step.CREATING: self._create,
            Step.FILLING: partial(self._fill, stop=stop),
            Step.CATCHING_UP: self._catch_up,
            Step.VERIFYING: self._verify,
            Step.SWAPPING: self._swap,
            Step.SETTLING: self._settle,
        }

    async def _remaining_steps(self, job: ReindexJob) -> tuple[Step, ...]:
        """Return the steps from the saved one on.

        An interrupted swap repeats the step before it, unless the engine says that the new index
        is live.
        """
        steps = ROLLBACK_STEPS if job.kind == "rollback" else REBUILD_STEPS
        if job.state not in steps:
            return steps
        position = steps.index(Step(job.state))
        if job.state != Step.SWAPPING:
            return steps[position:]
        swapped = job.swapped_ms is not None and await self._writer.live_index() == job.index_name
        return (Step.SETTLING,) if swapped else steps[position - 1 :]

    async def _create(self, job: ReindexJob) -> None:
        """Create an empty index.

        Its name is saved before the index exists, so that a half-made one is found and dropped.
        """
        job.checkpoint, job.done = None, 0
        job.started_at = self._now()
        job.began_ms = await now_ms()
        job.index_name = f"movies-{job.started_at:%Y%m%d%H%M%S}-{job.id.hex[-6:]}"
        job.total = await Film.all().count()
        await self._lease.save(job)
        await self._writer.create(job.index_name)

    async def _fill(self, job: ReindexJob, stop: asyncio.Event) -> None:
        if not await self._can_continue_filling(job):
            await self._create(job)
        await self._filler.fill(job, stop)

    async def _can_continue_filling(self, job: ReindexJob) -> bool:
        """Return whether the job's index exists, has this release's schema, and can catch up."""
        name = job.index_name
        if name is None or name not in await self._writer.list_indexes():
            return False
        return await _can_catch_up(job) and await self._inventory.is_current_schema(name)

    async def _catch_up(self, job: ReindexJob) -> None:
        if job.kind == "rollback":
            await self._prepare_rollback(job)
        await self._filler.catch_up(job)

    async def _prepare_rollback(self, job: ReindexJob) -> None:
        """Check that the previous index can be used again.

        If it has been out of use for longer than the outbox reaches back, compare all of it with
        the database and send what differs.
        """
        job.started_at = job.started_at or self._now()
        name = index_name_of(job)
        if name not in await self._writer.list_indexes():
            raise RebuildFailed(f"the index {name} no longer exists")
        if not await self._inventory.is_current_schema(name):
            raise RebuildFailed(f"the index {name} was made with another mapping or analysis")
        if await _can_catch_up(job):
            return
        job.began_ms = await now_ms()
        async for page in compare_pages(self._inventory, name, by_content=False):
            await self._filler.resend(job, page.differences)

    async def _verify(self, job: ReindexJob) -> None:
        await self._verifier.verify(job)
        await self._filler.catch_up(job)

    async def _swap(self, job: ReindexJob) -> None:
        """Catch up for the last time while the index worker holds still, then swap atomically.

        Whether an earlier attempt succeeded is read from the engine, since a kill may lose it.
        """
        name = index_name_of(job)
        if await self._writer.live_index() == name:
            return
        async with self._worker.batch_lock:
            await self._filler.send_changes(job)
            if job.kind == "rebuild":
                await self._verifier.check_film_count(job)
            job.previous_name = await self._writer.live_index()
            job.swapped_ms = await now_ms()
            await self._lease.save(job)
            await self._writer.promote(name)

    async def _settle(self, job: ReindexJob) -> None:
        """After the swap, send what still reached the old index, and retry quarantined films."""
        await generation.advance()
        await self._wait_for_other_indexers(job)
        await self._filler.send_changes(job)
        await store.requeue_quarantined(self._filler.rejected_ids)
        await generation.advance()
        if job.kind == "rebuild":
            await sync.mark_vocabulary_complete()

    async def _wait_for_other_indexers(self, job: ReindexJob) -> None:
        """Wait until no batch that another indexer claimed before the swap is in progress.

        Such a batch may have reached the old index during the swap. Its rows were leased before
        the swap, so once no such lease is left, one more pass includes them.
        """
        assert job.swapped_ms is not None
        while True:
            leased = await fetch_rows(
                "SELECT COUNT(*) AS n FROM outbox WHERE done_at IS NULL AND owner IS NOT NULL "
                "AND owner <> $1 AND due_at > $2 AND due_at <= $3",
                self._lease.owner,
                await now_ms(),
                job.swapped_ms + OUTBOX_LEASE_MS,
            )
            if not leased[0]["n"]:
                return
            await asyncio.sleep(POLL_INTERVAL)

    async def _finish(self, job: ReindexJob, step: Step, reason: str | None) -> None:
        if step is Step.FAILED:
            log.error("rebuild_failed", job=str(job.id), reason=reason)
        job.state, job.active, job.finished_at = step.value, None, self._now()
        job.reason = reason[:500] if reason else None
        await self._lease.finish(job)
        await self._drop_leftovers()

    async def _drop_leftovers(self) -> None:
        """Drop every index but the live one, the previous one, and the one being made.

        The names are listed first. An index is saved in its job before it is created, so an index
        that existed then and that no relevant job names is a leftover.
        """
        names = await self._writer.list_indexes()
        referenced = {await self._writer.live_index(), *await self._lease.referenced_indexes()}
        for name in names:
            if name not in referenced:
                log.info("index_swept", index=name)
                await self._writer.drop(name)


async def _can_catch_up(job: ReindexJob) -> bool:
    """Return whether the outbox still has every change since the job's saved time."""
    return job.began_ms is not None and await now_ms() - job.began_ms < MAX_CATCH_UP_AGE_MS
