"""Poster jobs: which films need a poster fetched, kept in the poster columns of a film's row.

A film whose `poster_due_at` has passed is a job. A claim moves that moment ahead, so a worker that
dies loses nothing. The outcome is written only if the job is still the one that was claimed: a
source that changed meanwhile stays due. `counters` rises when clients would see a difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import F

from service.database.claims import ClaimQuery, claim_rows
from service.database.transactions import run_uncancelled
from service.films.models import Film

LEASE_MS = 120_000  # the slowest poster takes half of it; a dead worker delays one by this much

DUE_FILMS = ClaimQuery(
    table="films",
    due="poster_due_at <= $2",
    order_by="poster_due_at",
    changes="poster_due_at = $1, poster_attempts = poster_attempts + 1",
    returning="id, poster_source, poster_status, poster_reason, poster_key, poster_attempts",
)


@dataclass(frozen=True, slots=True)
class PosterSnapshot:
    """The state of a film's poster, as clients see it."""

    status: str
    reason: str | None
    key: str | None


@dataclass(frozen=True, slots=True)
class PosterJob:
    """A claimed job; `attempts` counts this one, `lease_until` is the film's `poster_due_at`."""

    film_id: UUID
    source: str | None
    snapshot: PosterSnapshot
    attempts: int
    lease_until: int


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """The new state of a film's poster; `due_at` (epoch ms) is the next attempt, if any."""

    snapshot: PosterSnapshot
    attempts: int = 0
    due_at: int | None = None


@run_uncancelled
async def claim(now_ms: int) -> PosterJob | None:
    """Lease and return the job that has been due for longest, if there is one."""
    lease_until = now_ms + LEASE_MS
    for row in await claim_rows(DUE_FILMS, 1, lease_until, now_ms):
        return PosterJob(
            film_id=UUID(str(row["id"])),
            source=row["poster_source"],
            snapshot=PosterSnapshot(row["poster_status"], row["poster_reason"], row["poster_key"]),
            attempts=row["poster_attempts"],
            lease_until=lease_until,
        )
    return None


@run_uncancelled
async def record_outcome(job: PosterJob, outcome: JobOutcome) -> bool:
    """Write the outcome of `job`; return False if it is no longer the job that was claimed."""
    snapshot = outcome.snapshot
    updated = await Film.filter(
        id=job.film_id, poster_source=job.source, poster_due_at=job.lease_until
    ).update(
        poster_status=snapshot.status,
        poster_reason=snapshot.reason,
        poster_key=snapshot.key,
        poster_attempts=outcome.attempts,
        poster_due_at=outcome.due_at,
        counters=F("counters") + (snapshot != job.snapshot),
    )
    return bool(updated)


@run_uncancelled
async def release(job: PosterJob, due_at: int) -> None:
    """Return `job` without an attempt; it is due again at `due_at` (epoch ms)."""
    await Film.filter(id=job.film_id, poster_due_at=job.lease_until).update(
        poster_due_at=due_at, poster_attempts=F("poster_attempts") - 1
    )


@run_uncancelled
async def requeue(key: str, now_ms: int) -> None:
    """Make the films that show the poster `key` due, since the store has lost it."""
    films = Film.filter(poster_key=key, poster_due_at=None, poster_source__not_isnull=True)
    if await films.exists():  # reading first spares SQLite's only writer
        await films.update(poster_due_at=now_ms)


async def find_referenced_keys(keys: Sequence[str]) -> frozenset[str]:
    """Return those of `keys` that a film still refers to."""
    rows = await Film.filter(poster_key__in=list(keys)).values_list("poster_key", flat=True)
    return frozenset(str(key) for key in rows)
