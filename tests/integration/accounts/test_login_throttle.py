"""Failed logins: the more of them, the slower; and no crowd gets past the door at once."""

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

FIRST = INITIAL_DELAY_MS / 1000  # seconds


@pytest.fixture
def throttle(clock: FakeClock) -> LoginThrottle:
    return LoginThrottle(SECRET, clock)


async def _fail(people: AccountActions, name: str = "ingrid", address: str = ADDRESS) -> None:
    with pytest.raises(NotAuthenticated):
        await people.log_in(name, "wrong password", address)


async def _wait(people: AccountActions, name: str = "ingrid", address: str = ADDRESS) -> float:
    """The seconds that a login, with the right password, is told to wait."""
    with pytest.raises(TooMany) as refusal:
        await people.log_in(name, address=address)
    assert refusal.value.code == "too_many_logins"
    assert refusal.value.retry_after is not None
    return refusal.value.retry_after


@pytest.mark.parametrize("name", ["ingrid", "nobody"])
async def test_after_some_failures_a_name_must_wait_whether_anybody_has_it_or_not(
    people: AccountActions, name: str
) -> None:
    await people.create_user("ingrid")
    for n in range(MAX_NAME_FAILURES):
        await _fail(people, name, f"192.0.2.{n}")
    assert await _wait(people, name, OTHER_ADDRESS) == FIRST


async def test_who_has_waited_gets_in_and_starts_afresh(
    people: AccountActions, clock: FakeClock
) -> None:
    await people.create_user("ingrid")
    for _ in range(MAX_NAME_FAILURES):
        await _fail(people)
    clock.advance(await _wait(people))
    assert await people.log_in("ingrid")
    for n in range(MAX_NAME_FAILURES - 1):
        await _fail(people, address=f"192.0.2.{n}")
    assert await people.log_in("ingrid", address=OTHER_ADDRESS)


async def test_each_further_failure_doubles_the_wait_up_to_a_limit(
    people: AccountActions, clock: FakeClock
) -> None:
    await people.create_user("ingrid")
    for _ in range(MAX_NAME_FAILURES - 1):
        await _fail(people)
    waits = []
    for n in range(9):
        await _fail(people, address=f"192.0.2.{n}")
        waits.append(await _wait(people, address=OTHER_ADDRESS))
        clock.advance(waits[-1])
    longest = MAX_DELAY_MS / 1000
    assert waits == [FIRST * 2**n for n in range(7)] + [longest, longest]


async def test_an_attempt_while_waiting_does_not_lengthen_the_wait(
    people: AccountActions, clock: FakeClock
) -> None:
    await people.create_user("ingrid")
    for _ in range(MAX_NAME_FAILURES):
        await _fail(people)
    for _ in range(3):
        await _wait(people)
    clock.advance(FIRST)
    assert await people.log_in("ingrid")


async def test_failures_are_forgotten_after_a_while(
    people: AccountActions, clock: FakeClock
) -> None:
    await people.create_user("ingrid")
    for _ in range(MAX_NAME_FAILURES - 1):
        await _fail(people)
    clock.advance(FAILURE_LIFETIME_MS / 1000)
    await _fail(people)
    assert await people.log_in("ingrid")


async def test_an_address_that_tries_many_names_must_wait(people: AccountActions) -> None:
    await people.create_user("ingrid")
    for n in range(MAX_ADDRESS_FAILURES):
        await _fail(people, f"name{n}")
    assert await _wait(people) == FIRST
    assert await people.log_in("ingrid", address=OTHER_ADDRESS)


async def test_ones_own_account_does_not_clear_the_address(people: AccountActions) -> None:
    await people.create_user("mallory")
    for n in range(MAX_ADDRESS_FAILURES):
        await people.log_in("mallory")
        await _fail(people, f"name{n}")
    await _wait(people, "mallory")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("unknown", "unknown", True),
    ],
)
def test_neighbours_of_one_network_count_as_one(
    throttle: LoginThrottle, one: str, other: str, same: bool
) -> None:
    attempts = [throttle.create_attempt("x", address) for address in (one, other)]
    assert (attempts[0].address_key == attempts[1].address_key) is same


def test_a_name_is_not_taken_for_an_address(throttle: LoginThrottle) -> None:
    attempt = throttle.create_attempt("192.0.2.1", "192.0.2.1")
    assert attempt.name_key != attempt.address_key


async def test_a_crowd_learns_no_more_than_a_queue(
    people: AccountActions, throttle: LoginThrottle
) -> None:
    await people.create_user("ingrid")
    results = await asyncio.gather(
        *(people.log_in("ingrid", "wrong password", f"192.0.2.{n}") for n in range(16)),
        return_exceptions=True,
    )
    told = [result for result in results if isinstance(result, NotAuthenticated)]
    refused = [result for result in results if isinstance(result, TooMany)]
    assert len(told) == MAX_NAME_FAILURES
    assert len(told) + len(refused) == 16
    counted = await LoginFailure.get(key=throttle.create_attempt("ingrid", "x").name_key)
    assert counted.failures == MAX_NAME_FAILURES


async def test_the_right_password_among_a_crowd_of_wrong_ones_is_not_told_late(
    people: AccountActions,
) -> None:
    await people.create_user("ingrid")
    guesses = [people.log_in("ingrid", "wrong password", f"192.0.2.{n}") for n in range(16)]
    results = await asyncio.gather(
        *guesses, people.log_in("ingrid", address=OTHER_ADDRESS), return_exceptions=True
    )
    assert isinstance(results[-1], TooMany)


async def test_many_right_logins_at_once_all_succeed(people: AccountActions) -> None:
    await people.create_user("ingrid")
    sessions = await asyncio.gather(*(people.log_in("ingrid") for _ in range(16)))
    assert len({session.refresh_token for session in sessions}) == 16
    assert all(isinstance(session, SessionView) for session in sessions)


async def test_forgotten_failures_leave_the_table(people: AccountActions, clock: FakeClock) -> None:
    for n in range(5):
        await _fail(people, f"name{n}", f"192.0.2.{n}")
    assert await LoginFailure.all().count() == 10
    clock.advance(FAILURE_LIFETIME_MS / 1000)
    await _fail(people, "another")
    assert await LoginFailure.all().count() == 2
