"""The outbox for operators: list what waits or failed and why, and retry it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, cast

from pydantic import Field
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from service.audit.log import Subject, record
from service.clock import from_epoch_ms
from service.database.sql import now_ms
from service.database.transactions import run_uncancelled
from service.errors import Conflict, NotFound
from service.films.catalogue import Catalogue
from service.films.film_writes import film_subject
from service.films.models import Film
from service.outbox import store
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier

PointerState = Literal["waiting", "working", "retrying", "quarantined", "done"]

ROW_ID = re.compile(r"[0-9]{1,18}")
UNFINISHED = Q(done_at__isnull=True, quarantined_at__isnull=True)
STATE_FILTERS: dict[PointerState, Q] = {
    "waiting": UNFINISHED & Q(owner__isnull=True, reason__isnull=True),
    "working": UNFINISHED & Q(owner__isnull=False),
    "retrying": UNFINISHED & Q(owner__isnull=True, reason__isnull=False),
    "quarantined": Q(done_at__isnull=True, quarantined_at__isnull=False),
    "done": Q(done_at__isnull=False),
}


@dataclass(frozen=True, slots=True)
class PointerView:
    """A change of a film that the index has to learn.

    Its state is `waiting` for an indexer, `working` in one, `retrying` after a temporary failure
    (not before `due_at`), `quarantined` because it can never succeed as it is, or `done` (kept for
    three days).
    """

    id: Annotated[int, Field(description="The row.", examples=[1024])]
    kind: Annotated[
        store.PointerKind,
        Field(description="Whether the film changed or was deleted.", examples=["film"]),
    ]
    film_id: Annotated[
        str, Field(description="The film.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"])
    ]
    version: Annotated[
        int, Field(description="The version that the index has to learn.", examples=[3])
    ]
    state: Annotated[PointerState, Field(description="How far it is.", examples=["waiting"])]
    attempts: Annotated[int, Field(description="How often it was tried.", examples=[0])]
    reason: Annotated[
        str | None,
        Field(
            description="Why the last attempt failed.",
            examples=["The search index does not answer."],
        ),
    ]
    created_at: Annotated[
        datetime, Field(description="When the film changed.", examples=["2026-11-27T20:00:00Z"])
    ]
    due_at: Annotated[
        datetime | None,
        Field(description="When it is tried next.", examples=["2026-11-27T20:00:00Z"]),
    ]
    done_at: Annotated[
        datetime | None,
        Field(description="When the index had it.", examples=["2026-11-27T20:00:00Z"]),
    ]


@dataclass(frozen=True, slots=True)
class PointerList:
    """One page of pointers, newest first, and their total number."""

    results: tuple[PointerView, ...]
    total: int


class OutboxAdmin:
    """Lists pointers, and has single films indexed again."""

    def __init__(self, catalogue: Catalogue, notifier: OutboxNotifier) -> None:
        self._catalogue = catalogue
        self._notifier = notifier

    async def list_pointers(
        self, state: PointerState | None, limit: int, offset: int
    ) -> PointerList:
        """Return the pointers in this state, or all, newest first."""
        query = Outbox.filter(STATE_FILTERS[state]) if state else Outbox.all()
        rows = await query.order_by("-id").offset(offset).limit(limit)
        return PointerList(tuple(map(pointer_view, rows)), await query.count())

    async def pointers_of(self, film: Film) -> tuple[PointerView, ...]:
        """Return at most five pointers of one film, newest first."""
        rows = await Outbox.filter(film_id=film.id).order_by("-id").limit(5)
        return tuple(map(pointer_view, rows))

    async def retry(self, row: str) -> PointerView:
        """Make a pointer due at once, as if it had never been tried.

        Raises:
            NotFound: there is no such row.
            Conflict: `outbox_row_done`.
        """
        row_id = int(row) if ROW_ID.fullmatch(row) else 0
        reset = await self._reset_row(row_id)
        pointer = await Outbox.get_or_none(id=row_id)
        if pointer is None:
            raise NotFound("There is no such row in the outbox.", code="outbox_row_not_found")
        if not reset:
            raise Conflict("This row is already done.", code="outbox_row_done")
        await self._notifier.notify()
        return pointer_view(pointer)

    async def reindex_film(self, movie: str) -> PointerView:
        """Have one film indexed again as it is now. Raises NotFound."""
        film = await self._catalogue.get(movie)
        await self._append_pointer(film)
        await self._notifier.notify()
        return (await self.pointers_of(film))[0]

    @run_uncancelled
    async def _reset_row(self, row_id: int) -> int:
        """Return 1 if the row was reset, 0 if it does not exist or is done."""
        async with in_transaction():
            count = await Outbox.filter(id=row_id, done_at__isnull=True).update(
                quarantined_at=None, due_at=0, owner=None, attempts=0, reason=None
            )
            if count:
                await record("outbox_retried", Subject("outbox_row", row_id))
        return count

    @run_uncancelled
    async def _append_pointer(self, film: Film) -> None:
        async with in_transaction():
            await store.append_pointers([(film.id, film.version, "film")], await now_ms())
            await record("film_reindexed", film_subject(film))


def pointer_view(row: Outbox) -> PointerView:
    state: PointerState = "waiting"
    if row.done_at is not None:
        state = "done"
    elif row.quarantined_at is not None:
        state = "quarantined"
    elif row.owner is not None:
        state = "working"
    elif row.reason is not None:
        state = "retrying"
    return PointerView(
        id=row.id,
        kind=cast(store.PointerKind, row.kind),
        film_id=str(row.film_id),
        version=row.version,
        state=state,
        attempts=row.attempts,
        reason=row.reason,
        created_at=from_epoch_ms(row.created_at),
        due_at=from_epoch_ms(row.due_at) if state == "retrying" else None,
        done_at=from_epoch_ms(row.done_at) if row.done_at is not None else None,
    )
