"""The poster worker on a real database, a real store, and a host that fails on request."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from indexer.poster_worker import MAX_ATTEMPTS, MISSING_RECHECK_MS, PosterWorker
from indexer.scheduler import ScheduledTask, Scheduler
from service.errors import NotFound, Unavailable
from service.films.catalogue import Catalogue
from service.films.merge import FilmMerger
from service.films.models import Film
from service.films.poster_response import POSTER_WIDTHS, poster_view
from service.outbox.notifications import OutboxNotifier
from service.posters import jobs
from service.posters.fetcher import PosterFetcher
from service.posters.image_processor import ImageProcessor
from service.posters.jobs import JobOutcome, PosterSnapshot
from service.posters.local_store import LocalPosterStore
from service.posters.service import PosterService
from service.posters.store import object_key
from service.schedule.leases import TaskLeases
from tests.support.poster_harness import (
    PosterHarness,
    get_film,
    is_stored,
    open_poster_harness,
    run_worker,
)
from tests.support.sample_images import create_image, create_noise_image, create_scan_bomb
from tests.support.waiting import wait_until

DAY = 86_400  # seconds


@pytest.fixture(scope="module")
async def image_processor() -> AsyncIterator[ImageProcessor]:
    processor = ImageProcessor(max_cpu_seconds=1)
    yield processor
    await processor.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "posters"


@pytest.fixture
async def harness(
    database: str, folder: Path, image_processor: ImageProcessor
) -> AsyncIterator[PosterHarness]:
    async with open_poster_harness(LocalPosterStore(folder), image_processor) as harness:
        yield harness


async def test_a_film_gets_its_poster_in_three_sizes(harness: PosterHarness) -> None:
    film_id = await harness.add_film("/picture/good")
    assert await harness.worker.run_once() == 1
    film = await get_film(film_id)
    assert (film.poster_status, film.poster_reason, film.poster_due_at) == ("stored", None, None)
    assert (film.version, film.counters) == (1, 1)
    assert film.poster_key is not None
    for size in POSTER_WIDTHS:
        assert await harness.store.get(object_key(film.poster_key, size))
    view = poster_view(film)
    assert view.url == f"/api/v1/posters/{film.poster_key}/w342.jpg"
    assert set(view.sizes) == set(POSTER_WIDTHS)
    assert harness.notifications == [None]


async def test_films_that_are_not_due_are_left_alone(harness: PosterHarness) -> None:
    await harness.add_film("/picture/good", poster_due_at=harness.clock.epoch_ms() + 1)
    await harness.add_film("/picture/good", poster_due_at=None, poster_status="stored")
    assert await harness.worker.run_once() == 0
    assert harness.notifications == []


async def test_the_same_poster_of_two_films_is_stored_once(harness: PosterHarness) -> None:
    ids = [await harness.add_film("/picture/good", title) for title in ("Jaws", "Jaws 2")]
    await harness.worker.run_once()
    assert len({(await get_film(film_id)).poster_key for film_id in ids}) == 1
    assert len([stored async for stored in harness.store.list_objects()]) == len(POSTER_WIDTHS)


@pytest.mark.fault("poster-missing")
@pytest.mark.parametrize("source", ["/status/404", "/status/410", "N/A", None])
async def test_a_missing_poster_is_looked_for_again_after_days(
    harness: PosterHarness, source: str | None
) -> None:
    film_id = await harness.add_film(source)
    await harness.worker.run_once()
    film = await get_film(film_id)
    assert film.poster_status == "missing"
    assert film.poster_reason
    assert film.poster_due_at is not None
    assert film.poster_due_at > harness.clock.epoch_ms() + MISSING_RECHECK_MS / 2
    assert poster_view(film).url is None


@pytest.mark.fault("poster-missing")
async def test_a_poster_that_appears_later_is_found(harness: PosterHarness) -> None:
    film_id = await harness.add_film("/picture/late")
    await harness.worker.run_once()
    harness.host.images["late"] = create_image()
    assert await harness.worker.run_once() == 0
    harness.clock.advance_ms(2 * MISSING_RECHECK_MS)
    assert await harness.worker.run_once() == 1
    assert (await get_film(film_id)).poster_status == "stored"


@pytest.mark.fault("poster-not-an-image")
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("/picture/text", "not a JPEG, PNG or WebP"),
        ("/picture/cut", "cut short"),
        ("/endless", "larger than 10 MB"),
        ("/picture/bomb", "takes too long"),
        ("http://127.0.0.1/poster.jpg", "public host"),
        ("/to?at=http://169.254.169.254/", "public host"),
        ("file:///etc/passwd", "http or https"),
        ("x" * 300, "cannot be understood|http or https"),
        ("http://[", "cannot be understood|http or https"),
    ],
)
async def test_an_unacceptable_poster_is_rejected_for_good(
    harness: PosterHarness, source: str, reason: str
) -> None:
    harness.host.images |= {"cut": create_noise_image()[:-3000], "bomb": create_scan_bomb()}
    film_id = await harness.add_film(source)
    await harness.worker.run_once()
    film = await get_film(film_id)
    assert (film.poster_status, film.poster_due_at) == ("rejected", None)
    assert film.poster_reason is not None
    assert any(option in film.poster_reason for option in reason.split("|"))
    assert [stored async for stored in harness.store.list_objects()] == []
    assert harness.notifications == [None]


async def test_a_failing_host_is_retried_with_growing_delays_and_then_given_up(
    harness: PosterHarness,
) -> None:
    film_id = await harness.add_film("/status/500")
    waits = []
    for _ in range(MAX_ATTEMPTS - 1):
        assert await harness.worker.run_once() == 1
        film = await get_film(film_id)
        assert (film.poster_status, film.poster_reason) == ("pending", "the host answers 500")
        assert film.poster_due_at is not None
        waits.append(film.poster_due_at - harness.clock.epoch_ms())
        harness.clock.advance_ms(waits[-1] + 1)
    assert waits[0] < 60_000 < 1_000_000 < waits[-1]
    assert waits == sorted(waits)
    await harness.worker.run_once()
    assert (await get_film(film_id)).poster_status == "missing"


async def test_an_unchanged_reason_is_notified_once(harness: PosterHarness) -> None:
    film_id = await harness.add_film("/status/500")
    for _ in range(3):
        await harness.worker.run_once()
        harness.clock.advance(10_000)
    assert (await get_film(film_id)).counters == 1
    assert harness.notifications == [None]


async def test_retry_after_delays_the_next_attempt(harness: PosterHarness) -> None:
    film_id = await harness.add_film("/status/503")
    await harness.worker.run_once()
    due_at = (await get_film(film_id)).poster_due_at
    assert due_at is not None
    assert due_at >= harness.clock.epoch_ms() + 120_000


async def test_a_poster_is_stored_after_its_first_attempts_failed(harness: PosterHarness) -> None:
    film_id = await harness.add_film("/picture/good")
    harness.host.is_down = True
    await harness.worker.run_once()
    harness.host.is_down = False
    harness.clock.advance(3_600)
    await harness.worker.run_once()
    film = await get_film(film_id)
    assert (film.poster_status, film.poster_attempts) == ("stored", 0)


async def test_a_source_that_changes_during_the_fetch_wins(harness: PosterHarness) -> None:
    film_id = await harness.add_film("/picture/good")

    async def change_source() -> None:
        await Film.filter(id=film_id).update(
            poster_source=harness.host.url("/picture/other"), poster_due_at=harness.clock.epoch_ms()
        )

    harness.host.before_reply = change_source
    assert await harness.worker.run_once() == 2
    film = await get_film(film_id)
    assert film.poster_status == "stored"
    assert [request.path for request in harness.host.requests] == [
        "/picture/good",
        "/picture/other",
    ]
    other = await harness.add_film("/picture/other", "Twin")
    await harness.worker.run_once()
    assert (await get_film(other)).poster_key == film.poster_key


async def test_a_film_that_is_deleted_during_the_fetch_is_skipped(harness: PosterHarness) -> None:
    film_id = await harness.add_film("/picture/good")
    harness.host.before_reply = Film.filter(id=film_id).delete
    assert await harness.worker.run_once() == 1
    assert harness.notifications == []


@pytest.mark.fault("concurrent-lookups")
async def test_two_workers_never_fetch_the_same_poster(harness: PosterHarness) -> None:
    for number in range(20):
        await harness.add_film(f"/picture/{number}", f"Film {number}")
    counts = await asyncio.gather(harness.worker.run_once(), harness.create_worker().run_once())
    assert sum(counts) == 20
    paths = [request.path for request in harness.host.requests]
    assert len(paths) == len(set(paths)) == 20


async def test_a_job_of_a_dead_worker_is_claimed_again_after_its_lease(
    harness: PosterHarness,
) -> None:
    film_id = await harness.add_film("/picture/good")
    assert await jobs.claim(harness.clock.epoch_ms()) is not None  # and its worker dies
    assert await harness.worker.run_once() == 0
    harness.clock.advance_ms(jobs.LEASE_MS + 1)
    assert await harness.worker.run_once() == 1
    assert (await get_film(film_id)).poster_status == "stored"


async def test_an_outcome_after_the_lease_does_not_overwrite_another_workers(
    harness: PosterHarness,
) -> None:
    film_id = await harness.add_film("/picture/good")
    job = await jobs.claim(harness.clock.epoch_ms())
    assert job is not None
    harness.clock.advance_ms(jobs.LEASE_MS + 1)
    await harness.worker.run_once()
    outcome = jobs.JobOutcome(jobs.PosterSnapshot("missing", "too late", None))
    assert not await jobs.record_outcome(job, outcome)
    assert (await get_film(film_id)).poster_status == "stored"


async def test_an_unavailable_store_costs_no_film_an_attempt(
    harness: PosterHarness, folder: Path
) -> None:
    folder.write_text("a file stands where the folder should be")
    ids = [await harness.add_film("/picture/good", f"Film {number}") for number in range(3)]
    with capture_logs() as logs:
        await harness.worker.run_once()
        await harness.worker.run_once()
    for film_id in ids:
        film = await get_film(film_id)
        assert (film.poster_status, film.poster_attempts) == ("pending", 0)
    assert len(harness.host.requests) == 1
    assert len([line for line in logs if line["event"] == "posters_paused"]) == 1
    folder.unlink()
    assert await harness.create_worker().run_once() == 3
    for film_id in ids:
        assert (await get_film(film_id)).poster_status == "stored"


async def test_the_worker_resumes_when_the_store_is_back(
    harness: PosterHarness, folder: Path
) -> None:
    folder.write_text("in the way")
    film_id = await harness.add_film("/picture/good")
    with capture_logs() as logs:
        async with run_worker(harness.create_worker(initial_pause=0.05)):
            await wait_until(lambda: has_logged(logs, "posters_paused"))
            folder.unlink()
            await wait_until(lambda: is_stored(film_id))
    assert [line["event"] for line in logs if line["event"].startswith("posters_")] == [
        "posters_paused",
        "posters_resumed",
    ]


@pytest.mark.fault("poster-body-too-large")
async def test_a_slow_host_does_not_delay_the_others(harness: PosterHarness) -> None:
    slow = await harness.add_film("/drip", poster_due_at=1)
    ids = [await harness.add_film("/picture/good", f"Film {number}") for number in range(5)]
    async with run_worker(harness.worker):
        for film_id in ids:
            await wait_until(lambda film_id=film_id: is_stored(film_id))
        assert (await get_film(slow)).poster_status == "pending"


async def test_the_worker_survives_an_unavailable_database(
    harness: PosterHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, failures = jobs.claim, []

    async def fail_thrice(now_ms: int) -> jobs.PosterJob | None:
        if len(failures) < 3:
            failures.append(1)
            raise ConnectionRefusedError("the database is down")
        return await claim(now_ms)

    monkeypatch.setattr(jobs, "claim", fail_thrice)
    film_id = await harness.add_film("/picture/good")
    with capture_logs() as logs:
        async with run_worker(harness.create_worker(initial_pause=0.02)):
            await wait_until(lambda: is_stored(film_id))
    paused = [line for line in logs if line["event"] == "posters_paused"]
    assert [line["log_level"] for line in paused] == ["warning"], "one line, and no traceback"


async def test_an_unexpected_exception_is_retried_and_does_not_delay_other_posters(
    harness: PosterHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = PosterFetcher.fetch

    async def fail_for_other(self: PosterFetcher, source: str) -> bytes:
        if "other" in source:
            raise ZeroDivisionError("an unexpected exception")
        return await fetch(self, source)

    monkeypatch.setattr(PosterFetcher, "fetch", fail_for_other)
    broken, fine = await harness.add_film("/picture/other"), await harness.add_film("/picture/good")
    with capture_logs() as logs:
        assert await harness.worker.run_once() == 2
    assert await is_stored(fine)
    film = await get_film(broken)
    assert (film.poster_status, film.poster_attempts) == ("pending", 1)
    assert film.poster_due_at is not None and film.poster_due_at > harness.clock.epoch_ms()
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["poster_failed"]


async def test_a_scheduled_purge_is_repeated_after_a_failure(
    harness: PosterHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = object_key("0" * 64, "w342")
    await harness.store.put(key, b"unreferenced", "image/jpeg")
    harness.clock.advance(2 * DAY)
    delete, failures = harness.store.delete, []

    async def fail_once(key: str) -> None:
        if not failures:
            failures.append(key)
            raise Unavailable("the store is down")
        await delete(key)

    monkeypatch.setattr(harness.store, "delete", fail_once)

    async def is_purged() -> bool:
        return await harness.store.get(key) is None

    purge = ScheduledTask("purge_posters", 0.02, harness.worker.purge_unreferenced)
    stop = asyncio.Event()
    with capture_logs() as logs:
        scheduler = asyncio.create_task(Scheduler(TaskLeases("one"), [purge]).run(stop))
        await wait_until(is_purged)
        stop.set()
        await scheduler
    assert failures == [key]
    assert await has_logged(logs, "scheduled_task_postponed")


async def test_stopping_releases_jobs_in_progress(harness: PosterHarness) -> None:
    film_id = await harness.add_film("/drip")

    async def has_been_requested() -> bool:
        return bool(harness.host.requests)

    async with run_worker(harness.worker):
        await wait_until(has_been_requested)
    film = await get_film(film_id)
    assert (film.poster_due_at, film.poster_attempts) == (harness.clock.epoch_ms(), 0)


async def test_a_failed_notification_is_repeated(
    harness: PosterHarness, image_processor: ImageProcessor
) -> None:
    notifications: list[None] = []

    async def fail_first() -> None:
        notifications.append(None)
        if len(notifications) == 1:
            raise OSError("the notification failed")

    async with PosterFetcher([harness.host.host_and_port]) as fetcher:
        worker = PosterWorker(
            harness.store, fetcher, image_processor, fail_first, harness.clock.now
        )
        await harness.add_film("/picture/good")
        for expected in (1, 2, 2):
            await worker.run_once()
            assert len(notifications) == expected


@pytest.mark.fault("crash-between-store-and-database")
async def test_an_old_unreferenced_object_is_purged(harness: PosterHarness) -> None:
    film_id = await harness.add_film("/picture/good")
    await harness.worker.run_once()
    await harness.store.put(object_key("0" * 64, "w342"), b"unreferenced", "image/jpeg")
    assert await harness.worker.purge_unreferenced() == 0, "all are too young"
    harness.clock.advance(2 * DAY)
    await harness.store.put(object_key("1" * 64, "w342"), b"unreferenced", "image/jpeg")
    assert await harness.worker.purge_unreferenced() == 2
    key = (await get_film(film_id)).poster_key
    remaining = {stored.key async for stored in harness.store.list_objects()}
    assert remaining == {object_key(str(key), size) for size in POSTER_WIDTHS}


async def test_the_poster_of_a_merged_film_is_taken_over_or_purged(
    harness: PosterHarness, catalogue: Catalogue, notifier: OutboxNotifier
) -> None:
    merger = FilmMerger(catalogue, notifier, harness.clock.now)
    target = await harness.add_film(None)
    with_good, with_other = [await harness.add_film(f"/picture/{n}") for n in ("good", "other")]
    await Film.filter(id=target).update(poster_status="missing", poster_due_at=None)
    await harness.worker.run_once()
    good_key = str((await get_film(with_good)).poster_key)
    await merger.merge(str(with_good), str(target))
    await merger.merge(str(with_other), str(target))
    film = await get_film(target)
    assert (film.poster_status, film.poster_key) == ("stored", good_key)
    harness.clock.advance(2 * DAY)
    assert await harness.worker.purge_unreferenced() == len(POSTER_WIDTHS)
    remaining = {stored.key async for stored in harness.store.list_objects()}
    assert remaining == {object_key(good_key, size) for size in POSTER_WIDTHS}


async def test_a_poster_that_is_fetched_during_a_merge_is_fetched_for_the_film_that_stays(
    harness: PosterHarness, catalogue: Catalogue, notifier: OutboxNotifier
) -> None:
    merged, target = await harness.add_film("/picture/good"), await harness.add_film(None)
    await Film.filter(id=target).update(poster_status="missing", poster_due_at=None)
    job = await jobs.claim(harness.clock.epoch_ms())
    assert job is not None and job.film_id == merged
    await FilmMerger(catalogue, notifier, harness.clock.now).merge(str(merged), str(target))
    outcome = JobOutcome(PosterSnapshot("stored", None, "0" * 64))
    assert not await jobs.record_outcome(job, outcome)
    harness.clock.advance(jobs.LEASE_MS / 1000 + 1)
    assert await harness.worker.run_once() == 1
    assert await is_stored(target)


async def test_a_poster_that_the_store_has_lost_is_fetched_again(harness: PosterHarness) -> None:
    service = PosterService(harness.store, harness.clock.now)
    film_id = await harness.add_film("/picture/good")
    await harness.worker.run_once()
    film = await get_film(film_id)
    key = str(film.poster_key)
    stored = await service.get_poster(film, "w342")
    assert (stored.media_type, stored.is_placeholder) == ("image/jpeg", False)
    for size in POSTER_WIDTHS:
        await harness.store.delete(object_key(key, size))
    with pytest.raises(NotFound):
        await service.get_stored(key, "w342.jpg")
    assert (await service.get_poster(film, "w342")).is_placeholder
    assert await harness.worker.run_once() == 1
    assert await service.get_stored(key, "w342.jpg") == stored
    assert (await get_film(film_id)).counters == 1


@pytest.mark.parametrize(
    ("key", "file"),
    [
        ("0" * 64, "w342.jpg"),
        ("0" * 63, "w342.jpg"),
        ("0" * 64, "w342"),
        ("0" * 64, "w1000.jpg"),
        ("..", "w342.jpg"),
        ("0" * 64, "../../movies.db"),
    ],
)
async def test_an_address_of_no_poster_is_not_found(
    harness: PosterHarness, key: str, file: str
) -> None:
    with pytest.raises(NotFound):
        await PosterService(harness.store, harness.clock.now).get_stored(key, file)


async def test_the_old_poster_is_shown_until_the_new_one_is_stored(harness: PosterHarness) -> None:
    film_id = await harness.add_film("/picture/good")
    await harness.worker.run_once()
    before = poster_view(await get_film(film_id))
    source = harness.host.url("/status/500")
    await Film.filter(id=film_id).update(
        poster_source=source, poster_status="pending", poster_due_at=harness.clock.epoch_ms()
    )
    await harness.worker.run_once()
    after = poster_view(await get_film(film_id))
    assert (after.status, after.url) == ("pending", before.url)
    await Film.filter(id=film_id).update(poster_status="missing")
    assert poster_view(await get_film(film_id)).url is None


async def test_a_log_line_contains_the_host_and_no_key(harness: PosterHarness) -> None:
    await harness.add_film("/picture/good?apikey=very-secret")
    with capture_logs() as logs:
        await harness.worker.run_once()
    assert "very-secret" not in str(logs)
    assert [line["host"] for line in logs] == ["127.0.0.1"]


async def has_logged(logs: Iterable[Mapping[str, object]], event: str) -> bool:
    return any(line["event"] == event for line in logs)
