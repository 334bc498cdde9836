"""New passwords that are easy to guess are refused, with the reason; old ones still work."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from service.accounts.models import User
from service.accounts.passwords.credential_checks import CredentialChecks, personal_words
from service.accounts.passwords.hashing import MAX_BYTES
from service.accounts.schemas import Credentials, NewAccount
from service.errors import Invalid
from tests.support.accounts import PASSWORD, AccountActions

pytestmark = pytest.mark.once


@pytest.fixture
async def checks() -> AsyncIterator[CredentialChecks]:
    checks = CredentialChecks()
    yield checks
    await checks.close()


async def reason_for(checks: CredentialChecks, password: str) -> str:
    with pytest.raises(Invalid) as error:
        await checks.require_strong(password, "grace-hopper", "amazing@navy.example", "/password")
    assert [field.pointer for field in error.value.errors] == ["/password"]
    assert password not in error.value.detail + error.value.errors[0].detail
    return error.value.errors[0].detail


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("12345678", "common password"),
        ("PassWord1", "common password"),
        ("qwertyuiop", "common password"),
        ("iloveyou", "common password"),
        ("aaaaaaaaaaaa", "Repeats"),
        ("abcabcabcabc", "Repeats"),
        ("hopper1906", "easy to guess"),
        ("amazing@navy.example", "easy to guess"),
        ("Grace-Hopper", "easy to guess"),
        ("aa" * 500, "Repeats"),
    ],
)
async def test_a_password_that_is_easy_to_guess_is_refused_with_the_reason(
    checks: CredentialChecks, password: str, reason: str
) -> None:
    assert reason in await reason_for(checks, password)


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "Tr0ub4dor&3xq",
        "  vier blaue Fliegen  ",
        "ÄÖÜ ganz grün ist das",
        "密码很长也很难猜到吧朋友",
    ],
)
async def test_a_password_that_is_hard_to_guess_is_accepted(
    checks: CredentialChecks, password: str
) -> None:
    await checks.require_strong(password, "grace-hopper", None, "/password")


def test_the_words_of_a_person_are_the_parts_of_name_and_address() -> None:
    words = personal_words("Ada_Lovelace", "countess@Engine.co.example")
    assert set(words) == {
        *("ada_lovelace", "countess@engine.co.example"),
        *("ada", "lovelace", "countess", "engine", "example"),
    }


async def test_the_worst_passwords_do_not_hold_up_the_event_loop(
    checks: CredentialChecks,
) -> None:
    await checks.require_strong(PASSWORD, "ada", None, "/password")  # starts the worker
    lags: list[float] = []

    async def measure_lag() -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.005)
            lags.append(time.perf_counter() - started)

    monitor = asyncio.create_task(measure_lag())
    worst = ("41103!|0$5+7zZ2@" * 64)[:MAX_BYTES]
    started = time.process_time()
    for _ in range(5):
        await checks.require_strong(worst, "ada", None, "/password")
    monitor.cancel()
    assert time.process_time() - started < 0.5, "another process does the work"
    assert lags


async def test_a_worker_that_was_killed_is_started_again(checks: CredentialChecks) -> None:
    await checks.require_strong(PASSWORD, "ada", None, "/password")
    process = checks._worker._process
    assert process is not None
    process.kill()
    await process.wait()
    await checks.require_strong(PASSWORD, "ada", None, "/password")


async def test_a_cancelled_check_does_not_answer_the_next_one(checks: CredentialChecks) -> None:
    await checks.require_strong(PASSWORD, "ada", None, "/password")
    for _ in range(10):
        check = asyncio.create_task(checks.require_strong("12345678", "ada", None, "/password"))
        await asyncio.sleep(0)
        check.cancel()
        await checks.require_strong(PASSWORD, "ada", None, "/password")


async def test_a_weak_password_is_refused_at_registration_and_an_old_one_still_logs_in(
    users: AccountActions,
) -> None:
    account = NewAccount(username="ada", email="ada@example.org", password=SecretStr("password1"))
    with pytest.raises(Invalid) as error:
        await users.accounts.register(account)
    assert "common password" in error.value.errors[0].detail
    assert not await User.all().exists()
    await users.create_user("ada")
    old_hash = await users.accounts._passwords.hash("password1")
    await User.all().update(password_hash=old_hash)
    credentials = Credentials(username="ada", password=SecretStr("password1"))
    session = await users.accounts.login(credentials, "192.0.2.1")
    assert session.user.username == "ada"
