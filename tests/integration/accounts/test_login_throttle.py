"""Failed logins: each one delays the next, and concurrent guesses gain nothing."""

import asyncio

import pytest

from service.accounts.login_throttle import (
    FAILURE_LIFETIME_MS,
    INITIAL_DELAY_MS,
    MAX_ADDRESS_FAILURES,
    MAX_DELAY_MS,
    MAX_NAME_FAILURES,
    LoginThrottle,
)
from service.accounts.models import LoginFailure
from service.accounts.responses import SessionView
from service.errors import NotAuthenticated, TooMany
from tests.support.accounts import ADDRESS, OTHER_ADDRESS, SECRET, AccountActions
from tests.support.clock import FakeClock

INITIAL_DELAY = INITIAL_DELAY_MS / 1000  # seconds


@pytest.fixture
def throttle(clock: FakeClock) -> LoginThrottle:
    return LoginThrottle(SECRET, clock)


async def _fail(users: AccountActions, name: str = "ingrid", address: str = ADDRESS) -> None:
    with pytest.raises(NotAuthenticated):
        await users.log_in(name, "wrong password", address)


async def _blocked_seconds(
    users: AccountActions, name: str = "ingrid", address: str = ADDRESS
) -> float:
    """Return the `retry_after` of a login that is blocked despite the right password."""
    with pytest.raises(TooMany) as error:
        await users.log_in(name, address=address)
    assert error.value.code == "too_many_logins"
    assert error.value.retry_after is not None
    return error.value.retry_after


@pytest.mark.parametrize("name", ["ingrid", "nobody"])
async def test_after_some_failures_a_name_is_blocked_whether_it_exists_or_not(
    users: AccountActions, name: str
) -> None:
    await users.create_user("ingrid")
    for n in range(MAX_NAME_FAILURES):
        await _fail(users, name, f"192.0.2.{n}")
    assert await _blocked_seconds(users, name, OTHER_ADDRESS) == INITIAL_DELAY


async def test_after_the_delay_a_login_succeeds_and_resets_the_count(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    for _ in range(MAX_NAME_FAILURES):
        await _fail(users)
    clock.advance(await _blocked_seconds(users))
    assert await users.log_in("ingrid")
    for n in range(MAX_NAME_FAILURES - 1):
        await _fail(users, address=f"192.0.2.{n}")
    assert await users.log_in("ingrid", address=OTHER_ADDRESS)


async def test_each_further_failure_doubles_the_delay_up_to_a_maximum(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    for _ in range(MAX_NAME_FAILURES - 1):
        await _fail(users)
    waits = []
    for n in range(9):
        await _fail(users, address=f"192.0.2.{n}")
        waits.append(await _blocked_seconds(users, address=OTHER_ADDRESS))
        clock.advance(waits[-1])
    maximum = MAX_DELAY_MS / 1000
    assert waits == [INITIAL_DELAY * 2**n for n in range(7)] + [maximum, maximum]


async def test_an_attempt_during_the_delay_does_not_lengthen_it(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    for _ in range(MAX_NAME_FAILURES):
        await _fail(users)
    for _ in range(3):
        await _blocked_seconds(users)
    clock.advance(INITIAL_DELAY)
    assert await users.log_in("ingrid")


async def test_failures_are_forgotten_after_a_while(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    for _ in range(MAX_NAME_FAILURES - 1):
        await _fail(users)
    clock.advance(FAILURE_LIFETIME_MS / 1000)
    await _fail(users)
    assert await users.log_in("ingrid")


async def test_an_address_that_tries_many_names_is_blocked(users: AccountActions) -> None:
    await users.create_user("ingrid")
    for n in range(MAX_ADDRESS_FAILURES):
        await _fail(users, f"name{n}")
    assert await _blocked_seconds(users) == INITIAL_DELAY
    assert await users.log_in("ingrid", address=OTHER_ADDRESS)


async def test_a_successful_login_does_not_clear_the_address(users: AccountActions) -> None:
    await users.create_user("mallory")
    for n in range(MAX_ADDRESS_FAILURES):
        await users.log_in("mallory")
        await _fail(users, f"name{n}")
    await _blocked_seconds(users, "mallory")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("unknown", "unknown", True),
    ],
)
def test_addresses_of_one_network_share_a_key(
    throttle: LoginThrottle, first: str, second: str, same: bool
) -> None:
    attempts = [throttle.create_attempt("x", address) for address in (first, second)]
    assert (attempts[0].address_key == attempts[1].address_key) is same


def test_a_name_and_an_equal_address_have_different_keys(throttle: LoginThrottle) -> None:
    attempt = throttle.create_attempt("192.0.2.1", "192.0.2.1")
    assert attempt.name_key != attempt.address_key


async def test_concurrent_guesses_learn_no_more_than_sequential_ones(
    users: AccountActions, throttle: LoginThrottle
) -> None:
    await users.create_user("ingrid")
    results = await asyncio.gather(
        *(users.log_in("ingrid", "wrong password", f"192.0.2.{n}") for n in range(16)),
        return_exceptions=True,
    )
    answered = [result for result in results if isinstance(result, NotAuthenticated)]
    blocked = [result for result in results if isinstance(result, TooMany)]
    assert len(answered) == MAX_NAME_FAILURES
    assert len(answered) + len(blocked) == 16
    row = await LoginFailure.get(key=throttle.create_attempt("ingrid", "x").name_key)
    assert row.failures == MAX_NAME_FAILURES


async def test_the_right_password_among_concurrent_wrong_ones_is_not_confirmed(
    users: AccountActions,
) -> None:
    await users.create_user("ingrid")
    guesses = [users.log_in("ingrid", "wrong password", f"192.0.2.{n}") for n in range(16)]
    results = await asyncio.gather(
        *guesses, users.log_in("ingrid", address=OTHER_ADDRESS), return_exceptions=True
    )
    assert isinstance(results[-1], TooMany)


async def test_concurrent_correct_logins_all_succeed(users: AccountActions) -> None:
    await users.create_user("ingrid")
    sessions = await asyncio.gather(*(users.log_in("ingrid") for _ in range(16)))
    assert len({session.refresh_token for session in sessions}) == 16
    assert all(isinstance(session, SessionView) for session in sessions)


async def test_expired_failures_are_deleted(users: AccountActions, clock: FakeClock) -> None:
    for n in range(5):
        await _fail(users, f"name{n}", f"192.0.2.{n}")
    assert await LoginFailure.all().count() == 10
    clock.advance(FAILURE_LIFETIME_MS / 1000)
    await _fail(users, "another")
    assert await LoginFailure.all().count() == 2
