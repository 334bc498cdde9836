"""The contract of poster stores: a folder and a bucket store whole objects and hide drivers."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.errors import Misconfigured, Unavailable
from service.posters.local_store import LocalPosterStore
from service.posters.s3_store import S3PosterStore
from service.posters.store import PosterStore, object_key
from tests.support.backends import require_backend
from tests.support.s3_buckets import (
    FakeBucket,
    create_bucket_url,
    local_url,
    open_bucket,
    open_fake_bucket,
    open_hanging_bucket,
)

KEY = object_key("0" * 64, "w342")
SIBLING = object_key("0" * 64, "w185")
OTHER = object_key("1" * 64, "w185")
JPEG = "image/jpeg"


@pytest.fixture(scope="module")
async def shared_bucket() -> AsyncIterator[S3PosterStore | None]:
    """Open one store for the module, if S3 is available: opening reads all of S3's definition."""
    if not os.environ.get("TEST_S3_URL"):
        yield None
        return
    async with open_bucket(create_bucket_url()) as store:
        yield store


@pytest.fixture(params=["folder", "s3"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, shared_bucket: S3PosterStore | None
) -> AsyncIterator[PosterStore]:
    if request.param == "folder":
        yield LocalPosterStore(tmp_path / "not" / "yet")
        return
    require_backend("s3")
    assert shared_bucket is not None, "require_backend() has skipped the test"
    yield shared_bucket
    for key in await get_keys(shared_bucket):
        await shared_bucket.delete(key)


async def get_keys(store: PosterStore) -> set[str]:
    return {stored.key async for stored in store.list_objects()}


async def test_a_stored_object_is_returned_whole(store: PosterStore) -> None:
    data = os.urandom(300_000)
    await store.put(KEY, data, JPEG)
    assert await store.get(KEY) == data


async def test_an_unknown_key_returns_none(store: PosterStore) -> None:
    assert await store.get(KEY) is None
    assert await get_keys(store) == set()


async def test_a_second_put_replaces_the_first(store: PosterStore) -> None:
    await store.put(KEY, b"first", JPEG)
    await store.put(KEY, b"second", JPEG)
    assert await store.get(KEY) == b"second"


async def test_a_deleted_object_is_gone_and_may_be_deleted_again(store: PosterStore) -> None:
    for key in (KEY, SIBLING):
        await store.put(key, b"data", JPEG)
    for _ in range(2):
        await store.delete(KEY)
    assert await store.get(KEY) is None
    assert await store.get(SIBLING) == b"data"


async def test_all_objects_are_listed_with_their_time_of_writing(store: PosterStore) -> None:
    for key in (KEY, SIBLING, OTHER):
        await store.put(key, b"data", JPEG)
    times = {stored.key: stored.written_at async for stored in store.list_objects()}
    assert set(times) == {KEY, SIBLING, OTHER}
    for written_at in times.values():
        assert abs(datetime.now(UTC) - written_at) < timedelta(minutes=1)


async def test_concurrent_puts_are_all_stored(store: PosterStore) -> None:
    objects = {object_key(f"{number:064x}", "w342"): os.urandom(1000) for number in range(40)}
    await asyncio.gather(*(store.put(key, data, JPEG) for key, data in objects.items()))
    results = await asyncio.gather(*(store.get(key) for key in objects))
    assert results == list(objects.values())
    assert await get_keys(store) == set(objects)


async def test_a_reader_never_sees_half_an_object(store: PosterStore) -> None:
    versions = [bytes([letter]) * 400_000 for letter in b"abcd"]
    await store.put(KEY, versions[0], JPEG)

    async def write() -> None:
        for data in versions * 3:
            await store.put(KEY, data, JPEG)

    task = asyncio.create_task(write())
    while not task.done():
        assert await store.get(KEY) in versions
    await task


async def test_check_returns_one_line_if_the_store_works(store: PosterStore) -> None:
    assert "\n" not in await store.check()


async def test_two_prefixes_of_a_bucket_are_separate() -> None:
    async with (
        open_bucket(create_bucket_url()) as first,
        open_bucket(create_bucket_url()) as second,
    ):
        await first.put(KEY, b"first", JPEG)
        assert await second.get(KEY) is None
        assert await get_keys(second) == set()
        await first.delete(KEY)


async def test_a_failed_put_leaves_no_file_behind(tmp_path: Path) -> None:
    (tmp_path / KEY).mkdir(parents=True)  # a folder stands where the file should go
    store = LocalPosterStore(tmp_path)
    with pytest.raises(Unavailable):
        await store.put(KEY, b"data", JPEG)
    assert [path.name for path in (tmp_path / KEY).parent.iterdir()] == ["w342.jpg"]


async def test_an_unusable_folder_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = LocalPosterStore(tmp_path / "file" / "posters")
    for call in (store.check, lambda: store.put(KEY, b"data", JPEG)):
        with pytest.raises(Unavailable):
            await call()
    assert await store.get(KEY) is None


async def test_a_check_creates_no_folder(tmp_path: Path) -> None:
    store = LocalPosterStore(tmp_path / "var" / "posters")
    assert str(tmp_path / "var" / "posters") in await store.check()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("bucket-missing")
@pytest.mark.parametrize(
    ("changes", "key_id", "secret", "reason"),
    [
        ({"netloc": "no-such-bucket"}, None, None, "the bucket does not exist"),
        ({}, "nobody", None, "the access key is not known"),
        ({}, None, "not the secret key", "the secret key is wrong"),
    ],
)
async def test_a_bucket_that_rejects_the_service_is_misconfigured(
    changes: dict[str, str], key_id: str | None, secret: str | None, reason: str
) -> None:
    async with open_bucket(create_bucket_url(**changes), key_id, secret) as store:
        for call in (store.check, lambda: store.put(KEY, b"", JPEG), lambda: store.get(KEY)):
            with pytest.raises(Misconfigured, match=reason):
                await call()
        with pytest.raises(Misconfigured, match=reason):
            await get_keys(store)


@pytest.mark.fault("s3-down")
@pytest.mark.parametrize(
    ("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (429, "TooManyRequests")]
)
async def test_a_busy_bucket_is_called_twice_and_then_unavailable(status: int, code: str) -> None:
    bucket = FakeBucket(status, code)
    async with open_fake_bucket(bucket) as store:
        with pytest.raises(Unavailable):
            await store.put(KEY, b"data", JPEG)
    assert bucket.call_count <= 2


@pytest.mark.fault("bucket-missing")
async def test_a_forbidden_bucket_is_called_once() -> None:
    bucket = FakeBucket(403, "AccessDenied")
    async with open_fake_bucket(bucket) as store:
        with pytest.raises(Misconfigured, match="the keys do not allow it"):
            await store.put(KEY, b"data", JPEG)
    assert bucket.call_count == 1


@pytest.mark.fault("s3-down")
async def test_a_hanging_bucket_costs_no_more_than_the_call_timeout() -> None:
    async with open_hanging_bucket(timeout=0.3) as store:
        for call in (lambda: store.get(KEY), lambda: store.put(KEY, b"", JPEG), store.check):
            started = time.monotonic()
            with pytest.raises(Unavailable):
                await call()
            assert time.monotonic() - started < 15


async def test_a_bucket_on_a_closed_port_is_unavailable() -> None:
    async with open_bucket(local_url(1), "key", "secret") as store:
        for call in (lambda: store.get(KEY), store.check, lambda: get_keys(store)):
            with pytest.raises(Unavailable):
                await call()
