"""What an operator sees first: how many films there are, what waits, who works, what is left."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.clock import epoch_ms
from service.films.models import Film
from service.indexing.indexer_heartbeat import IndexerView, list_indexers
from service.omdb.quota import QuotaBudget
from service.outbox import store
from service.resilience.timed_value import TimedValue

COUNT_SECONDS = 5.0  # counting a million films takes a tenth of a second


@dataclass(frozen=True, slots=True)
class OutboxDepthView:
    """How far the index is behind the database."""

    waiting: Annotated[
        int, Field(description="Changes of films that are not indexed yet.", examples=[3])
    ]
    quarantined: Annotated[
        int, Field(description="Changes that can never succeed as they are.", examples=[0])
    ]
    oldest_seconds: Annotated[
        float | None,
        Field(description="The age of the oldest waiting change; null without.", examples=[0.4]),
    ]


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The state of the catalogue and the index in numbers."""

    films: Annotated[
        int, Field(description="Films in the catalogue; up to five seconds old.", examples=[1200])
    ]
    outbox: Annotated[OutboxDepthView, Field(description="What waits to be indexed.")]
    indexers: Annotated[
        list[IndexerView], Field(description="The indexers of the last day, by name.")
    ]


@dataclass(frozen=True, slots=True)
class QuotaView:
    """The calls of OMDb of today; null where look-ups are off."""

    lookups: Annotated[
        bool, Field(description="Whether there is a key, so films are looked up.", examples=[True])
    ]
    used: Annotated[int | None, Field(description="Calls made today.", examples=[362])]
    limit: Annotated[int | None, Field(description="Calls a day.", examples=[1000])]
    left: Annotated[int | None, Field(description="Calls left today.", examples=[638])]
    resets_at: Annotated[
        datetime | None,
        Field(
            description="When the day of the calls ends; null before the first one.",
            examples=["2026-11-28T02:00:00Z"],
        ),
    ]
    stopped_until: Annotated[
        datetime | None,
        Field(
            description="Until when no call is made, because OMDb reports an exhausted quota.",
            examples=[None],
        ),
    ]


class Overview:
    """Reads the numbers that operators see first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._film_count = TimedValue(_count_films, COUNT_SECONDS)

    async def get(self) -> OverviewView:
        """Return the numbers of this moment; the films are counted every five seconds."""
        depth = await store.measure_depth(epoch_ms(self._now()))
        oldest = None if depth.oldest_ms is None else round(depth.oldest_ms / 1000, 1)
        return OverviewView(
            films=await self._film_count.get(),
            outbox=OutboxDepthView(depth.waiting, depth.quarantined, oldest),
            indexers=await list_indexers(),
        )


async def _count_films() -> int:
    return await Film.all().count()


def quota_view(budget: QuotaBudget | None) -> QuotaView:
    """Return what is left of the day's calls; None means that look-ups are off."""
    if budget is None:
        return QuotaView(False, None, None, None, None, None)
    left = 0 if budget.stopped_until else max(0, budget.limit - budget.used)
    return QuotaView(
        lookups=True,
        used=budget.used,
        limit=budget.limit,
        left=left,
        resets_at=budget.resets_at,
        stopped_until=budget.stopped_until,
    )
