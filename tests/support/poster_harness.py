"""A poster worker with everything it needs, and a clock that tests advance."""

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
from tests.support.poster_host import PosterHost, run_poster_host
from tests.support.sample_images import create_image


@dataclass
class PosterHarness:
    """A poster worker and its parts.

    `notifications` has an entry for each time that the worker reported changed films.
    `create_worker` returns another worker on the same parts.
    """

    worker: PosterWorker
    host: PosterHost
    store: PosterStore
    clock: FakeClock
    notifications: list[None]
    create_worker: Callable[..., PosterWorker]

    async def add_film(self, path: str | None, title: str = "Jaws", **columns: object) -> UUID:
        """Add a film whose poster is due now."""
        film = Film(title=title, whole_title=title.lower(), created_at=self.clock.now())
        film.updated_at = self.clock.now()
        film.poster_status = "pending"
        film.poster_due_at = self.clock.epoch_ms()
        film.poster_source = self.host.url(path) if path and path.startswith("/") else path
        await film.update_from_dict(columns).save()
        return film.id


@asynccontextmanager
async def open_poster_harness(
    store: PosterStore, image_processor: ImageProcessor
) -> AsyncIterator[PosterHarness]:
    """Yield a harness that keeps its posters in `store`, with a host that fails on request."""
    notifications: list[None] = []
    clock = FakeClock(utc_now())  # stores state the real time of writing

    async def record_notification() -> None:
        notifications.append(None)

    async with run_poster_host() as host, PosterFetcher([host.host_and_port]) as fetcher:
        host.images = {
            "good": create_image(),
            "other": create_image(size=(402, 600)),
            "text": b"no poster",
        }

        def create_worker(**options: float) -> PosterWorker:
            return PosterWorker(
                store, fetcher, image_processor, record_notification, clock.now, **options
            )

        worker = create_worker()
        yield PosterHarness(worker, host, store, clock, notifications, create_worker)


async def get_film(film_id: UUID) -> Film:
    return await Film.get(id=film_id)


async def is_stored(film_id: UUID) -> bool:
    return (await get_film(film_id)).poster_status == "stored"


@asynccontextmanager
async def run_worker(worker: PosterWorker) -> AsyncIterator[None]:
    """Run the loop while the block lasts; it must stop by itself."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)
