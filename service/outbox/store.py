"""The list of films that the index has still to see.

A row is written in the transaction that changes the film, so that neither can be lost without
the other. Rows are claimed for a while (a lease), not taken: an indexer that dies loses nothing.
They are claimed by their being unfinished, never by "id above the last one", since ids are given
before commits, and a late commit would stay hidden for ever.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from tortoise.expressions import Q

from service.database.connection import get_connection, is_postgres
from service.database.sql import (
    adapt_placeholders,
    database_clock_ms,
    fetch_rows,
    now_ms,
    to_id_parameter,
)
from service.database.transactions import run_uncancelled
from service.limits import OUTBOX_LEASE_MS as LEASE
from service.outbox.models import Outbox

PointerKind = Literal["film", "withdrawn"]

SWEPT_AT_ONCE = 5_000  # rows
POINTER_KINDS = "SELECT id, film_id, version, done_at FROM outbox WHERE"
KEEP_FINISHED = 3 * 86_400_000  # ms; a rebuild reads what was finished since it began


@dataclass(frozen=True, slots=True)
class Pointer:
    """One claimed pointer: look at this film again."""

    id: int
    film_id: UUID
    version: int
    attempts: int


@dataclass(frozen=True, slots=True)
class OutboxDepth:
    """How far the index is behind."""

    waiting: int
    quarantined: int
    oldest_ms: int | None


async def append_pointers(changes: Iterable[tuple[UUID, int, PointerKind]], now_ms: int) -> None:
    """File `(film id, version, kind)`; must be called inside the change's own transaction."""
    await get_connection().execute_many(
        adapt_placeholders(
            "INSERT INTO outbox (film_id, version, kind, created_at, due_at, attempts) "
            "VALUES ($1, $2, $3, $4, 0, 0)"
        ),
        [[to_id_parameter(film_id), version, kind, now_ms] for film_id, version, kind in changes],
    )


@run_uncancelled
async def claim_pointers(owner: str, most: int, now_ms: int) -> tuple[Pointer, ...]:
    """Lease up to `most` due rows to `owner`, oldest first."""
    skip = "FOR UPDATE SKIP LOCKED" if is_postgres() else ""
    claimed = await fetch_rows(
        "UPDATE outbox SET due_at = $1, owner = $2, attempts = attempts + 1 WHERE id IN ("  # noqa: S608
        "SELECT id FROM outbox "
        "WHERE done_at IS NULL AND quarantined_at IS NULL AND due_at <= $3 "
        f"ORDER BY id LIMIT $4 {skip}) RETURNING id, film_id, version, attempts",
        now_ms + LEASE,
        owner,
        now_ms,
        most,
    )
    entries = (
        Pointer(row["id"], UUID(str(row["film_id"])), row["version"], row["attempts"])
        for row in claimed
    )
    return tuple(sorted(entries, key=lambda entry: entry.id))


@run_uncancelled
async def acknowledge(ids: Sequence[int]) -> None:
    """These are done; they are kept a while for rebuilds and for people who ask when.

    The time is the database's, since rebuilds compare it with times noted elsewhere.
    """
    done = (
        f"UPDATE outbox SET done_at = {database_clock_ms()}, owner = NULL, reason = NULL WHERE id"  # noqa: S608
    )
    if is_postgres():
        await fetch_rows(f"{done} = ANY($1::bigint[])", list(ids))
    else:
        marks = ", ".join(f"${place}" for place in range(1, len(ids) + 1))
        await fetch_rows(f"{done} IN ({marks})", *ids)


@run_uncancelled
async def postpone(ids: Sequence[int], due_ms: int, reason: str) -> None:
    """These failed for a passing reason: not before `due_ms` again."""
    await Outbox.filter(id__in=list(ids)).update(due_at=due_ms, owner=None, reason=reason[:500])


@run_uncancelled
async def quarantine(ids: Sequence[int], now_ms: int, reason: str) -> None:
    """These cannot succeed: they wait for a person, and the rest goes on."""
    await Outbox.filter(id__in=list(ids)).update(
        quarantined_at=now_ms, owner=None, reason=reason[:500]
    )


@run_uncancelled
async def release_claims(owner: str) -> None:
    """Free what `owner` held before it died; called when it starts again."""
    await Outbox.filter(owner=owner, done_at=None).update(due_at=0, owner=None)


@run_uncancelled
async def requeue_quarantined(rejected_ids: Iterable[str]) -> None:
    """What an index refused a new one may take: out of quarantine, but for the films `refused`."""
    held = [UUID(film_id) for film_id in rejected_ids]
    again = Outbox.filter(done_at__isnull=True, quarantined_at__isnull=False)
    if held:
        again = again.exclude(film_id__in=held)
    await again.update(quarantined_at=None, due_at=0)


async def changing_film_ids(film_ids: Sequence[str], since_ms: int) -> set[str]:
    """Those of the films whose index document is open, or became what it is after `since_ms`."""
    found = await Outbox.filter(
        Q(done_at__isnull=True) | Q(done_at__gte=since_ms),
        film_id__in=[UUID(film_id) for film_id in film_ids],
        quarantined_at__isnull=True,
    ).values_list("film_id", flat=True)
    return {str(film_id) for film_id in found}


async def read_changes_since(since_ms: int, page_size: int) -> AsyncIterator[list[Pointer]]:
    """Every row that is open or was finished since `since_ms`, at most `page` at a time.

    A film comes as often as it has rows. The open ones come first, so that one that is finished
    meanwhile is met among the finished, which are read as far as that moment.
    """
    opened, last = "done_at IS NULL AND id > $1 ORDER BY id LIMIT $2", 0
    while found := await fetch_rows(f"{POINTER_KINDS} {opened}", last, page_size):
        last = found[-1]["id"]
        yield _entries(found)
    until, done, last = await now_ms(), since_ms, 0
    finished = (
        "done_at BETWEEN $1 AND $2 AND (done_at > $1 OR id > $3) ORDER BY done_at, id LIMIT $4"
    )
    while found := await fetch_rows(f"{POINTER_KINDS} {finished}", done, until, last, page_size):
        done, last = found[-1]["done_at"], found[-1]["id"]
        yield _entries(found)


def _entries(found: Sequence[dict[str, Any]]) -> list[Pointer]:
    return [Pointer(row["id"], UUID(str(row["film_id"])), row["version"], 0) for row in found]


async def last_acknowledged(except_film_id: UUID) -> Pointer | None:
    """The change of another film than `besides` that reached the index last, if any is known."""
    others = Outbox.filter(done_at__isnull=False).exclude(film_id=except_film_id)
    row = await others.order_by("-done_at", "-id").first()
    return Pointer(row.id, row.film_id, row.version, row.attempts) if row else None


async def deleted_film_ids(after_ms: int, until_ms: int) -> list[str]:
    """The films whose deletion reached the index between these times."""
    found = await Outbox.filter(
        kind="withdrawn", done_at__gte=after_ms, done_at__lt=until_ms
    ).values_list("film_id", flat=True)
    return [str(film_id) for film_id in found]


async def delete_acknowledged(now_ms: int) -> int:
    """Forget rows finished long ago; returns how many.

    A piece at a time: after a big load there are millions, and one statement for all of them would
    hold up SQLite's other writer, and be cut off by PostgreSQL's time limit each time.
    """
    before, swept = now_ms - KEEP_FINISHED, 0
    while piece := await _swept(before):
        swept += piece
    return swept


@run_uncancelled
async def _swept(before_ms: int) -> int:
    old = "SELECT id FROM outbox WHERE done_at < $1 ORDER BY done_at LIMIT $2"
    gone = await fetch_rows(
        f"DELETE FROM outbox WHERE id IN ({old}) RETURNING id",  # noqa: S608
        before_ms,
        SWEPT_AT_ONCE,
    )
    return len(gone)


async def measure_depth(now_ms: int) -> OutboxDepth:
    """How many rows wait, how many are in quarantine, and the age of the oldest waiting."""
    counted = await fetch_rows(
        "SELECT SUM(CASE WHEN quarantined_at IS NULL THEN 1 ELSE 0 END) AS waiting, "
        "SUM(CASE WHEN quarantined_at IS NOT NULL THEN 1 ELSE 0 END) AS quarantined, "
        "MIN(CASE WHEN quarantined_at IS NULL THEN created_at END) AS oldest "
        "FROM outbox WHERE done_at IS NULL"
    )
    row = counted[0]
    oldest = row["oldest"]
    return OutboxDepth(
        waiting=int(row["waiting"] or 0),
        quarantined=int(row["quarantined"] or 0),
        oldest_ms=None if oldest is None else max(0, now_ms - int(oldest)),
    )
