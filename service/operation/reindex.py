"""Filing and watching a rebuild of the index. The indexer runs it; here it is only a row."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from tortoise.exceptions import IntegrityError

from service.database import whole
from service.errors import Conflict, NotFound
from service.operation.models import ReindexJob

State = Literal["queued", "filling", "catching_up", "verifying", "done", "failed"]


@dataclass(frozen=True, slots=True)
class ReindexView:
    """A rebuild as the operator sees it; `rate` is films a second, `seconds_left` a guess."""

    id: str
    state: State
    index_name: str | None
    done: int
    total: int
    rate: float
    seconds_left: float | None
    reason: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Rebuilds:
    """The rebuilds that were asked for."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def ask(self) -> ReindexView:
        """File a rebuild.

        Raises:
            Conflict: `reindex_running`; its detail names the one under way.
        """
        job = await self._filed()
        if job is None:
            running = await ReindexJob.get_or_none(active=1)
            where = f": /api/v1/admin/reindex/{running.id}" if running else ""
            raise Conflict(f"A rebuild is under way{where}.", code="reindex_running")
        return reindex_view(job)

    @whole
    async def _filed(self) -> ReindexJob | None:
        job = ReindexJob(active=1, created_at=self._now())
        try:
            await job.save(force_create=True)
        except IntegrityError:
            return None
        return job

    async def show(self, job_id: str) -> ReindexView:
        """The rebuild with this id. Raises NotFound."""
        try:
            job = await ReindexJob.get_or_none(id=UUID(job_id))
        except ValueError:
            job = None
        if job is None:
            raise NotFound("There is no such rebuild.", code="reindex_not_found")
        return reindex_view(job)


def reindex_view(job: ReindexJob) -> ReindexView:
    left = (job.total - job.done) / job.rate if job.rate > 0 and job.finished_at is None else None
    return ReindexView(
        id=str(job.id),
        state=cast(State, job.state),
        index_name=job.index_name,
        done=job.done,
        total=job.total,
        rate=round(job.rate, 1),
        seconds_left=None if left is None else round(max(0.0, left), 1),
        reason=job.reason,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )
