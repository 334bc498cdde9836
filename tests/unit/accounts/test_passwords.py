"""Passwords: what may be one, what is kept of it, and that it holds nobody up."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from service.accounts import passwords
from service.accounts.passwords import PasswordHasher, validate_new_password, validate_password
from service.errors import TooMany

CHEAP = 64  # KiB


@pytest.fixture
def cheap() -> Iterator[PasswordHasher]:
    made = PasswordHasher(memory_kib=CHEAP)
    yield made
    made.close()


@pytest.fixture
def costly() -> Iterator[PasswordHasher]:
    made = PasswordHasher()
    yield made
    made.close()


async def test_a_hash_costs_what_owasp_asks_for(costly: PasswordHasher) -> None:
    kept = await costly.hash("correct horse")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_only_the_same_password_is_right(cheap: PasswordHasher) -> None:
    kept = await cheap.hash("correct horse")
    assert (await cheap.verify("correct horse", kept)).is_correct
    for other in ("correct hors", "correct horse ", "Correct horse", "correct horse\0", ""):
        assert not (await cheap.verify(other, kept)).is_correct


async def test_two_hashes_of_one_password_differ(cheap: PasswordHasher) -> None:
    assert await cheap.hash("correct horse") != await cheap.hash("correct horse")


async def test_an_accent_is_the_same_however_a_keyboard_encodes_it(cheap: PasswordHasher) -> None:
    kept = await cheap.hash("caf\u00e9 au lait")
    assert (await cheap.verify("cafe\u0301 au lait", kept)).is_correct


async def test_the_end_of_a_long_password_counts(cheap: PasswordHasher) -> None:
    longest = "x" * (passwords.MAX_BYTES - 1)
    kept = await cheap.hash(longest + "a")
    assert (await cheap.verify(longest + "a", kept)).is_correct
    assert not (await cheap.verify(longest + "b", kept)).is_correct


async def test_a_password_that_grows_when_it_is_composed_can_still_be_hashed(
    cheap: PasswordHasher,
) -> None:
    grows = validate_password("\U0001d160" * (passwords.MAX_BYTES // 4))
    assert (await cheap.verify(grows, await cheap.hash(grows))).is_correct


async def test_an_outdated_hash_is_replaced_by_a_stronger_one(cheap: PasswordHasher) -> None:
    stronger = PasswordHasher(memory_kib=2 * CHEAP)
    kept = await cheap.hash("correct horse")
    verdict = await stronger.verify("correct horse", kept)
    assert verdict.is_correct
    assert verdict.new_hash is not None
    assert f"m={2 * CHEAP}," in verdict.new_hash
    again = await stronger.verify("correct horse", verdict.new_hash)
    assert again.is_correct
    assert again.new_hash is None
    stronger.close()


async def test_a_wrong_password_upgrades_nothing(cheap: PasswordHasher) -> None:
    stronger = PasswordHasher(memory_kib=2 * CHEAP)
    verdict = await stronger.verify("wrong horse", await cheap.hash("correct horse"))
    assert verdict.new_hash is None
    stronger.close()


async def test_an_unknown_user_costs_as_much_work_as_a_wrong_password(
    costly: PasswordHasher,
) -> None:
    kept = await costly.hash("correct horse")
    unknown: list[float] = []
    wrong: list[float] = []
    for _ in range(10):
        for work, stored in ((unknown, None), (wrong, kept)):
            start = time.process_time()
            await costly.verify("wrong horse", stored)
            work.append(time.process_time() - start)
    assert 0.6 < min(unknown) / min(wrong) < 1.6


async def test_the_loop_goes_on_while_a_password_is_hashed(costly: PasswordHasher) -> None:
    hashing = asyncio.ensure_future(costly.hash("correct horse"))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 10


async def test_when_too_many_wait_the_next_one_is_told_when_to_come_back() -> None:
    narrow = PasswordHasher(max_pending=2)
    results = await asyncio.gather(
        *(narrow.hash("correct horse") for _ in range(5)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, TooMany)]
    assert len(refused) == 3
    assert all(error.code == "too_busy" and error.retry_after for error in refused)
    assert await narrow.hash("correct horse")
    narrow.close()


async def test_a_caller_who_leaves_gives_the_place_back() -> None:
    narrow = PasswordHasher(max_pending=1)
    leaving = asyncio.ensure_future(narrow.hash("correct horse"))
    await asyncio.sleep(0)
    leaving.cancel()
    deadline = time.monotonic() + 20
    while True:
        try:
            assert await narrow.hash("correct horse")
            break
        except TooMany:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
    narrow.close()


async def test_after_closing_nothing_is_hashed() -> None:
    closed = PasswordHasher(memory_kib=CHEAP, max_pending=1)
    closed.close()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="shutdown"):
            await closed.hash("correct horse")


@pytest.mark.parametrize(
    "password", ["12345678", "password", "PassWord1", "qwertyuiop", "iloveyou", "letmein1"]
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="guessed first"):
        validate_new_password(password)


def test_every_kept_guess_is_long_enough_to_matter() -> None:
    assert all(len(word) >= passwords.MIN_LENGTH for word in passwords.COMMON_PASSWORDS)
    assert all(word == word.casefold() for word in passwords.COMMON_PASSWORDS)


def test_seven_characters_are_too_few_and_eight_are_enough() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        validate_new_password("tr0ub4d")
    assert validate_new_password("tr0ub4do") == "tr0ub4do"


def test_the_longest_password_is_counted_in_bytes() -> None:
    assert validate_password("é" * 512)
    with pytest.raises(ValueError, match="1,024 bytes"):
        validate_password("é" * 513)


def test_what_utf8_cannot_carry_is_no_password() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        validate_password("correct\ud800horse")
