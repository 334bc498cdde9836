"""Posters while their store refuses, and when the indexer dies between store and database."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from indexer import poster_worker as loop
from service.films.poster_response import POSTER_WIDTHS
from service.posters import jobs
from service.posters.image_processor import MEDIA_TYPE, ImageProcessor
from service.posters.local_store import LocalPosterStore
from service.posters.store import object_key
from tests.faults.conftest import Beset
from tests.faults.plugin import Observations
from tests.faults.stored import accounted_for, store_of
from tests.support import ROOT
from tests.support.poster_harness import at_work, is_stored, shown, studio_on
from tests.support.s3_buckets import BadBucket, standing
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

DAY = 86_400_000  # ms


@pytest.fixture(scope="module")
async def darkroom() -> AsyncIterator[ImageProcessor]:
    room = ImageProcessor()
    yield room
    await room.close()


@pytest.mark.fault("s3-down")
@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError")])
async def test_posters_wait_while_the_bucket_is_busy_and_are_stored_when_it_is_not(
    database: str,
    darkroom: ImageProcessor,
    observations: Observations,
    status: int,
    code: str,
) -> None:
    bad = BadBucket(status, code)
    async with standing(bad) as store, studio_on(store, darkroom) as studio:
        ids = [await studio.film("/picture/good", f"Film {number}") for number in range(8)]

        async def tried_some_times() -> bool:
            return bad.asked >= 6

        async def all_stored() -> bool:
            return all([await is_stored(film_id) for film_id in ids])

        with capture_logs() as logs:
            async with at_work(studio.again(initial_pause=0.2)):
                await wait_until(tried_some_times)
                for film_id in ids:
                    film = await shown(film_id)
                    assert (film.poster_status, film.poster_attempts <= 1) == ("pending", True)
                fetched = len(studio.host.seen)
                bad.status = 200
                await wait_until(all_stored)
    told = [line["event"] for line in logs if line["event"].startswith("posters_")]
    assert told == ["posters_paused", "posters_resumed"]
    assert fetched <= loop.CONCURRENCY, "hosts are left alone while nothing can be stored"
    assert len(bad.objects) == len(POSTER_WIDTHS)
    observations.add(
        f"{status} {code}: 8 posters pending, one line, few calls; all stored after healing"
    )
    observations.confirm("I8")


@pytest.mark.fault("bucket-missing")
@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NoSuchBucket")])
async def test_a_bucket_that_will_not_have_us_is_one_alert_and_no_storm(
    database: str, darkroom: ImageProcessor, observations: Observations, status: int, code: str
) -> None:
    bad = BadBucket(status, code)
    async with standing(bad) as store, studio_on(store, darkroom) as studio:
        ids = [await studio.film("/picture/good", f"Film {number}") for number in range(8)]
        with capture_logs() as logs:
            for _ in range(20):
                await studio.posters.run_once()
        [alert] = [line for line in logs if line["log_level"] == "error"]
        assert alert["event"] == "posters_refused"
        assert bad.asked == 1 and len(studio.host.seen) == 1
        for film_id in ids:
            film = await shown(film_id)
            assert (film.poster_status, film.poster_attempts) == ("pending", 0)
        bad.status = 200
        assert await studio.again().run_once() == 8
    observations.add(
        f"{status}: one error in the log, one call, 8 posters pending; stored once it is mended"
    )
    observations.confirm("I8")


@pytest.mark.fault("crash-between-store-and-database")
@pytest.mark.parametrize("moment", ["half stored", "stored, not written down"])
async def test_an_indexer_that_dies_after_storing_leaves_nothing_that_is_not_cleared_up(
    database: str, darkroom: ImageProcessor, tmp_path: Path, observations: Observations, moment: str
) -> None:
    folder = tmp_path / "posters"
    store = LocalPosterStore(folder)
    async with studio_on(store, darkroom) as studio:
        film_id = await studio.film("/picture/good")
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.crashing_poster_worker"),
            *(moment, database, str(folder), studio.host.pair),
            cwd=ROOT,
        )
        assert await child.wait() == -signal.SIGKILL
        left = {stored.key async for stored in store.list_objects()}
        assert len(left) == (1 if moment == "half stored" else len(POSTER_WIDTHS))
        assert (await shown(film_id)).poster_status == "pending"
        assert await studio.posters.run_once() == 0, "the dead one's lease is waited out"
        studio.clock.advance_ms(2 * jobs.LEASE_MS)
        assert await studio.posters.run_once() == 1
        key = (await shown(film_id)).poster_key
        now = {stored.key async for stored in store.list_objects()}
        assert now == {f"{key}/{size}.jpg" for size in POSTER_WIDTHS}
        assert left <= now, "the same picture lies under the same key"

        other = await studio.film("/picture/other", "Another", poster_due_at=1)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.crashing_poster_worker"),
            *(moment, database, str(folder), studio.host.pair),
            cwd=ROOT,
        )
        assert await child.wait() == -signal.SIGKILL
        orphans = {stored.key async for stored in store.list_objects()} - now
        assert orphans
        film = await shown(other)
        await film.delete()
        studio.clock.advance_ms(2 * DAY)
        assert await studio.posters.purge_unreferenced() == len(orphans)
        assert {stored.key async for stored in store.list_objects()} == now
    observations.add(
        f"killed when {moment}: done again under the same key; an orphan is swept after a day"
    )
    observations.confirm("I8")


@pytest.mark.fault("crash-between-store-and-database")
async def test_a_picture_that_no_film_shows_is_swept_from_the_bucket_and_the_others_stay(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    async def stored() -> str | None:
        film = (await client.get("/api/v1/movies/tt0017136")).json
        return film["id"] if film["poster"]["status"] == "stored" else None

    film_id = await wait_until(stored)
    orphan = object_key("0" * 64, next(iter(POSTER_WIDTHS)))
    async with store_of(sound.service.environment) as store:
        await store.put(orphan, b"of a film that was never written down", MEDIA_TYPE)
        assert await accounted_for(sound.service, sound.direct) == 0, "it may be on its way yet"
        assert await store.get(orphan) is not None
        assert await accounted_for(sound.service, sound.direct, timedelta(0)) == 1
        assert await store.get(orphan) is None
    poster = await client.get(f"/api/v1/movies/{film_id}/poster")
    assert (poster.status, poster.headers["Content-Type"]) == (200, MEDIA_TYPE)
    observations.add("an orphan in the bucket is swept when its day has come, and no other picture")
    observations.confirm("I8")
