"""Exports as jobs: requested by the API, claimed by an indexer under a lease.

A process that dies loses nothing: its claim ends by itself, and the next one begins anew. What a
process writes after it has lost its lease stays unread, since pieces are read by their attempt.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from service.database.claims import ClaimQuery, claim_rows
from service.database.transactions import run_uncancelled
from service.exports.models import Export, ExportChunk

LEASE_MS = 60_000  # renewed with each piece; after a crash, an export waits this long
MAX_ATTEMPTS = 3  # then it has failed; one that kills its process must not go on doing so
RETRY_DELAY_MS = 30_000  # after an attempt that failed
RETENTION_MS = 7 * 86_400_000  # of an archive, and of the row of a failed one

Failure = Literal["interrupted", "too_large", "error"]
"""Why there is no archive: its process died each time, it would be too large, or a fault."""


DUE_EXPORTS = ClaimQuery(
    table="exports",
    due="finished_at IS NULL AND due_at <= $3",
    order_by="due_at, id",
    changes="due_at = $1, owner = $2, attempts = attempts + 1",
    returning="id, user_id, attempts",
)


class ExportLostError(Exception):
    """Another process has the job, or the account is gone."""


@dataclass(frozen=True, slots=True)
class ExportJob:
    """A claimed export; `attempt` counts its claims, this one included."""

    id: UUID
    user_id: UUID
    attempt: int


async def claim(owner: str, now_ms: int) -> ExportJob | None:
    """Lease the export that has been due for longest to `owner`, if there is one."""
    if not await Export.filter(finished_at__isnull=True, due_at__lte=now_ms).exists():
        return None  # without taking the lock for writing
    return await _claim(owner, now_ms)


@run_uncancelled
async def _claim(owner: str, now_ms: int) -> ExportJob | None:
    rows = await claim_rows(DUE_EXPORTS, 1, now_ms + LEASE_MS, owner, now_ms)
    for row in rows:
        return ExportJob(UUID(str(row["id"])), UUID(str(row["user_id"])), row["attempts"])
    return None


@run_uncancelled
async def renew(job: ExportJob, now_ms: int) -> None:
    """Extend the lease of a job. Raises ExportLostError."""
    if not await _held(job).update(due_at=now_ms + LEASE_MS):
        raise ExportLostError


@run_uncancelled
async def store_chunk(job: ExportJob, number: int, data: bytes) -> None:
    """Store one piece of the archive. Raises ExportLostError."""
    try:
        await ExportChunk.create(export_id=job.id, attempt=job.attempt, number=number, data=data)
    except IntegrityError:
        raise ExportLostError from None  # the account has been erased


async def read_chunks(export: Export) -> AsyncIterator[bytes]:
    """Yield the pieces of the archive of a finished export."""
    pieces = ExportChunk.filter(export_id=export.id, attempt=export.attempts)
    number = 0
    while chunk := await pieces.get_or_none(number=number):
        yield chunk.data
        number += 1


@run_uncancelled
async def finish(job: ExportJob, size_bytes: int, now_ms: int) -> None:
    """Publish the archive, whose pieces are stored. Raises ExportLostError."""
    async with in_transaction():
        if not await _held(job).update(finished_at=now_ms, owner=None, size_bytes=size_bytes):
            raise ExportLostError
        await ExportChunk.filter(export_id=job.id).exclude(attempt=job.attempt).delete()


@run_uncancelled
async def fail(job: ExportJob, failure: Failure, now_ms: int) -> None:
    """Give an export up, unless it is finished or another process's by now."""
    async with in_transaction():
        if await _held(job).update(finished_at=now_ms, owner=None, failure=failure):
            await ExportChunk.filter(export_id=job.id, attempt__lte=job.attempt).delete()


@run_uncancelled
async def retry(job: ExportJob, due_at: int) -> None:
    """Have an export tried again at `due_at`, by any process."""
    await _held(job).update(due_at=due_at, owner=None)


@run_uncancelled
async def release(job: ExportJob) -> None:
    """Return a job without an attempt, since this process stops, unless it is finished by now."""
    async with in_transaction():
        if await _held(job).update(due_at=0, owner=None, attempts=F("attempts") - 1):
            await ExportChunk.filter(export_id=job.id, attempt=job.attempt).delete()


@run_uncancelled
async def release_claims(owner: str) -> None:
    """Release what `owner` had claimed before it died; called when it starts again."""
    await Export.filter(finished_at__isnull=True, owner=owner).update(due_at=0, owner=None)


@run_uncancelled
async def purge(now_ms: int) -> None:
    """Delete exports that ended a week ago."""
    await Export.filter(finished_at__lt=now_ms - RETENTION_MS).delete()


def _held(job: ExportJob) -> QuerySet[Export]:
    """Return the row of a job, if it is still this process's."""
    return Export.filter(
        id=job.id, attempts=job.attempt, finished_at__isnull=True, owner__isnull=False
    )
