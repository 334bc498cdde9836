"""A folder and a bucket keep one promise: whole objects, plain absence, no driver's errors."""

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
from tests.support.s3_buckets import BadBucket, bucket, bucket_url, frozen, local_url, standing

KEY = object_key("0" * 64, "w342")
SIBLING = object_key("0" * 64, "w185")
OTHER = object_key("1" * 64, "w185")
JPEG = "image/jpeg"


@pytest.fixture(scope="module")
async def one_bucket() -> AsyncIterator[S3PosterStore | None]:
    """One store for the module, if there is any: opening one reads all of S3's description."""
    if not os.environ.get("TEST_S3_URL"):
        yield None
        return
    async with bucket(bucket_url()) as made:
        yield made


@pytest.fixture(params=["folder", "s3"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, one_bucket: S3PosterStore | None
) -> AsyncIterator[PosterStore]:
    if request.param == "folder":
        yield LocalPosterStore(tmp_path / "not" / "yet")
        return
    require_backend("s3")
    assert one_bucket is not None, "required() has ended the test"
    yield one_bucket
    for key in await keys(one_bucket):
        await one_bucket.delete(key)


async def keys(store: PosterStore) -> set[str]:
    return {stored.key async for stored in store.list_objects()}


async def test_what_was_put_is_got_back_whole(store: PosterStore) -> None:
    data = os.urandom(300_000)
    await store.put(KEY, data, JPEG)
    assert await store.get(KEY) == data


async def test_what_was_never_put_is_simply_absent(store: PosterStore) -> None:
    assert await store.get(KEY) is None
    assert await keys(store) == set()


async def test_putting_twice_keeps_the_last(store: PosterStore) -> None:
    await store.put(KEY, b"first", JPEG)
    await store.put(KEY, b"second", JPEG)
    assert await store.get(KEY) == b"second"


async def test_deleting_is_final_and_may_be_repeated(store: PosterStore) -> None:
    for key in (KEY, SIBLING):
        await store.put(key, b"data", JPEG)
    for _ in range(2):
        await store.delete(KEY)
    assert await store.get(KEY) is None
    assert await store.get(SIBLING) == b"data"


async def test_all_objects_are_listed_with_the_time_of_their_writing(store: PosterStore) -> None:
    for key in (KEY, SIBLING, OTHER):
        await store.put(key, b"data", JPEG)
    found = {stored.key: stored.written_at async for stored in store.list_objects()}
    assert set(found) == {KEY, SIBLING, OTHER}
    for written_at in found.values():
        assert abs(datetime.now(UTC) - written_at) < timedelta(minutes=1)


async def test_many_at_once_are_each_kept(store: PosterStore) -> None:
    named = {object_key(f"{number:064x}", "w342"): os.urandom(1000) for number in range(40)}
    await asyncio.gather(*(store.put(key, data, JPEG) for key, data in named.items()))
    found = await asyncio.gather(*(store.get(key) for key in named))
    assert found == list(named.values())
    assert await keys(store) == set(named)


async def test_a_reader_never_sees_half_an_object(store: PosterStore) -> None:
    versions = [bytes([letter]) * 400_000 for letter in b"abcd"]
    await store.put(KEY, versions[0], JPEG)

    async def write() -> None:
        for data in versions * 3:
            await store.put(KEY, data, JPEG)

    writing = asyncio.create_task(write())
    while not writing.done():
        assert await store.get(KEY) in versions
    await writing


async def test_a_store_that_works_says_where_posters_lie(store: PosterStore) -> None:
    assert "\n" not in await store.check()


async def test_two_prefixes_of_a_bucket_do_not_meet() -> None:
    async with bucket(bucket_url()) as ours, bucket(bucket_url()) as theirs:
        await ours.put(KEY, b"ours", JPEG)
        assert await theirs.get(KEY) is None
        assert await keys(theirs) == set()
        await ours.delete(KEY)


async def test_a_put_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / KEY).mkdir(parents=True)  # a folder stands where the file should go
    store = LocalPosterStore(tmp_path)
    with pytest.raises(Unavailable):
        await store.put(KEY, b"data", JPEG)
    assert [path.name for path in (tmp_path / KEY).parent.iterdir()] == ["w342.jpg"]


async def test_a_folder_that_cannot_be_is_told_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = LocalPosterStore(tmp_path / "file" / "posters")
    for ask in (store.check, lambda: store.put(KEY, b"data", JPEG)):
        with pytest.raises(Unavailable):
            await ask()
    assert await store.get(KEY) is None


@pytest.mark.fault("bucket-missing")
@pytest.mark.parametrize(
    ("changed", "key_id", "secret", "reason"),
    [
        ({"netloc": "no-such-bucket"}, None, None, "the bucket does not exist"),
        ({}, "nobody", None, "the access key is not known"),
        ({}, None, "not the secret key", "the secret key is wrong"),
    ],
)
async def test_a_bucket_that_will_not_have_us_is_the_operators_to_mend(
    changed: dict[str, str], key_id: str | None, secret: str | None, reason: str
) -> None:
    async with bucket(bucket_url(**changed), key_id, secret) as store:
        for ask in (store.check, lambda: store.put(KEY, b"", JPEG), lambda: store.get(KEY)):
            with pytest.raises(Misconfigured, match=reason):
                await ask()
        with pytest.raises(Misconfigured, match=reason):
            await keys(store)


@pytest.mark.fault("s3-down")
@pytest.mark.parametrize(
    ("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (429, "TooManyRequests")]
)
async def test_a_busy_bucket_is_asked_twice_and_then_left_alone(status: int, code: str) -> None:
    bad = BadBucket(status, code)
    async with standing(bad) as store:
        with pytest.raises(Unavailable):
            await store.put(KEY, b"data", JPEG)
    assert bad.asked <= 2


@pytest.mark.fault("bucket-missing")
async def test_a_forbidden_bucket_is_asked_once() -> None:
    bad = BadBucket(403, "AccessDenied")
    async with standing(bad) as store:
        with pytest.raises(Misconfigured, match="the keys do not allow it"):
            await store.put(KEY, b"data", JPEG)
    assert bad.asked == 1


@pytest.mark.fault("s3-down")
async def test_a_frozen_bucket_costs_no_more_than_the_calls_time() -> None:
    async with frozen(seconds=0.3) as store:
        for ask in (lambda: store.get(KEY), lambda: store.put(KEY, b"", JPEG), store.check):
            began = time.monotonic()
            with pytest.raises(Unavailable):
                await ask()
            assert time.monotonic() - began < 2.5


async def test_a_bucket_that_is_not_there_is_unavailable() -> None:
    async with bucket(local_url(1), "key", "secret") as store:
        for ask in (lambda: store.get(KEY), store.check, lambda: keys(store)):
            with pytest.raises(Unavailable):
                await ask()
