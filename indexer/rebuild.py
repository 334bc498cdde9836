"""A rebuild of the index as a release: built beside the live one, checked, swapped in one step.

The live index goes on being written meanwhile. What changed while pages were read is known from
the outbox, whose rows are kept after they are finished; those films are read again until a pass
is short, and once more while the worker holds still. Each step leaves its mark in the job's row,
so a killed indexer goes on where it was.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from indexer.worker import Worker, documents_of
from service.database import is_fault, rows, whole
from service.errors import DomainError, Unavailable
from service.films import outbox
from service.films.models import Film
from service.operation.models import ReindexJob
from service.search import generation
from service.search.document import MovieDocument
from service.search.engines.ports import IndexWriter
from service.search.lexicon import Recorder

log = structlog.get_logger()

LOOK = 0.5  # seconds between two looks for a job
PAGE = 500  # films read, prepared and sent at once
LEASE = 30_000  # ms; renewed with every page
MARGIN = 5_000  # ms of the outbox read again, for clocks that differ
SHORT = 100  # films; a catch-up pass of fewer is followed by the last one
MOST_PASSES = 50  # catch-up passes before the last one is taken anyway
TRIES = 8  # of one page, with a doubling pause, before the rebuild fails


class Failed(Exception):
    """The rebuild cannot go on; the live index stays as it is."""


class Rebuild:
    """Runs the rebuilds that are asked for, one at a time."""

    def __init__(
        self,
        writer: IndexWriter,
        words: Recorder,
        worker: Worker,
        now: Callable[[], datetime],
        owner: str,
    ) -> None:
        self._writer = writer
        self._words = words
        self._worker = worker
        self._now = now
        self._owner = owner
        self._refused: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Take jobs until `stop`; a job that fails leaves its reason in its row."""
        while not stop.is_set():
            try:
                job = await self._claim()
                if job is not None:
                    await self._carry_out(job, stop)
            except Exception as error:
                if not is_fault(error) and not isinstance(error, Unavailable):
                    log.error("rebuild_stumbled", exc_info=error)
            try:
                await asyncio.wait_for(stop.wait(), LOOK)
            except TimeoutError:
                continue

    @whole
    async def _claim(self) -> ReindexJob | None:
        now = self._ms()
        taken = await rows(
            "UPDATE reindex_jobs SET owner = $1, leased_until = $2 "
            "WHERE active = 1 AND (owner IS NULL OR owner = $1 OR leased_until < $3) RETURNING id",
            self._owner,
            now + LEASE,
            now,
        )
        return await ReindexJob.get(id=UUID(str(taken[0]["id"]))) if taken else None

    async def _carry_out(self, job: ReindexJob, stop: asyncio.Event) -> None:
        log.info("rebuild_begun", job=str(job.id), checkpoint=str(job.checkpoint))
        self._refused = set()
        try:
            await self._prepare(job)
            await self._fill(job, stop)
            if stop.is_set():
                return
            await self._catch_up(job)
            await self._release(job)
        except (Failed, DomainError) as error:
            reason = error.detail if isinstance(error, DomainError) else str(error)
            await self._fail(job, reason)

    async def _prepare(self, job: ReindexJob) -> None:
        """A fresh index, unless a killed indexer has left one to go on with."""
        if job.index_name and job.index_name in await self._writer.names():
            return
        job.state, job.checkpoint, job.done = "filling", None, 0
        job.started_at = self._now()
        job.began_ms = self._ms() - MARGIN
        job.index_name = f"movies-{job.started_at:%Y%m%d%H%M%S}-{job.id.hex[-6:]}"
        job.total = await Film.all().count()
        await self._writer.create(job.index_name)
        await self._note(job)

    async def _fill(self, job: ReindexJob, stop: asyncio.Event) -> None:
        began, before = time.monotonic(), job.done
        while not stop.is_set():
            query = Film.filter(id__gt=job.checkpoint) if job.checkpoint else Film.all()
            films = await query.order_by("id").limit(PAGE)
            if not films:
                return
            await self._send(job, [MovieDocument.of(film) for film in films])
            job.checkpoint = films[-1].id
            job.done += len(films)
            job.total = max(job.total, job.done)
            job.rate = (job.done - before) / max(time.monotonic() - began, 0.001)
            await self._note(job)

    async def _send(self, job: ReindexJob, documents: Sequence[MovieDocument]) -> None:
        """Put documents into the fresh index; passing refusals are tried again, alone."""
        assert job.index_name is not None
        await self._words.remember(word for made in documents for word in made.words())
        waiting = {made.film_id: made for made in documents}
        for attempt in range(TRIES):
            refusals = await self._writer.fill(job.index_name, list(waiting.values()))
            self._refused |= {refusal.film_id for refusal in refusals if not refusal.passing}
            waiting = {r.film_id: waiting[r.film_id] for r in refusals if r.passing}
            if not waiting:
                return
            await asyncio.sleep(0.2 * 2**attempt)
        raise Failed(f"the engine keeps refusing: {refusals[0].reason}")

    async def _catch_up(self, job: ReindexJob) -> None:
        """Read again what changed since, until little did."""
        job.state = "catching_up"
        assert job.began_ms is not None
        since = job.began_ms
        for _ in range(MOST_PASSES):
            began = self._ms() - MARGIN
            again = await self._pass(job, since)
            since = job.began_ms = began
            await self._note(job)
            if again < SHORT:
                return

    async def _pass(self, job: ReindexJob, since: int) -> int:
        """Send every film whose outbox row is open, or was finished after `since`, once more."""
        changed = await rows(
            "SELECT film_id, MAX(version) AS version FROM outbox "
            "WHERE done_at IS NULL OR done_at >= $1 GROUP BY film_id",
            since,
        )
        for start in range(0, len(changed), PAGE):
            entries = [
                outbox.Entry(0, UUID(str(row["film_id"])), row["version"], 0)
                for row in changed[start : start + PAGE]
            ]
            documents, broken = await documents_of(entries)
            self._refused |= {refusal.film_id for refusal in broken}
            await self._send(job, documents)
        return len(changed)

    async def _release(self, job: ReindexJob) -> None:
        """Check the fresh index and put it in the live one's place."""
        assert job.index_name is not None and job.began_ms is not None
        job.state = "verifying"
        await self._note(job)
        previous = await self._writer.current()
        async with self._worker.turn:
            await self._pass(job, job.began_ms)
            await self._verify(job)
            await self._writer.promote(job.index_name)
            swapped = self._ms()
        await generation.advance()
        await self._mind_the_gap(job, swapped)
        for name in await self._writer.names():
            if name not in (job.index_name, previous):
                await self._writer.drop(name)
        job.state, job.active, job.finished_at = "done", None, self._now()
        job.reason = f"{len(self._refused)} films were refused" if self._refused else None
        await self._note(job)
        log.info("rebuild_done", job=str(job.id), index=job.index_name, films=job.done)

    async def _verify(self, job: ReindexJob) -> None:
        """As many films as the database has, but for those still on their way."""
        assert job.index_name is not None
        held = await self._writer.count(job.index_name)
        there = await Film.all().count()
        waiting = (await outbox.depth(self._ms())).waiting
        if abs(held + len(self._refused) - there) > waiting:
            raise Failed(f"the fresh index holds {held} films, the database {there}")

    async def _mind_the_gap(self, job: ReindexJob, swapped: int) -> None:
        """Another indexer's bulk may have reached the old index while the swap happened.

        Its row was leased before the swap, so once no such lease is left, one more pass has it.
        """
        assert job.began_ms is not None
        while True:
            leased = await rows(
                "SELECT COUNT(*) AS n FROM outbox WHERE done_at IS NULL AND owner IS NOT NULL "
                "AND owner <> $1 AND due_at > $2 AND due_at <= $3",
                self._owner,
                self._ms(),
                swapped + outbox.LEASE,
            )
            if not leased[0]["n"]:
                break
            await asyncio.sleep(LOOK)
        await self._pass(job, job.began_ms)
        await generation.advance()

    async def _fail(self, job: ReindexJob, reason: str) -> None:
        log.error("rebuild_failed", job=str(job.id), reason=reason)
        job.state, job.active, job.finished_at = "failed", None, self._now()
        job.reason = reason[:500]
        await self._note(job)
        if job.index_name and job.index_name != await self._writer.current():
            await self._writer.drop(job.index_name)

    @whole
    async def _note(self, job: ReindexJob) -> None:
        """Leave the mark from which a successor would go on."""
        job.owner, job.leased_until = self._owner, self._ms() + LEASE
        await job.save()

    def _ms(self) -> int:
        return int(self._now().timestamp() * 1000)
