"""Passwords: rules, hashes, and hashing that does not block the service."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from service.accounts.passwords import hashing as passwords
from service.accounts.passwords.hashing import (
    BUSY_RETRY_AFTER,
    HashQueue,
    PasswordHasher,
    validate_new_password,
    validate_password,
)
from service.errors import TooMany
from tests.support.accounts import HASH_MEMORY


@pytest.fixture
def cheap() -> Iterator[PasswordHasher]:
    hasher = PasswordHasher(memory_kib=HASH_MEMORY)
    yield hasher
    hasher.close()


@pytest.fixture
def costly() -> Iterator[PasswordHasher]:
    hasher = PasswordHasher()
    yield hasher
    hasher.close()


@contextlib.asynccontextmanager
async def fill(queue: HashQueue, places: int) -> AsyncIterator[None]:
    """Occupy so many places of a queue."""
    gate = threading.Event()
    occupants = [asyncio.ensure_future(queue.run(gate.wait)) for _ in range(places)]
    await asyncio.sleep(0)  # each of them has its place
    try:
        yield
    finally:
        gate.set()
        await asyncio.gather(*occupants)


async def test_a_hash_has_the_cost_that_owasp_recommends(costly: PasswordHasher) -> None:
    stored_hash = await costly.hash("correct horse")
    assert stored_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_only_the_same_password_is_correct(cheap: PasswordHasher) -> None:
    stored_hash = await cheap.hash("correct horse")
    assert (await cheap.verify("correct horse", stored_hash)).is_correct
    for other in ("correct hors", "correct horse ", "Correct horse", "correct horse\0", ""):
        assert not (await cheap.verify(other, stored_hash)).is_correct


async def test_two_hashes_of_one_password_differ(cheap: PasswordHasher) -> None:
    assert await cheap.hash("correct horse") != await cheap.hash("correct horse")


async def test_an_accent_is_the_same_in_every_encoding(cheap: PasswordHasher) -> None:
    stored_hash = await cheap.hash("caf\u00e9 au lait")
    assert (await cheap.verify("cafe\u0301 au lait", stored_hash)).is_correct


async def test_the_end_of_a_long_password_matters(cheap: PasswordHasher) -> None:
    prefix = "x" * (passwords.MAX_BYTES - 1)
    stored_hash = await cheap.hash(prefix + "a")
    assert (await cheap.verify(prefix + "a", stored_hash)).is_correct
    assert not (await cheap.verify(prefix + "b", stored_hash)).is_correct


async def test_a_password_that_grows_when_it_is_composed_can_still_be_hashed(
    cheap: PasswordHasher,
) -> None:
    password = validate_password("\U0001d160" * (passwords.MAX_BYTES // 4))
    assert (await cheap.verify(password, await cheap.hash(password))).is_correct


async def test_an_outdated_hash_is_replaced_by_a_stronger_one(cheap: PasswordHasher) -> None:
    stronger = PasswordHasher(memory_kib=2 * HASH_MEMORY)
    stored_hash = await cheap.hash("correct horse")
    check = await stronger.verify("correct horse", stored_hash)
    assert check.is_correct
    assert check.new_hash is not None
    assert f"m={2 * HASH_MEMORY}," in check.new_hash
    again = await stronger.verify("correct horse", check.new_hash)
    assert again.is_correct
    assert again.new_hash is None
    stronger.close()


async def test_a_wrong_password_replaces_no_hash(cheap: PasswordHasher) -> None:
    stronger = PasswordHasher(memory_kib=2 * HASH_MEMORY)
    check = await stronger.verify("wrong horse", await cheap.hash("correct horse"))
    assert check.new_hash is None
    stronger.close()


async def test_an_unknown_user_costs_as_much_work_as_a_wrong_password(
    costly: PasswordHasher,
) -> None:
    stored_hash = await costly.hash("correct horse")
    unknown_times: list[float] = []
    wrong_times: list[float] = []
    for _ in range(10):
        for times, known_hash in ((unknown_times, None), (wrong_times, stored_hash)):
            start = time.process_time()
            await costly.verify("wrong horse", known_hash)
            times.append(time.process_time() - start)
    assert 0.6 < min(unknown_times) / min(wrong_times) < 1.6


async def test_the_event_loop_runs_while_a_password_is_hashed(costly: PasswordHasher) -> None:
    hashing = asyncio.ensure_future(costly.hash("correct horse"))
    iterations = 0
    while not hashing.done():
        iterations += 1
        await asyncio.sleep(0)
    assert iterations > 10


async def test_when_the_queue_is_full_the_next_caller_gets_a_retry_time() -> None:
    hasher = PasswordHasher(max_pending_new=2)
    results = await asyncio.gather(
        *(hasher.hash("correct horse") for _ in range(5)), return_exceptions=True
    )
    rejected = [result for result in results if isinstance(result, TooMany)]
    assert len(rejected) == 3
    assert all(error.code == "too_busy" and error.retry_after for error in rejected)
    assert await hasher.hash("correct horse")
    hasher.close()


async def test_new_passwords_in_any_number_leave_the_places_of_logins_free() -> None:
    hasher = PasswordHasher(memory_kib=HASH_MEMORY, max_pending_new=3)
    stored_hash = await hasher.hash("correct horse")
    async with fill(hasher.new_hashes, 3):
        for work in (hasher.hash("another horse"), hasher.derive_digest("a body", "some salt")):
            with pytest.raises(TooMany):
                await work
        assert (await hasher.verify("correct horse", stored_hash)).is_correct
        assert not (await hasher.verify("a guess", None)).is_correct
    assert await hasher.hash("another horse")
    hasher.close()


async def test_logins_beyond_their_places_get_a_retry_time() -> None:
    hasher = PasswordHasher(memory_kib=HASH_MEMORY, max_pending_logins=2)
    stored_hash = await hasher.hash("correct horse")
    async with fill(hasher.logins, 2):
        for known_hash in (stored_hash, None):
            with pytest.raises(TooMany) as error:
                await hasher.verify("correct horse", known_hash)
            assert (error.value.code, error.value.retry_after) == ("too_busy", BUSY_RETRY_AFTER)
        assert await hasher.hash("another horse")
    assert (await hasher.verify("correct horse", stored_hash)).is_correct
    hasher.close()


async def test_a_cancelled_caller_frees_its_slot() -> None:
    hasher = PasswordHasher(max_pending_new=1)
    cancelled = asyncio.ensure_future(hasher.hash("correct horse"))
    await asyncio.sleep(0)
    cancelled.cancel()
    deadline = time.monotonic() + 20
    while True:
        try:
            assert await hasher.hash("correct horse")
            break
        except TooMany:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
    hasher.close()


async def test_a_closed_hasher_hashes_nothing() -> None:
    hasher = PasswordHasher(memory_kib=HASH_MEMORY, max_pending_new=1)
    hasher.close()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="shutdown"):
            await hasher.hash("correct horse")


def test_seven_characters_are_rejected_and_eight_accepted() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        validate_new_password("tr0ub4d")
    assert validate_new_password("tr0ub4do") == "tr0ub4do"
    assert validate_new_password("  bläue ") == "  bläue ", "blanks are kept"


def test_characters_are_counted_as_they_are_hashed() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        validate_new_password("a\u0308o\u0308u\u0308a\u0308o\u0308u\u0308")


def test_the_maximum_length_is_counted_in_bytes() -> None:
    assert validate_password("é" * 512)
    with pytest.raises(ValueError, match="1,024 bytes"):
        validate_password("é" * 513)


def test_a_password_that_utf8_cannot_encode_is_rejected() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        validate_password("correct\ud800horse")
