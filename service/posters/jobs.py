"""Which films want a poster, and what became of it: the poster columns of a film's row.

A film with `poster_due_at` is an order. It is claimed for a while by moving that moment ahead, so
that an indexer that dies loses nothing, and settled only if it is still the same order: a source
that changed meanwhile stays due. Counters rise when clients would see a difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import F

from service.database.connection import is_postgres
from service.database.sql import fetch_rows
from service.database.transactions import run_uncancelled
from service.films.models import Film

LEASE = 120_000  # ms; the slowest poster takes half of it, and a death costs at most this

CLAIM = """
    UPDATE films SET poster_due_at = $1, poster_attempts = poster_attempts + 1
    WHERE id = (
        SELECT id FROM films WHERE poster_due_at <= $2
        ORDER BY poster_due_at LIMIT 1 /* locked */)
    RETURNING id, poster_source, poster_status, poster_reason, poster_key, poster_attempts
"""


@dataclass(frozen=True, slots=True)
class PosterSnapshot:
    """What clients see of a film's poster."""

    status: str
    reason: str | None
    key: str | None


@dataclass(frozen=True, slots=True)
class PosterJob:
    """One claimed film; `attempts` counts this one, `lease` is its due moment in ms."""

    film_id: UUID
    source: str | None
    snapshot: PosterSnapshot
    attempts: int
    lease: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an order came to; `due_at` (ms) is when to look again, if ever."""

    seen: PosterSnapshot
    attempts: int = 0
    due_at: int | None = None


@run_uncancelled
async def claim(now_ms: int) -> PosterJob | None:
    """Lease the order that has been due for longest, if there is one."""
    locked = "FOR UPDATE SKIP LOCKED" if is_postgres() else ""
    found = await fetch_rows(CLAIM.replace("/* locked */", locked), now_ms + LEASE, now_ms)
    for row in found:
        return PosterJob(
            film_id=UUID(str(row["id"])),
            source=row["poster_source"],
            snapshot=PosterSnapshot(row["poster_status"], row["poster_reason"], row["poster_key"]),
            attempts=row["poster_attempts"],
            lease=now_ms + LEASE,
        )
    return None


@run_uncancelled
async def settle(order: PosterJob, outcome: Outcome) -> bool:
    """Write what became of `order`; False if it is no longer the order that was claimed."""
    seen = outcome.seen
    written = await Film.filter(
        id=order.film_id, poster_source=order.source, poster_due_at=order.lease
    ).update(
        poster_status=seen.status,
        poster_reason=seen.reason,
        poster_key=seen.key,
        poster_attempts=outcome.attempts,
        poster_due_at=outcome.due_at,
        counters=F("counters") + (seen != order.snapshot),
    )
    return bool(written)


@run_uncancelled
async def release(order: PosterJob, due_at: int) -> None:
    """Give `order` back untried; it is due again at `due_at` (ms)."""
    await Film.filter(id=order.film_id, poster_due_at=order.lease).update(
        poster_due_at=due_at, poster_attempts=F("poster_attempts") - 1
    )


@run_uncancelled
async def requeue(key: str, now_ms: int) -> None:
    """Order the poster stored as `key` again, since the store has lost it."""
    lost = Film.filter(poster_key=key, poster_due_at=None, poster_source__not_isnull=True)
    if await lost.exists():  # reading first spares SQLite's only writer
        await lost.update(poster_due_at=now_ms)


async def referenced_keys(keys: Sequence[str]) -> frozenset[str]:
    """Those of `keys` that some film still shows."""
    found = await Film.filter(poster_key__in=list(keys)).values_list("poster_key", flat=True)
    return frozenset(str(key) for key in found)
