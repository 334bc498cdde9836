"""The outbox: pointers to films that the index has not seen in their present version.

A pointer is written in the transaction that changes its film, so neither can be lost without the
other. Index workers claim pointers under a lease and do not remove them, so a worker that dies
loses nothing. They claim what is not finished, never "ids above the last one": ids are assigned
before the commit, and a late commit would stay hidden for ever.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from tortoise.expressions import Q

from service.database.bulk_insert import insert_rows
from service.database.claims import ClaimQuery, claim_rows
from service.database.connection import is_postgres
from service.database.sql import (
    database_clock_ms,
    fetch_rows,
    id_converter,
    now_ms,
)
from service.database.transactions import run_uncancelled
from service.limits import OUTBOX_LEASE_MS
from service.outbox.models import Outbox

PointerKind = Literal["film", "withdrawn"]

RETENTION_MS = 3 * 86_400_000  # a rebuild reads what was acknowledged since it began
DELETE_BATCH_SIZE = 5_000  # rows
SELECT_POINTERS = "SELECT id, film_id, version, done_at FROM outbox WHERE"


DUE_POINTERS = ClaimQuery(
    table="outbox",
    due="done_at IS NULL AND quarantined_at IS NULL AND due_at <= $3",
    order_by="id",
    changes="due_at = $1, owner = $2, attempts = attempts + 1",
    returning="id, film_id, version, attempts",
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """One outbox row: this film has changed."""

    id: int
    film_id: UUID
    version: int
    attempts: int


@dataclass(frozen=True, slots=True)
class OutboxDepth:
    """How far the index is behind the database; `oldest_ms` is the age of the oldest pointer."""

    waiting: int
    quarantined: int
    oldest_ms: int | None


async def append_pointers(changes: Iterable[tuple[UUID, int, PointerKind]], now_ms: int) -> None:
    """Add pointers for `(film id, version, kind)`, inside the transaction of the changes."""
    to_id = id_converter()
    await insert_rows(
        Outbox._meta.db_table,
        ("film_id", "version", "kind", "created_at", "due_at", "attempts"),
        [(to_id(film_id), version, kind, now_ms, 0, 0) for film_id, version, kind in changes],
    )


@run_uncancelled
async def claim_pointers(owner: str, limit: int, now_ms: int) -> tuple[Pointer, ...]:
    """Lease up to `limit` due pointers to `owner`, oldest first."""
    rows = await claim_rows(DUE_POINTERS, limit, now_ms + OUTBOX_LEASE_MS, owner, now_ms)
    pointers = (
        Pointer(row["id"], UUID(str(row["film_id"])), row["version"], row["attempts"])
        for row in rows
    )
    return tuple(sorted(pointers, key=lambda pointer: pointer.id))


@run_uncancelled
async def acknowledge(ids: Sequence[int]) -> None:
    """Mark pointers as done. They are kept for `RETENTION_MS`, for rebuilds and diagnosis.

    The time comes from the database's clock, because rebuilds compare it with times of other
    processes.
    """
    update = (
        f"UPDATE outbox SET done_at = {database_clock_ms()}, owner = NULL, reason = NULL WHERE id"  # noqa: S608
    )
    if is_postgres():
        await fetch_rows(f"{update} = ANY($1::bigint[])", list(ids))
    else:
        placeholders = ", ".join(f"${number}" for number in range(1, len(ids) + 1))
        await fetch_rows(f"{update} IN ({placeholders})", *ids)


@run_uncancelled
async def postpone(ids: Sequence[int], due_ms: int, reason: str) -> None:
    """Release pointers that failed for a temporary reason; they are due again at `due_ms`."""
    await Outbox.filter(id__in=list(ids)).update(due_at=due_ms, owner=None, reason=reason[:500])


@run_uncancelled
async def quarantine(ids: Sequence[int], now_ms: int, reason: str) -> None:
    """Set pointers that can never succeed apart for a person, so that the others go on."""
    await Outbox.filter(id__in=list(ids)).update(
        quarantined_at=now_ms, owner=None, reason=reason[:500]
    )


@run_uncancelled
async def release_claims(owner: str) -> None:
    """Release what `owner` had claimed before it died; called when it starts again."""
    await Outbox.filter(owner=owner, done_at=None).update(due_at=0, owner=None)


@run_uncancelled
async def requeue_quarantined(rejected_ids: Iterable[str]) -> None:
    """Take pointers out of quarantine for a new index, except for films that it rejected, too."""
    film_ids = [UUID(film_id) for film_id in rejected_ids]
    quarantined = Outbox.filter(done_at__isnull=True, quarantined_at__isnull=False)
    if film_ids:
        quarantined = quarantined.exclude(film_id__in=film_ids)
    await quarantined.update(quarantined_at=None, due_at=0)


async def changing_film_ids(film_ids: Sequence[str], since_ms: int) -> set[str]:
    """Return those films whose document is about to change, or has changed since `since_ms`."""
    changing = await Outbox.filter(
        Q(done_at__isnull=True) | Q(done_at__gte=since_ms),
        film_id__in=[UUID(film_id) for film_id in film_ids],
        quarantined_at__isnull=True,
    ).values_list("film_id", flat=True)
    return {str(film_id) for film_id in changing}


async def count_waiting_films() -> int:
    """Count the films that wait to be indexed, without quarantined ones."""
    rows = await fetch_rows(
        "SELECT COUNT(DISTINCT film_id) AS films FROM outbox "
        "WHERE done_at IS NULL AND quarantined_at IS NULL"
    )
    return int(rows[0]["films"])


async def read_changes_since(since_ms: int, page_size: int) -> AsyncIterator[list[Pointer]]:
    """Yield pages of all pointers that are open, or were acknowledged since `since_ms`.

    A film occurs as often as it has pointers. Open pointers come first: one that is acknowledged
    meanwhile is met again among the acknowledged ones, which are read up to that moment.
    """
    is_open, last_id = "done_at IS NULL AND id > $1 ORDER BY id LIMIT $2", 0
    while rows := await fetch_rows(f"{SELECT_POINTERS} {is_open}", last_id, page_size):
        last_id = rows[-1]["id"]
        yield _to_pointers(rows)
    until_ms, done_ms, last_id = await now_ms(), since_ms, 0
    is_done = (
        "done_at BETWEEN $1 AND $2 AND (done_at > $1 OR id > $3) ORDER BY done_at, id LIMIT $4"
    )
    while rows := await fetch_rows(
        f"{SELECT_POINTERS} {is_done}", done_ms, until_ms, last_id, page_size
    ):
        done_ms, last_id = rows[-1]["done_at"], rows[-1]["id"]
        yield _to_pointers(rows)


def _to_pointers(rows: Sequence[dict[str, Any]]) -> list[Pointer]:
    return [Pointer(row["id"], UUID(str(row["film_id"])), row["version"], 0) for row in rows]


async def last_acknowledged(except_film_id: UUID) -> Pointer | None:
    """Return the pointer acknowledged last, other than those of the film `except_film_id`."""
    others = Outbox.filter(done_at__isnull=False).exclude(film_id=except_film_id)
    row = await others.order_by("-done_at", "-id").first()
    return Pointer(row.id, row.film_id, row.version, row.attempts) if row else None


async def deleted_film_ids(after_ms: int, until_ms: int) -> list[str]:
    """Return the films whose deletion reached the index from `after_ms` until before `until_ms`."""
    film_ids = await Outbox.filter(
        kind="withdrawn", done_at__gte=after_ms, done_at__lt=until_ms
    ).values_list("film_id", flat=True)
    return [str(film_id) for film_id in film_ids]


async def delete_acknowledged(now_ms: int) -> int:
    """Delete pointers acknowledged more than `RETENTION_MS` ago; return their number.

    It deletes in batches. After a big import there are millions of rows: a single statement would
    block SQLite's other writers, and exceed PostgreSQL's statement timeout every time.
    """
    before_ms, deleted = now_ms - RETENTION_MS, 0
    while batch := await _delete_batch(before_ms):
        deleted += batch
    return deleted


@run_uncancelled
async def _delete_batch(before_ms: int) -> int:
    expired = "SELECT id FROM outbox WHERE done_at < $1 ORDER BY done_at LIMIT $2"
    rows = await fetch_rows(
        f"DELETE FROM outbox WHERE id IN ({expired}) RETURNING id",  # noqa: S608
        before_ms,
        DELETE_BATCH_SIZE,
    )
    return len(rows)


async def measure_depth(now_ms: int) -> OutboxDepth:
    """Count waiting and quarantined pointers, and return the age of the oldest waiting one."""
    rows = await fetch_rows(
        "SELECT SUM(CASE WHEN quarantined_at IS NULL THEN 1 ELSE 0 END) AS waiting, "
        "SUM(CASE WHEN quarantined_at IS NOT NULL THEN 1 ELSE 0 END) AS quarantined, "
        "MIN(CASE WHEN quarantined_at IS NULL THEN created_at END) AS oldest "
        "FROM outbox WHERE done_at IS NULL"
    )
    row = rows[0]
    oldest = row["oldest"]
    return OutboxDepth(
        waiting=int(row["waiting"] or 0),
        quarantined=int(row["quarantined"] or 0),
        oldest_ms=None if oldest is None else max(0, now_ms - int(oldest)),
    )
