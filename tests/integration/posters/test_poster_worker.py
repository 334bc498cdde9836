"""The poster loop on a real database, a real store, and a host that misbehaves on request."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from indexer.poster_worker import MAX_ATTEMPTS, MISSING_RECHECK_MS, PosterWorker
from service.errors import NotFound, Unavailable
from service.films.models import Film
from service.films.poster_response import POSTER_WIDTHS, poster_view
from service.posters import jobs
from service.posters.fetcher import PosterFetcher
from service.posters.image_processor import ImageProcessor
from service.posters.local_store import LocalPosterStore
from service.posters.service import PosterService
from service.posters.store import object_key
from tests.support.poster_harness import Studio, at_work, is_stored, shown, studio_on
from tests.support.sample_images import detailed, picture, scan_bomb
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
async def darkroom() -> AsyncIterator[ImageProcessor]:
    room = ImageProcessor(max_cpu_seconds=1)
    yield room
    await room.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "posters"


@pytest.fixture
async def studio(database: str, folder: Path, darkroom: ImageProcessor) -> AsyncIterator[Studio]:
    async with studio_on(LocalPosterStore(folder), darkroom) as made:
        yield made


async def test_a_film_gets_its_poster_in_three_sizes(studio: Studio) -> None:
    film_id = await studio.film("/picture/good")
    assert await studio.posters.run_once() == 1
    film = await shown(film_id)
    assert (film.poster_status, film.poster_reason, film.poster_due_at) == ("stored", None, None)
    assert (film.version, film.counters) == (1, 1)
    assert film.poster_key is not None
    for size in POSTER_WIDTHS:
        assert await studio.store.get(object_key(film.poster_key, size))
    seen = poster_view(film)
    assert seen.url == f"/api/v1/posters/{film.poster_key}/w342.jpg"
    assert set(seen.sizes) == set(POSTER_WIDTHS)
    assert studio.told == [None]


async def test_nothing_due_is_nothing_done(studio: Studio) -> None:
    await studio.film("/picture/good", poster_due_at=studio.clock.epoch_ms() + 1)
    await studio.film("/picture/good", poster_due_at=None, poster_status="stored")
    assert await studio.posters.run_once() == 0
    assert studio.told == []


async def test_the_same_poster_of_two_films_is_kept_once(studio: Studio) -> None:
    ids = [await studio.film("/picture/good", title) for title in ("Jaws", "Jaws 2")]
    await studio.posters.run_once()
    assert len({(await shown(film_id)).poster_key for film_id in ids}) == 1
    assert len([stored async for stored in studio.store.list_objects()]) == len(POSTER_WIDTHS)


@pytest.mark.fault("poster-missing")
@pytest.mark.parametrize("source", ["/status/404", "/status/410", "N/A", None])
async def test_a_missing_poster_is_looked_for_again_after_days(
    studio: Studio, source: str | None
) -> None:
    film_id = await studio.film(source)
    await studio.posters.run_once()
    film = await shown(film_id)
    assert film.poster_status == "missing"
    assert film.poster_reason
    assert film.poster_due_at is not None
    assert film.poster_due_at > studio.clock.epoch_ms() + MISSING_RECHECK_MS / 2
    assert poster_view(film).url is None


@pytest.mark.fault("poster-missing")
async def test_a_poster_that_turns_up_later_is_found(studio: Studio) -> None:
    film_id = await studio.film("/picture/late")
    await studio.posters.run_once()
    studio.host.pictures["late"] = picture()
    assert await studio.posters.run_once() == 0
    studio.clock.advance_ms(2 * MISSING_RECHECK_MS)
    assert await studio.posters.run_once() == 1
    assert (await shown(film_id)).poster_status == "stored"


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
async def test_what_must_not_be_shown_is_rejected_for_good(
    studio: Studio, source: str, reason: str
) -> None:
    studio.host.pictures |= {"cut": detailed()[:-3000], "bomb": scan_bomb()}
    film_id = await studio.film(source)
    await studio.posters.run_once()
    film = await shown(film_id)
    assert (film.poster_status, film.poster_due_at) == ("rejected", None)
    assert film.poster_reason is not None
    assert any(part in film.poster_reason for part in reason.split("|"))
    assert [stored async for stored in studio.store.list_objects()] == []
    assert studio.told == [None]


async def test_a_host_in_trouble_is_asked_later_and_later_and_given_up(studio: Studio) -> None:
    film_id = await studio.film("/status/500")
    waits = []
    for _ in range(MAX_ATTEMPTS - 1):
        assert await studio.posters.run_once() == 1
        film = await shown(film_id)
        assert (film.poster_status, film.poster_reason) == ("pending", "the host answers 500")
        assert film.poster_due_at is not None
        waits.append(film.poster_due_at - studio.clock.epoch_ms())
        studio.clock.advance_ms(waits[-1] + 1)
    assert waits[0] < 60_000 < 1_000_000 < waits[-1]
    assert waits == sorted(waits)
    await studio.posters.run_once()
    assert (await shown(film_id)).poster_status == "missing"


async def test_a_reason_that_stays_the_same_is_told_once(studio: Studio) -> None:
    film_id = await studio.film("/status/500")
    for _ in range(3):
        await studio.posters.run_once()
        studio.clock.advance_ms(10_000_000)
    assert (await shown(film_id)).counters == 1
    assert studio.told == [None]


async def test_a_host_that_names_a_time_is_left_alone_until_then(studio: Studio) -> None:
    film_id = await studio.film("/status/503")
    await studio.posters.run_once()
    due = (await shown(film_id)).poster_due_at
    assert due is not None
    assert due >= studio.clock.epoch_ms() + 120_000


async def test_a_poster_is_stored_though_its_first_tries_failed(studio: Studio) -> None:
    film_id = await studio.film("/picture/good")
    studio.host.down = True
    await studio.posters.run_once()
    studio.host.down = False
    studio.clock.advance_ms(3_600_000)
    await studio.posters.run_once()
    film = await shown(film_id)
    assert (film.poster_status, film.poster_attempts) == ("stored", 0)


async def test_a_source_that_changes_meanwhile_wins(studio: Studio) -> None:
    film_id = await studio.film("/picture/good")

    async def change() -> None:
        await Film.filter(id=film_id).update(
            poster_source=studio.host.url("/picture/other"), poster_due_at=studio.clock.epoch_ms()
        )

    studio.host.meanwhile = change
    assert await studio.posters.run_once() == 2
    film = await shown(film_id)
    assert film.poster_status == "stored"
    assert [request.path for request in studio.host.seen] == ["/picture/good", "/picture/other"]
    other = await studio.film("/picture/other", "Twin")
    await studio.posters.run_once()
    assert (await shown(other)).poster_key == film.poster_key


async def test_a_film_that_is_deleted_meanwhile_is_no_trouble(studio: Studio) -> None:
    film_id = await studio.film("/picture/good")
    studio.host.meanwhile = Film.filter(id=film_id).delete
    assert await studio.posters.run_once() == 1
    assert studio.told == []


@pytest.mark.fault("concurrent-lookups")
async def test_two_indexers_never_fetch_the_same_poster(studio: Studio) -> None:
    for number in range(20):
        await studio.film(f"/picture/{number}", f"Film {number}")
    both = await asyncio.gather(studio.posters.run_once(), studio.again().run_once())
    assert sum(both) == 20
    asked = [request.path for request in studio.host.seen]
    assert len(asked) == len(set(asked)) == 20


async def test_an_indexer_that_dies_loses_nothing(studio: Studio) -> None:
    film_id = await studio.film("/picture/good")
    assert await jobs.claim(studio.clock.epoch_ms()) is not None  # and no more is heard of it
    assert await studio.posters.run_once() == 0
    studio.clock.advance_ms(jobs.LEASE_MS + 1)
    assert await studio.posters.run_once() == 1
    assert (await shown(film_id)).poster_status == "stored"


async def test_one_that_comes_back_late_does_not_undo_anothers_work(studio: Studio) -> None:
    film_id = await studio.film("/picture/good")
    late = await jobs.claim(studio.clock.epoch_ms())
    assert late is not None
    studio.clock.advance_ms(jobs.LEASE_MS + 1)
    await studio.posters.run_once()
    lost = jobs.JobOutcome(jobs.PosterSnapshot("missing", "too late", None))
    assert not await jobs.record_outcome(late, lost)
    assert (await shown(film_id)).poster_status == "stored"


async def test_a_store_that_is_away_is_no_films_fault(studio: Studio, folder: Path) -> None:
    folder.write_text("a file stands where the folder should be")
    ids = [await studio.film("/picture/good", f"Film {number}") for number in range(3)]
    with capture_logs() as logs:
        await studio.posters.run_once()
        await studio.posters.run_once()
    for film_id in ids:
        film = await shown(film_id)
        assert (film.poster_status, film.poster_attempts) == ("pending", 0)
    assert len(studio.host.seen) == 1
    assert len([line for line in logs if line["event"] == "posters_paused"]) == 1
    folder.unlink()
    assert await studio.again().run_once() == 3
    for film_id in ids:
        assert (await shown(film_id)).poster_status == "stored"


async def test_the_loop_goes_on_by_itself_when_the_store_is_back(
    studio: Studio, folder: Path
) -> None:
    folder.write_text("in the way")
    film_id = await studio.film("/picture/good")
    with capture_logs() as logs:
        async with at_work(studio.again(initial_pause=0.05)):
            await wait_until(lambda: said(logs, "posters_paused"))
            folder.unlink()
            await wait_until(lambda: is_stored(film_id))
    assert [line["event"] for line in logs if line["event"].startswith("posters_")] == [
        "posters_paused",
        "posters_resumed",
    ]


@pytest.mark.fault("poster-body-too-large")
async def test_a_slow_host_does_not_hold_up_the_others(studio: Studio) -> None:
    slow = await studio.film("/drip", poster_due_at=1)
    ids = [await studio.film("/picture/good", f"Film {number}") for number in range(5)]
    async with at_work(studio.posters):
        for film_id in ids:
            await wait_until(lambda film_id=film_id: is_stored(film_id))
        assert (await shown(slow)).poster_status == "pending"


async def test_the_loop_outlives_a_database_that_is_away(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, refused = jobs.claim, []

    async def claim_later(now_ms: int) -> jobs.PosterJob | None:
        if len(refused) < 3:
            refused.append(1)
            raise ConnectionRefusedError("the database is away")
        return await claim(now_ms)

    monkeypatch.setattr(jobs, "claim", claim_later)
    film_id = await studio.film("/picture/good")
    with capture_logs() as logs:
        async with at_work(studio.again(initial_pause=0.02)):
            await wait_until(lambda: is_stored(film_id))
    paused = [line for line in logs if line["event"] == "posters_paused"]
    assert [line["log_level"] for line in paused] == ["warning"], "one line, and no traceback"


async def test_a_poster_that_breaks_the_code_is_tried_again_and_holds_up_nobody(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = PosterFetcher.fetch

    async def fetched(self: PosterFetcher, address: str) -> bytes:
        if "other" in address:
            raise ZeroDivisionError("nobody thought of this")
        return await fetch(self, address)

    monkeypatch.setattr(PosterFetcher, "fetch", fetched)
    broken, fine = await studio.film("/picture/other"), await studio.film("/picture/good")
    with capture_logs() as logs:
        assert await studio.posters.run_once() == 2
    assert await is_stored(fine)
    film = await shown(broken)
    assert (film.poster_status, film.poster_attempts) == ("pending", 1)
    assert film.poster_due_at is not None and film.poster_due_at > studio.clock.epoch_ms()
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["poster_failed"]


async def test_the_loop_sweeps_by_itself_and_goes_on_when_that_fails(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = object_key("0" * 64, "w342")
    await studio.store.put(orphan, b"orphan", "image/jpeg")
    studio.clock.advance_ms(2 * 86_400_000)
    delete, failed = studio.store.delete, []

    async def fail_once(key: str) -> None:
        if not failed:
            failed.append(key)
            raise Unavailable("the store is away")
        await delete(key)

    monkeypatch.setattr(studio.store, "delete", fail_once)

    async def gone() -> bool:
        return await studio.store.get(orphan) is None

    with capture_logs() as logs:
        async with at_work(studio.again(purge_interval=0.02)):
            await wait_until(gone)
    assert failed == [orphan]
    assert await said(logs, "posters_not_swept")


async def test_stopping_gives_back_what_is_under_way(studio: Studio) -> None:
    film_id = await studio.film("/drip")

    async def is_asked() -> bool:
        return bool(studio.host.seen)

    async with at_work(studio.posters):
        await wait_until(is_asked)
    film = await shown(film_id)
    assert (film.poster_due_at, film.poster_attempts) == (studio.clock.epoch_ms(), 0)


async def test_changes_are_told_until_they_are_heard(
    studio: Studio, darkroom: ImageProcessor
) -> None:
    heard: list[None] = []

    async def changed() -> None:
        heard.append(None)
        if len(heard) == 1:
            raise OSError("nobody listens")

    async with PosterFetcher([studio.host.pair]) as fetcher:
        deaf = PosterWorker(studio.store, fetcher, darkroom, changed, studio.clock)
        await studio.film("/picture/good")
        for expected in (1, 2, 2):
            await deaf.run_once()
            assert len(heard) == expected


@pytest.mark.fault("crash-between-store-and-database")
async def test_an_old_object_that_no_film_shows_is_swept(studio: Studio) -> None:
    film_id = await studio.film("/picture/good")
    await studio.posters.run_once()
    await studio.store.put(object_key("0" * 64, "w342"), b"orphan", "image/jpeg")
    assert await studio.posters.purge_unreferenced() == 0, "all are too young"
    studio.clock.advance_ms(2 * 86_400_000)
    await studio.store.put(object_key("1" * 64, "w342"), b"orphan", "image/jpeg")
    assert await studio.posters.purge_unreferenced() == 2
    key = (await shown(film_id)).poster_key
    left = {stored.key async for stored in studio.store.list_objects()}
    assert left == {object_key(str(key), size) for size in POSTER_WIDTHS}


async def test_a_poster_that_the_store_has_lost_is_ordered_again(studio: Studio) -> None:
    gallery = PosterService(studio.store, studio.clock)
    film_id = await studio.film("/picture/good")
    await studio.posters.run_once()
    film = await shown(film_id)
    key = str(film.poster_key)
    stored = await gallery.get_poster(film, "w342")
    assert (stored.media_type, stored.is_placeholder) == ("image/jpeg", False)
    for size in POSTER_WIDTHS:
        await studio.store.delete(object_key(key, size))
    with pytest.raises(NotFound):
        await gallery.get_stored(key, "w342.jpg")
    assert (await gallery.get_poster(film, "w342")).is_placeholder
    assert await studio.posters.run_once() == 1
    assert await gallery.get_stored(key, "w342.jpg") == stored
    assert (await shown(film_id)).counters == 1


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
async def test_an_address_that_is_no_posters_is_not_found(
    studio: Studio, key: str, file: str
) -> None:
    with pytest.raises(NotFound):
        await PosterService(studio.store, studio.clock).get_stored(key, file)


async def test_the_old_poster_is_shown_until_the_new_one_is_there(studio: Studio) -> None:
    film_id = await studio.film("/picture/good")
    await studio.posters.run_once()
    before = poster_view(await shown(film_id))
    source = studio.host.url("/status/500")
    await Film.filter(id=film_id).update(
        poster_source=source, poster_status="pending", poster_due_at=studio.clock.epoch_ms()
    )
    await studio.posters.run_once()
    seen = poster_view(await shown(film_id))
    assert (seen.status, seen.url) == ("pending", before.url)
    await Film.filter(id=film_id).update(poster_status="missing")
    assert poster_view(await shown(film_id)).url is None


async def test_a_log_line_names_the_host_and_no_key(studio: Studio) -> None:
    await studio.film("/picture/good?apikey=very-secret")
    with capture_logs() as logs:
        await studio.posters.run_once()
    assert "very-secret" not in str(logs)
    assert [line["host"] for line in logs] == ["127.0.0.1"]


async def said(logs: Iterable[Mapping[str, object]], event: str) -> bool:
    return any(line["event"] == event for line in logs)
