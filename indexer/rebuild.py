"""A rebuild of the index as a release: built beside the live one, checked, swapped in one step.

The live index goes on being written meanwhile. What changed while pages were read is known from
the outbox, whose rows are kept after they are finished; those films are read again until a pass
is short, and once more while the worker holds still. Each step is noted in the job's row before it
begins and may be begun again, so whoever comes after a killed indexer goes on where it was. The
way back to the index before takes the same steps, but for the filling.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from indexer.golden_queries import golden_report, run_golden_queries
from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker, backoff_ms
from indexer.rebuild_fill import IndexFiller
from indexer.rebuild_lease import Cancelled, LeaseLost, RebuildFailed, RebuildLease
from indexer.shutdown import wait_or_stop
from service.database.sql import fetch_rows, now_ms
from service.database.transactions import is_database_fault
from service.errors import DomainError, Unavailable
from service.films.models import Film
from service.indexing.comparison import Difference, compare_pages
from service.indexing.models import ReindexJob, Step
from service.limits import OUTBOX_LEASE_MS
from service.outbox import store
from service.search.index import generation
from service.search.vocabulary import sync
from service.search.vocabulary.sync import TermWriter

log = structlog.get_logger()

POLL_INTERVAL = 0.5  # seconds between two looks for a job
MAX_INTERRUPTIONS = 8  # consecutive engine outages that a rebuild waits out: some minutes in all
REBUILD_STEPS = (
    Step.CREATING,
    Step.FILLING,
    Step.CATCHING_UP,
    Step.VERIFYING,
    Step.SWAPPING,
    Step.SETTLING,
)
ROLLBACK_STEPS = (Step.CATCHING_UP, Step.SWAPPING, Step.SETTLING)
TOLD = 3  # films named when a verification fails
MAX_CATCH_UP_AGE_MS = store.KEEP_FINISHED // 2  # ms; the outbox surely goes back as far as this


class Rebuild:
    """Runs the rebuilds that are asked for, one at a time."""

    def __init__(
        self,
        access: IndexHandles,
        words: TermWriter,
        worker: IndexWorker,
        now: Callable[[], datetime],
        owner: str,
    ) -> None:
        self._writer = access.writer
        self._inventory = access.inventory
        self._open_engine = access.open_engine
        self._worker = worker
        self._now = now
        self._owner = owner
        self._lease = RebuildLease(owner, now)
        self._filler = IndexFiller(access.writer, words, self._lease)

    async def run(self, stop: asyncio.Event) -> None:
        """Take jobs until `stop`; a job that fails leaves its reason in its row."""
        interrupted, swept = 0, False
        while not stop.is_set():
            rest, job, stood = POLL_INTERVAL, None, None
            try:
                job = await self._lease.claim()
                if job is not None:
                    swept, stood = False, (job.state, job.checkpoint)
                    await self._carry_out(job, stop, interrupted)
                elif not swept:
                    await self._sweep()
                    swept = True
                interrupted = 0
            except Exception as error:
                moved = job is not None and (job.state, job.checkpoint) != stood
                interrupted = 1 if moved else interrupted + 1
                rest = max(POLL_INTERVAL, backoff_ms(interrupted) / 1000)
                if isinstance(error, Unavailable):
                    log.warning("rebuild_waits", reason=error.detail)
                elif not is_database_fault(error) and not isinstance(error, LeaseLost):
                    log.error("rebuild_stumbled", exc_info=error)
            await wait_or_stop(stop, rest)

    async def _carry_out(self, job: ReindexJob, stop: asyncio.Event, interrupted: int) -> None:
        log.info("rebuild_begun", job=str(job.id), step=job.state, checkpoint=str(job.checkpoint))
        try:
            async with self._lease.renewed(job):
                for step in await self._left(job):
                    await self._enter(job, step)
                    await self._do(job, step, stop)
                    if stop.is_set():
                        return
            await self._end(job, Step.DONE, self._filler.told())
            log.info("rebuild_done", job=str(job.id), index=job.index_name, films=job.done)
        except Cancelled:
            await self._end(job, Step.CANCELLED, None)
        except RebuildFailed as failure:
            await self._end(job, Step.FAILED, str(failure))
        except DomainError as fault:
            if isinstance(fault, Unavailable) and interrupted < MAX_INTERRUPTIONS:
                raise  # the job stands where it is, and is taken up again
            await self._end(job, Step.FAILED, fault.detail)

    async def _left(self, job: ReindexJob) -> tuple[Step, ...]:
        """The steps from the noted one on; a swap that was broken off begins with its proof again,
        unless the engine says that it came through.
        """
        steps = ROLLBACK_STEPS if job.kind == "rollback" else REBUILD_STEPS
        if job.state not in steps:
            return steps
        at = steps.index(Step(job.state))
        if job.state != Step.SWAPPING:
            return steps[at:]
        swapped = job.swapped_ms is not None and await self._writer.live_index() == job.index_name
        return (Step.SETTLING,) if swapped else steps[at - 1 :]

    async def _enter(self, job: ReindexJob, step: Step) -> None:
        job.state = step.value
        await self._lease.save(job)

    async def _do(self, job: ReindexJob, step: Step, stop: asyncio.Event) -> None:
        match step:
            case Step.CREATING:
                await self._create(job)
            case Step.FILLING:
                if not await self._begun(job):
                    await self._create(job)
                await self._filler.fill(job, stop)
            case Step.CATCHING_UP:
                if job.kind == "rollback":
                    await self._look_for_the_old_one(job)
                await self._filler.catch_up(job)
            case Step.VERIFYING:
                await self._verify(job)
                await self._filler.catch_up(job)
            case Step.SWAPPING:
                await self._swap(job)
            case Step.SETTLING:
                await self._settle(job)

    async def _begun(self, job: ReindexJob) -> bool:
        """Whether its index is there, of this release, and may still be caught up with."""
        name = job.index_name
        if name is None or name not in await self._writer.list_indexes() or not await _recent(job):
            return False
        return await self._inventory.is_current_schema(name)

    async def _create(self, job: ReindexJob) -> None:
        """A fresh index, whose name is noted before it is made, so that a half one is swept."""
        job.checkpoint, job.done = None, 0
        job.started_at = self._now()
        job.began_ms = await now_ms()
        job.index_name = f"movies-{job.started_at:%Y%m%d%H%M%S}-{job.id.hex[-6:]}"
        job.total = await Film.all().count()
        await self._lease.save(job)
        await self._writer.create(job.index_name)

    async def _look_for_the_old_one(self, job: ReindexJob) -> None:
        """Make sure that the index to go back to is there, and bring it as far as the outbox
        reaches, if it has been out of use for longer than that.
        """
        job.started_at = job.started_at or self._now()
        name = named(job)
        if name not in await self._writer.list_indexes():
            raise RebuildFailed(f"the index {name} is not there any more")
        if not await self._inventory.is_current_schema(name):
            raise RebuildFailed(f"the index {name} was made with another mapping or analysis")
        if await _recent(job):
            return
        job.began_ms = await now_ms()
        async for page in compare_pages(self._inventory, name, by_content=False):
            await self._filler.send_again(job, page.differences)

    async def _verify(self, job: ReindexJob) -> None:
        """Compare the fresh index with the database and with its predecessor.

        Raises:
            Failed: it is not fit to go live; the reason says why.
        """
        name = named(job)
        await self._writer.count(name)  # shows all that was filled in
        assert job.began_ms is not None
        wrong: list[Difference] = []
        async for page in compare_pages(self._inventory, name, since_ms=job.began_ms):
            wrong += await self._filler.unexplained(job, page.differences)
            if len(wrong) >= TOLD:
                break
        if wrong:
            which = ", ".join(f"{each.film_id} is {each.kind}" for each in wrong[:TOLD])
            raise RebuildFailed(f"the fresh index differs from the database: {which}")
        await self._count(job)
        found = await run_golden_queries(self._open_engine, await self._writer.live_index(), name)
        job.golden = await golden_report(found)
        await self._lease.save(job)
        worse = [trial for trial in found if trial.worse]
        moving = await store.changing_film_ids([trial.film_id for trial in worse], job.began_ms)
        if lost := [trial.query for trial in worse if trial.film_id not in moving]:
            raise RebuildFailed(f"the fresh index does not find what the old one does: {lost[0]!r}")

    async def _count(self, job: ReindexJob) -> None:
        """As many films as the database has, but for those that have changed meanwhile."""
        held = await self._writer.count(named(job))
        there = await Film.all().count()
        apart = abs(held + self._filler.refused_count - there)
        if not await self._filler.changed(job, apart):
            raise RebuildFailed(f"the fresh index holds {held} films, the database {there}")

    async def _swap(self, job: ReindexJob) -> None:
        """The last catch-up while the worker holds still, then one step that no search notices.

        Whether an earlier try came through is read from the engine, not remembered.
        """
        name = named(job)
        if await self._writer.live_index() == name:
            return
        async with self._worker.batch_lock:
            await self._filler.send_changed(job)
            if job.kind == "rebuild":
                await self._count(job)
            job.previous_name = await self._writer.live_index()
            job.swapped_ms = await now_ms()
            await self._lease.save(job)
            await self._writer.promote(name)

    async def _settle(self, job: ReindexJob) -> None:
        """After the swap: what reached the old index meanwhile, and what the new one may take."""
        await generation.advance()
        await self._wait_for_others(job)
        await self._filler.send_changed(job)
        await store.requeue_quarantined(self._filler.refused)
        await generation.advance()
        if job.kind == "rebuild":
            await sync.mark_vocabulary_complete()

    async def _wait_for_others(self, job: ReindexJob) -> None:
        """Another indexer's bulk may have reached the old index while the swap happened.

        Its row was leased before the swap, so once no such lease is left, one more pass has it.
        """
        assert job.swapped_ms is not None
        while True:
            leased = await fetch_rows(
                "SELECT COUNT(*) AS n FROM outbox WHERE done_at IS NULL AND owner IS NOT NULL "
                "AND owner <> $1 AND due_at > $2 AND due_at <= $3",
                self._owner,
                await now_ms(),
                job.swapped_ms + OUTBOX_LEASE_MS,
            )
            if not leased[0]["n"]:
                return
            await asyncio.sleep(POLL_INTERVAL)

    async def _end(self, job: ReindexJob, step: Step, reason: str | None) -> None:
        if step is Step.FAILED:
            log.error("rebuild_failed", job=str(job.id), reason=reason)
        job.state, job.active, job.finished_at = step.value, None, self._now()
        job.reason = reason[:500] if reason else None
        await self._lease.end(job)
        await self._sweep()

    async def _sweep(self) -> None:
        """Remove every index but the live one, the one before it, and the one being made.

        The names are read first: an index is noted in its job before it is made, so whatever was
        there then and stands in no job that counts is a leftover.
        """
        names = await self._writer.list_indexes()
        kept = {await self._writer.live_index(), *await self._lease.referenced_indexes()}
        for name in names:
            if name not in kept:
                log.info("index_swept", index=name)
                await self._writer.drop(name)


def named(job: ReindexJob) -> str:
    """The index that the job makes; it has a name from its first step on."""
    assert job.index_name is not None
    return job.index_name


async def _recent(job: ReindexJob) -> bool:
    """Whether the outbox still knows all that changed since the job's noted time."""
    return job.began_ms is not None and await now_ms() - job.began_ms < MAX_CATCH_UP_AGE_MS
