"""Compare all of the index with the database, and repair what differs.

The drift is one number: films missing from the index, stale in it, or in it without being in the
database. The indexer compares everything all day at a slow pace, `movies check` at once. Each full
comparison is saved in the database for every process to report.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from service.clock import epoch_ms
from service.database.transactions import run_uncancelled
from service.errors import DomainError, Unavailable
from service.films.models import Film
from service.indexing.comparison import (
    PAGE_SIZE,
    ComparedPage,
    Difference,
    DifferenceKind,
    compare_pages,
)
from service.indexing.drift_requests import CheckState, find_check
from service.indexing.models import DriftState
from service.limits import HEALTH_CHECK_TIMEOUT
from service.outbox import store
from service.outbox.notifications import OutboxNotifier
from service.search.engines.base import Inventory

ROW_NAME = "films"  # of the only row of drift_state
MAX_LISTED_FILMS = 100  # films that are listed; further ones are only counted
NO_INDEX_MESSAGE = "there is no search index; the indexer creates it and fills it again"
OUTDATED_MESSAGE = "the index was made with another mapping or analysis; the indexer rebuilds it"


@dataclass(slots=True)
class DriftReport:
    """The progress and the result of one comparison."""

    index_name: str
    by_content: bool
    total: int
    compared: int = 0
    missing: int = 0
    stale: int = 0
    orphaned: int = 0
    first_differences: list[Difference] = field(default_factory=list)
    page_differences: tuple[Difference, ...] = ()
    """The differences of the last page."""

    @property
    def drift(self) -> int:
        return self.missing + self.stale + self.orphaned


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """A film that differs: `missing`, `stale` or `orphaned`, and the versions of both sides."""

    film_id: Annotated[
        str, Field(description="The film.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"])
    ]
    kind: Annotated[DifferenceKind, Field(description="How it differs.", examples=["stale"])]
    database_version: Annotated[
        int | None, Field(description="Its version in the database; null without.", examples=[4])
    ]
    index_version: Annotated[
        int | None, Field(description="Its version in the index; null without.", examples=[3])
    ]


@dataclass(frozen=True, slots=True)
class DriftView:
    """How the index differed from the database at the last full comparison.

    `drift` is the sum of the three kinds, null before the first comparison. `films` lists the first
    hundred. `outdated` says that the live index was made with another mapping or analysis; it is
    null when the index cannot be reached.
    """

    drift: Annotated[int | None, Field(description="How many films differ in all.", examples=[3])]
    missing: Annotated[int, Field(description="Films that the index lacks.", examples=[1])]
    stale: Annotated[
        int, Field(description="Films that it has in an earlier version.", examples=[2])
    ]
    orphaned: Annotated[int, Field(description="Films that only the index has.", examples=[0])]
    compared: Annotated[int, Field(description="How many films were compared.", examples=[1200])]
    checked_at: Annotated[
        datetime | None,
        Field(description="When the comparison ended.", examples=["2026-11-27T20:00:00Z"]),
    ]
    index: Annotated[
        str | None,
        Field(description="The index that was compared.", examples=["movies-20261127200000"]),
    ]
    outdated: Annotated[
        bool | None,
        Field(description="Whether another release made the live index.", examples=[False]),
    ]
    films: Annotated[list[DifferenceView], Field(description="The first films that differ.")]
    check: Annotated[
        CheckState | None,
        Field(
            description="Whether a requested comparison waits for an indexer, or runs; else null.",
            examples=["running"],
        ),
    ]


class Drift:
    """Compares the live index with the database, and has films that differ indexed again."""

    def __init__(
        self, inventory: Inventory, notifier: OutboxNotifier, now: Callable[[], datetime]
    ) -> None:
        self._inventory = inventory
        self._notifier = notifier
        self._now = now

    async def compare_all(self, page_size: int = PAGE_SIZE) -> AsyncIterator[DriftReport]:
        """Compare every film; yield the report after each page, and save it after the last one.

        Raises:
            Unavailable: there is no index, it cannot be read, or it was replaced meanwhile.
        """
        name = await self._inventory.live_index()
        if name is None:
            raise Unavailable(
                "There is no search index yet; the indexer creates it when it starts.",
                code="search_unavailable",
            )
        report = DriftReport(
            name, await self._inventory.is_current_schema(name), await Film.all().count()
        )
        pages = compare_pages(
            self._inventory, name, by_content=report.by_content, page_size=page_size
        )
        async for page in pages:
            _add_page(report, page)
            yield report
        if await self._inventory.live_index() != name:
            raise Unavailable(
                "The index was replaced during the comparison; compare again.",
                code="index_replaced",
            )
        await self._save_report(report)

    async def repair(self, differences: Sequence[Difference]) -> None:
        """Have these films indexed as they are in the database."""
        if not differences:
            return
        await _append_pointers(differences, epoch_ms(self._now()))
        await self._notifier.notify()

    async def get_last_comparison(self) -> DriftView:
        """Return the result of the last full comparison."""
        state = await DriftState.get_or_none(name=ROW_NAME) or DriftState(name=ROW_NAME)
        drift = state.missing + state.stale + state.orphaned
        return DriftView(
            drift=drift if state.checked_at else None,
            missing=state.missing,
            stale=state.stale,
            orphaned=state.orphaned,
            compared=state.compared,
            checked_at=state.checked_at,
            index=state.index_name,
            outdated=await self._is_outdated(),
            films=[DifferenceView(**difference) for difference in state.found],
            check=await find_check(),
        )

    async def check(self) -> str:
        """Return one line on the drift, for the health check.

        Raises:
            DomainError: there is no index, films differ, or another release made the index.
        """
        if await self._is_missing():
            raise DomainError(NO_INDEX_MESSAGE)
        last = await self.get_last_comparison()
        if last.outdated:
            raise DomainError(OUTDATED_MESSAGE)
        if last.checked_at is None:
            return "not compared with the database yet"
        minutes = max(0, int((self._now() - last.checked_at).total_seconds() // 60))
        line = f"{last.drift} of {last.compared} films differ, compared {minutes} min ago"
        if last.drift:
            raise DomainError(f"{line}; run `movies check --repair`")
        return line

    async def _is_missing(self) -> bool:
        """Return whether the engine answers that there is no live index."""
        try:
            async with asyncio.timeout(HEALTH_CHECK_TIMEOUT):
                return await self._inventory.live_index() is None
        except (Unavailable, TimeoutError):
            return False

    async def _is_outdated(self) -> bool | None:
        """Return whether the live index has another schema; None if it cannot be reached."""
        try:
            async with asyncio.timeout(HEALTH_CHECK_TIMEOUT):
                name = await self._inventory.live_index()
                return None if name is None else not await self._inventory.is_current_schema(name)
        except (Unavailable, TimeoutError):
            return None

    @run_uncancelled
    async def _save_report(self, report: DriftReport) -> None:
        values = {
            "index_name": report.index_name,
            "checked_at": self._now(),
            "compared": report.compared,
            "missing": report.missing,
            "stale": report.stale,
            "orphaned": report.orphaned,
            "found": [
                {name: getattr(difference, name) for name in DifferenceView.__slots__}
                for difference in report.first_differences
            ],
        }
        await DriftState.bulk_create([DriftState(name=ROW_NAME)], ignore_conflicts=True)
        await DriftState.filter(name=ROW_NAME).update(**values)


def _add_page(report: DriftReport, page: ComparedPage) -> None:
    kinds = [difference.kind for difference in page.differences]
    report.compared += page.films
    report.missing += kinds.count("missing")
    report.stale += kinds.count("stale")
    report.orphaned += kinds.count("orphaned")
    report.first_differences += page.differences[: MAX_LISTED_FILMS - len(report.first_differences)]
    report.page_differences = page.differences


@run_uncancelled
async def _append_pointers(differences: Sequence[Difference], now_ms: int) -> None:
    """Append a pointer for each film, with a version that the index will accept.

    After the database was restored from a backup, the index may hold a version that the database
    has never given. Such a film takes a version above it.
    """
    index_versions = {UUID(diff.film_id): diff.index_version or 0 for diff in differences}
    film_ids = list(index_versions)
    async with in_transaction():
        # A write comes first, so that the transaction locks the rows before it reads them.
        await Film.filter(id__in=film_ids).update(counters=F("counters"))
        films = {film.id: film for film in await Film.filter(id__in=film_ids)}
        for film in films.values():
            if index_versions[film.id] > film.version:
                film.version = index_versions[film.id] + 1
                await film.save(update_fields=["version"])
        await store.append_pointers(
            [
                (film_id, films[film_id].version, "film")
                if film_id in films
                else (film_id, index_version + 1, "withdrawn")
                for film_id, index_version in index_versions.items()
            ],
            now_ms,
        )
