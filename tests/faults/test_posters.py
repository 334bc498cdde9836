"""Posters while the store fails, and when the indexer dies between store and database."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from indexer.poster_worker import CONCURRENCY
from service.films.poster_response import POSTER_WIDTHS
from service.posters import jobs
from service.posters.image_processor import MEDIA_TYPE, ImageProcessor
from service.posters.local_store import LocalPosterStore
from service.posters.store import object_key
from tests.faults.conftest import ProxiedService
from tests.faults.plugin import Observations
from tests.faults.stored import check_stored_posters, open_store
from tests.support import ROOT
from tests.support.poster_harness import get_film, is_stored, open_poster_harness, run_worker
from tests.support.s3_buckets import FakeBucket, open_fake_bucket
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

DAY = 86_400  # seconds


@pytest.fixture(scope="module")
async def image_processor() -> AsyncIterator[ImageProcessor]:
    processor = ImageProcessor()
    yield processor
    await processor.close()


@pytest.mark.fault("s3-down")
@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError")])
async def test_posters_stay_pending_while_the_bucket_fails_and_are_stored_afterwards(
    database: str,
    image_processor: ImageProcessor,
    observations: Observations,
    status: int,
    code: str,
) -> None:
    bucket = FakeBucket(status, code)
    async with (
        open_fake_bucket(bucket) as store,
        open_poster_harness(store, image_processor) as harness,
    ):
        ids = [await harness.add_film("/picture/good", f"Film {number}") for number in range(8)]

        async def has_been_retried() -> bool:
            return bucket.call_count >= 6

        async def are_all_stored() -> bool:
            return all([await is_stored(film_id) for film_id in ids])

        with capture_logs() as logs:
            async with run_worker(harness.create_worker(initial_pause=0.2)):
                await wait_until(has_been_retried)
                for film_id in ids:
                    film = await get_film(film_id)
                    assert (film.poster_status, film.poster_attempts <= 1) == ("pending", True)
                fetch_count = len(harness.host.requests)
                bucket.status = 200
                await wait_until(are_all_stored)
    events = [line["event"] for line in logs if line["event"].startswith("posters_")]
    assert events == ["posters_paused", "posters_resumed"]
    assert fetch_count <= CONCURRENCY, "no fetches while nothing can be stored"
    assert len(bucket.objects) == len(POSTER_WIDTHS)
    observations.add(
        f"{status} {code}: 8 posters pending, one line, few calls; all stored afterwards"
    )
    observations.confirm("I8")


@pytest.mark.fault("bucket-missing")
@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NoSuchBucket")])
async def test_a_bucket_that_rejects_the_service_is_one_alert_and_one_call(
    database: str,
    image_processor: ImageProcessor,
    observations: Observations,
    status: int,
    code: str,
) -> None:
    bucket = FakeBucket(status, code)
    async with (
        open_fake_bucket(bucket) as store,
        open_poster_harness(store, image_processor) as harness,
    ):
        ids = [await harness.add_film("/picture/good", f"Film {number}") for number in range(8)]
        with capture_logs() as logs:
            for _ in range(20):
                await harness.worker.run_once()
        [alert] = [line for line in logs if line["log_level"] == "error"]
        assert alert["event"] == "posters_refused"
        assert bucket.call_count == 1 and len(harness.host.requests) == 1
        for film_id in ids:
            film = await get_film(film_id)
            assert (film.poster_status, film.poster_attempts) == ("pending", 0)
        bucket.status = 200
        assert await harness.create_worker().run_once() == 8
    observations.add(
        f"{status}: one error in the log, one call, 8 posters pending; stored once it is fixed"
    )
    observations.confirm("I8")


@pytest.mark.fault("crash-between-store-and-database")
@pytest.mark.parametrize("moment", ["half stored", "stored, not recorded"])
async def test_an_indexer_that_dies_after_storing_leaves_only_objects_that_are_reused_or_purged(
    database: str,
    image_processor: ImageProcessor,
    tmp_path: Path,
    observations: Observations,
    moment: str,
) -> None:
    folder = tmp_path / "posters"
    store = LocalPosterStore(folder)
    async with open_poster_harness(store, image_processor) as harness:
        film_id = await harness.add_film("/picture/good")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.crashing_poster_worker"),
            *(moment, database, str(folder), harness.host.host_and_port),
            cwd=ROOT,
        )
        assert await process.wait() == -signal.SIGKILL
        partial = {stored.key async for stored in store.list_objects()}
        assert len(partial) == (1 if moment == "half stored" else len(POSTER_WIDTHS))
        assert (await get_film(film_id)).poster_status == "pending"
        assert await harness.worker.run_once() == 0, "the lease of the dead worker is not over"
        harness.clock.advance_ms(2 * jobs.LEASE_MS)
        assert await harness.worker.run_once() == 1
        key = (await get_film(film_id)).poster_key
        stored_keys = {stored.key async for stored in store.list_objects()}
        assert stored_keys == {f"{key}/{size}.jpg" for size in POSTER_WIDTHS}
        assert partial <= stored_keys, "the same images have the same keys"

        other = await harness.add_film("/picture/other", "Another", poster_due_at=1)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.crashing_poster_worker"),
            *(moment, database, str(folder), harness.host.host_and_port),
            cwd=ROOT,
        )
        assert await process.wait() == -signal.SIGKILL
        unreferenced = {stored.key async for stored in store.list_objects()} - stored_keys
        assert unreferenced
        film = await get_film(other)
        await film.delete()
        harness.clock.advance(2 * DAY)
        assert await harness.worker.purge_unreferenced() == len(unreferenced)
        assert {stored.key async for stored in store.list_objects()} == stored_keys
    observations.add(
        f"killed when {moment}: stored again under the same key; an unreferenced one is purged"
    )
    observations.confirm("I8")


@pytest.mark.fault("crash-between-store-and-database")
async def test_an_unreferenced_object_is_purged_from_the_bucket_and_the_others_stay(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    async def get_id_if_stored() -> str | None:
        film = (await client.get("/api/v1/movies/tt0017136")).json
        return film["id"] if film["poster"]["status"] == "stored" else None

    film_id = await wait_until(get_id_if_stored)
    unreferenced_key = object_key("0" * 64, next(iter(POSTER_WIDTHS)))
    async with open_store(healthy.service.environment) as store:
        await store.put(unreferenced_key, b"of a film that was never recorded", MEDIA_TYPE)
        assert await check_stored_posters(healthy.service, healthy.direct) == 0, (
            "it may belong to a job in progress"
        )
        assert await store.get(unreferenced_key) is not None
        assert await check_stored_posters(healthy.service, healthy.direct, timedelta(0)) == 1
        assert await store.get(unreferenced_key) is None
    poster = await client.get(f"/api/v1/movies/{film_id}/poster")
    assert (poster.status, poster.headers["Content-Type"]) == (200, MEDIA_TYPE)
    observations.add("an unreferenced object in the bucket is purged after a day, and no other")
    observations.confirm("I8")
