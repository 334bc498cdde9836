"""The proof that the index equals the database, and what to do where it does not.

One number says how far the two are apart: films missing from the index, stale in it, or in it
though they are gone. It is found by comparing everything, by the indexer all day long at a slow
pace and by `movies check` at once; whoever has compared writes the result down for all to see.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from service.clock import epoch_ms
from service.database.transactions import run_uncancelled
from service.errors import DomainError, Unavailable
from service.films.models import Film
from service.indexing.comparison import Difference, DifferenceKind, compare_pages
from service.indexing.models import DriftState
from service.limits import HEALTH_CHECK_TIMEOUT
from service.outbox import store
from service.outbox.notifications import OutboxNotifier
from service.search.engines.base import Inventory

ROW_NAME = "films"  # the single row's name
MAX_NAMED_FILMS = 100  # different films that are named; beyond, they are counted
OUTDATED_MESSAGE = "the index was made with another mapping or analysis; run `movies reindex`"


@dataclass(slots=True)
class DriftReport:
    """How far a comparison is, and what it has found."""

    index_name: str
    by_content: bool
    total: int
    compared: int = 0
    missing: int = 0
    stale: int = 0
    orphaned: int = 0
    named: list[Difference] = field(default_factory=list)
    page_differences: tuple[Difference, ...] = ()
    """What the last page has added."""

    @property
    def drift(self) -> int:
        return self.missing + self.stale + self.orphaned


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """A film that differs: `missing`, `stale` or `orphaned`, and the versions of both sides."""

    film_id: str
    kind: DifferenceKind
    database_version: int | None
    index_version: int | None


@dataclass(frozen=True, slots=True)
class DriftView:
    """How the index differed from the database when all was last compared.

    `drift` is the sum of the three, null before the first comparison; `films` names the first
    hundred; `outdated` says that the live index was made with another mapping or analysis, null
    when the index cannot be asked.
    """

    drift: int | None
    missing: int
    stale: int
    orphaned: int
    compared: int
    checked_at: datetime | None
    index: str | None
    outdated: bool | None
    films: list[DifferenceView]


class Drift:
    """Compares the live index with the database, and has what differs indexed again."""

    def __init__(
        self, inventory: Inventory, notifier: OutboxNotifier, now: Callable[[], datetime]
    ) -> None:
        self._inventory = inventory
        self._notifier = notifier
        self._now = now

    async def compare_all(self, page_size: int | None = None) -> AsyncIterator[DriftReport]:
        """Compare everything, so many films at a time; yields the tally after each page and writes
        the last one down.

        Raises:
            Unavailable: there is no index, or it cannot be read.
        """
        name = await self._inventory.live_index()
        if name is None:
            raise Unavailable(
                "There is no search index yet; the indexer makes it when it starts.",
                code="search_unavailable",
            )
        tally = DriftReport(
            name, await self._inventory.is_current_schema(name), await Film.all().count()
        )
        pages = compare_pages(self._inventory, name, by_content=tally.by_content, page=page_size)
        async for each in pages:
            _count(tally, each.films, each.differences)
            yield tally
        if await self._inventory.live_index() != name:
            raise Unavailable(
                "The index was replaced meanwhile; compare again.", code="index_replaced"
            )
        await self._publish(tally)

    async def repair(self, found: Sequence[Difference]) -> None:
        """Have these films indexed as the database has them."""
        if not found:
            return
        await _filed(found, epoch_ms(self._now()))
        await self._notifier.notify()

    async def show(self) -> DriftView:
        """What the last comparison found."""
        known = await DriftState.get_or_none(name=ROW_NAME) or DriftState(name=ROW_NAME)
        drift = known.missing + known.stale + known.orphaned
        return DriftView(
            drift=drift if known.checked_at else None,
            missing=known.missing,
            stale=known.stale,
            orphaned=known.orphaned,
            compared=known.compared,
            checked_at=known.checked_at,
            index=known.index_name,
            outdated=await self._outdated(),
            films=[DifferenceView(**each) for each in known.found],
        )

    async def check(self) -> str:
        """One line on the drift, for health.

        Raises:
            DomainError: films differ, or the index is another release's.
        """
        known = await self.show()
        if known.outdated:
            raise DomainError(OUTDATED_MESSAGE)
        if known.checked_at is None:
            return "not compared with the database yet"
        minutes = max(0, int((self._now() - known.checked_at).total_seconds() // 60))
        line = f"{known.drift} of {known.compared} films differ, compared {minutes} min ago"
        if known.drift:
            raise DomainError(f"{line}; run `movies check --repair`")
        return line

    async def _outdated(self) -> bool | None:
        try:
            async with asyncio.timeout(HEALTH_CHECK_TIMEOUT):
                name = await self._inventory.live_index()
                return None if name is None else not await self._inventory.is_current_schema(name)
        except (Unavailable, TimeoutError):
            return None

    @run_uncancelled
    async def _publish(self, tally: DriftReport) -> None:
        values = {
            "index_name": tally.index_name,
            "checked_at": self._now(),
            "compared": tally.compared,
            "missing": tally.missing,
            "stale": tally.stale,
            "orphaned": tally.orphaned,
            "found": [
                {name: getattr(each, name) for name in DifferenceView.__slots__}
                for each in tally.named
            ],
        }
        await DriftState.bulk_create([DriftState(name=ROW_NAME)], ignore_conflicts=True)
        await DriftState.filter(name=ROW_NAME).update(**values)


def _count(tally: DriftReport, films: int, differences: tuple[Difference, ...]) -> None:
    kinds = [each.kind for each in differences]
    tally.compared += films
    tally.missing += kinds.count("missing")
    tally.stale += kinds.count("stale")
    tally.orphaned += kinds.count("orphaned")
    tally.named += differences[: MAX_NAMED_FILMS - len(tally.named)]
    tally.page_differences = differences


@run_uncancelled
async def _filed(found: Sequence[Difference], now_ms: int) -> None:
    """A pointer for each film, in a version that the index will take.

    An index may hold a version that the database has never given, after the database was restored
    from a backup; the film then takes a version above it.
    """
    held = {UUID(each.film_id): each.index_version or 0 for each in found}
    async with in_transaction():
        await Film.filter(id__in=list(held)).update(counters=F("counters"))  # locks, writes first
        films = {film.id: film for film in await Film.filter(id__in=list(held))}
        for film in films.values():
            if held[film.id] > film.version:
                film.version = held[film.id] + 1
                await film.save(update_fields=["version"])
        await store.append_pointers(
            [
                (film_id, films[film_id].version, "film")
                if film_id in films
                else (film_id, version + 1, "withdrawn")
                for film_id, version in held.items()
            ],
            now_ms,
        )
