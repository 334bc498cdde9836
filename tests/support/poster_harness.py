"""The poster loop with all that it stands on, and a clock that tests set."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from indexer.poster_worker import PosterWorker
from service.clock import utc_now
from service.films.models import Film
from service.posters.fetcher import PosterFetcher
from service.posters.image_processor import ImageProcessor
from service.posters.store import PosterStore
from tests.support.clock import FakeClock
from tests.support.poster_host import Host, running_host
from tests.support.sample_images import picture


@dataclass
class Studio:
    """The loop and all that it stands on."""

    posters: PosterWorker
    host: Host
    store: PosterStore
    clock: FakeClock
    told: list[None]
    again: Callable[..., PosterWorker]
    """A second indexer on the same things."""

    async def film(self, path: str | None, title: str = "Jaws", **columns: object) -> UUID:
        """A film whose poster is due now."""
        film = Film(title=title, whole_title=title.lower(), created_at=self.clock())
        film.updated_at = self.clock()
        film.poster_status = "pending"
        film.poster_due_at = self.clock.epoch_ms()
        film.poster_source = self.host.url(path) if path and path.startswith("/") else path
        await film.update_from_dict(columns).save()
        return film.id


@asynccontextmanager
async def studio_on(store: PosterStore, darkroom: ImageProcessor) -> AsyncIterator[Studio]:
    """A studio that keeps its posters in `store`, with a host that misbehaves on request."""
    told: list[None] = []
    clock = FakeClock(utc_now())

    async def changed() -> None:
        told.append(None)

    async with running_host() as host, PosterFetcher([host.pair]) as fetcher:
        host.pictures = {"good": picture(), "other": picture(size=(402, 600)), "text": b"no poster"}

        def made(**options: float) -> PosterWorker:
            return PosterWorker(store, fetcher, darkroom, changed, clock, **options)

        yield Studio(made(), host, store, clock, told, made)


async def shown(film_id: UUID) -> Film:
    return await Film.get(id=film_id)


async def is_stored(film_id: UUID) -> bool:
    return (await shown(film_id)).poster_status == "stored"


@asynccontextmanager
async def at_work(posters: PosterWorker) -> AsyncIterator[None]:
    """The loop at work while the block lasts; to leave it takes next to no time."""
    stop = asyncio.Event()
    task = asyncio.create_task(posters.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)
