"""Request, watch and cancel rebuilds of the index.

Here a rebuild is only a row; the indexer runs it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import Field
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from service.audit.log import Subject, record
from service.database.transactions import run_uncancelled
from service.errors import Conflict, NotFound
from service.indexing.models import CANCELLABLE_STEPS, ReindexJob, Step
from service.text.uuids import parse_uuid


@dataclass(frozen=True, slots=True)
class GoldenView:
    """A golden query: the expected film, and the first titles from the old and the new index."""

    query: Annotated[str, Field(description="What was searched for.", examples=["jaws"])]
    expected: Annotated[
        str, Field(description="The film that must be found.", examples=["Jaws (1975)"])
    ]
    old: Annotated[
        list[str], Field(description="The first titles from the old index.", examples=[["Jaws"]])
    ]
    new: Annotated[
        list[str], Field(description="The first titles from the new index.", examples=[["Jaws"]])
    ]


@dataclass(frozen=True, slots=True)
class ReindexView:
    """A rebuild or a rollback, as operators see it.

    `rate` is in films per second; `seconds_left` is an estimate for the filling. `previous_index`
    is kept for a rollback until the next rebuild.
    """

    id: Annotated[
        str,
        Field(
            description="The id of the rebuild.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"]
        ),
    ]
    kind: Annotated[
        Literal["rebuild", "rollback"], Field(description="What is done.", examples=["rebuild"])
    ]
    state: Annotated[Step, Field(description="How far it is.", examples=["filling"])]
    cancel_asked: Annotated[
        bool, Field(description="Whether it is to be cancelled.", examples=[False])
    ]
    index_name: Annotated[
        str | None, Field(description="The new index.", examples=["movies-20261127200000"])
    ]
    previous_index: Annotated[
        str | None,
        Field(description="The index that was live before.", examples=["movies-20261126200000"]),
    ]
    done: Annotated[int, Field(description="Films written so far.", examples=[600])]
    total: Annotated[int, Field(description="Films to write.", examples=[1200])]
    rate: Annotated[float, Field(description="Films written per second.", examples=[850.0])]
    seconds_left: Annotated[
        float | None, Field(description="How long the filling will still take.", examples=[0.7])
    ]
    golden: Annotated[list[GoldenView], Field(description="The golden queries that were compared.")]
    reason: Annotated[
        str | None, Field(description="Why it failed.", examples=["The index does not answer."])
    ]
    created_at: Annotated[
        datetime, Field(description="When it was requested.", examples=["2026-11-27T20:00:00Z"])
    ]
    started_at: Annotated[
        datetime | None,
        Field(description="When an indexer began.", examples=["2026-11-27T20:00:00Z"]),
    ]
    finished_at: Annotated[
        datetime | None, Field(description="When it ended.", examples=["2026-11-27T20:00:00Z"])
    ]


@dataclass(frozen=True, slots=True)
class ReindexList:
    """Some rebuilds and rollbacks, and how many there are in all."""

    results: tuple[ReindexView, ...]
    total: int


class ReindexJobs:
    """Requests and cancels rebuilds and rollbacks."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def request(self) -> ReindexView:
        """Request a rebuild.

        Raises:
            Conflict: `reindex_running`; the detail names the active job.
        """
        return await self._insert(ReindexJob(active=1, created_at=self._now()))

    async def request_rollback(self) -> ReindexView:
        """Request a rollback to the index before the live one.

        Raises:
            Conflict: `reindex_running`, or `nothing_to_roll_back`.
        """
        last = await last_completed()
        if last is None or last.previous_name is None:
            raise Conflict(
                "There is no previous index; only a rebuild leaves one behind.",
                code="nothing_to_roll_back",
            )
        job = ReindexJob(
            kind="rollback",
            active=1,
            index_name=last.previous_name,
            began_ms=last.swapped_ms,
            created_at=self._now(),
        )
        return await self._insert(job)

    async def cancel(self, job_id: str) -> ReindexView:
        """Cancel a rebuild; it ends at its next page or step, and the live index stays.

        Raises:
            NotFound: there is no such rebuild.
            Conflict: `reindex_over`, or `reindex_swapping` when it is too late to cancel.
        """
        job = await self._get_job(job_id)
        if not await self._try_cancel(job.id):
            job = await self._get_job(job_id)
            if job.active is None:
                raise Conflict(f"This rebuild is over: {job.state}.", code="reindex_over")
            raise Conflict(
                "The new index is being swapped in; roll back when it is done.",
                code="reindex_swapping",
            )
        return await self.get(job_id)

    async def get_latest(self) -> ReindexView | None:
        """Return the job that is queued or runs, else the last one that ended, if any."""
        job = await ReindexJob.get_or_none(active=1)
        job = job or await ReindexJob.all().order_by("-created_at", "-id").first()
        return None if job is None else reindex_view(job)

    async def list_jobs(self, limit: int, offset: int) -> ReindexList:
        """Return the rebuilds and rollbacks, newest first."""
        jobs = ReindexJob.all().order_by("-created_at", "-id").offset(offset).limit(limit)
        return ReindexList(tuple(map(reindex_view, await jobs)), await ReindexJob.all().count())

    async def list_newest(self, limit: int) -> list[ReindexView]:
        """Return the newest rebuilds and rollbacks, the newest first."""
        jobs = await ReindexJob.all().order_by("-created_at", "-id").limit(limit)
        return [reindex_view(job) for job in jobs]

    async def get(self, job_id: str) -> ReindexView:
        """Return the rebuild with this id. Raises NotFound."""
        return reindex_view(await self._get_job(job_id))

    async def _insert(self, job: ReindexJob) -> ReindexView:
        if not await self._try_insert(job):
            active = await ReindexJob.get_or_none(active=1)
            location = f": /api/v1/admin/reindex/{active.id}" if active else ""
            raise Conflict(f"A rebuild is already active{location}.", code="reindex_running")
        return reindex_view(job)

    @run_uncancelled
    async def _try_insert(self, job: ReindexJob) -> bool:
        """Insert the job; return False if another one is active."""
        is_rollback = job.kind == "rollback"
        try:
            async with in_transaction():
                await job.save(force_create=True)
                await record(
                    "rollback_requested" if is_rollback else "reindex_requested",
                    Subject("reindex", job.id),
                )
        except IntegrityError:
            return False
        return True

    @run_uncancelled
    async def _try_cancel(self, job_id: UUID) -> bool:
        """Ask the job's indexer to stop, or end a job that no indexer has claimed.

        Return False if the job can no longer be cancelled.
        """
        async with in_transaction():
            cancelled = await ReindexJob.filter(
                id=job_id, active=1, state__in=[step.value for step in CANCELLABLE_STEPS]
            ).update(cancel_asked=1)
            await ReindexJob.filter(id=job_id, active=1, state=Step.QUEUED, owner=None).update(
                state=Step.CANCELLED, active=None, finished_at=self._now()
            )
            if cancelled:
                await record("reindex_cancelled", Subject("reindex", job_id))
        return bool(cancelled)

    async def _get_job(self, job_id: str) -> ReindexJob:
        uuid = parse_uuid(job_id)
        job = await ReindexJob.get_or_none(id=uuid) if uuid else None
        if job is None:
            raise NotFound("There is no such rebuild.", code="reindex_not_found")
        return job


async def last_completed() -> ReindexJob | None:
    """Return the rebuild or rollback that made the live index live, if there was one."""
    return await ReindexJob.filter(state=Step.DONE).order_by("-finished_at", "-id").first()


def reindex_view(job: ReindexJob) -> ReindexView:
    is_filling = job.state == Step.FILLING and job.rate > 0
    seconds_left = (job.total - job.done) / job.rate if is_filling else None
    return ReindexView(
        id=str(job.id),
        kind=cast(Literal["rebuild", "rollback"], job.kind),
        state=Step(job.state),
        cancel_asked=bool(job.cancel_asked),
        index_name=job.index_name,
        previous_index=job.previous_name,
        done=job.done,
        total=job.total,
        rate=round(job.rate, 1),
        seconds_left=None if seconds_left is None else round(max(0.0, seconds_left), 1),
        golden=[GoldenView(**query) for query in job.golden or []],
        reason=job.reason,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )
