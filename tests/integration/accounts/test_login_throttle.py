"""Failed logins: each one delays the next, and concurrent guesses gain nothing."""

import asyncio
from datetime import timedelta

import pytest

from service.accounts.administration.service import require_user
from service.accounts.emails.link_tokens import issue_token
from service.accounts.emails.schemas import PasswordReset
from service.accounts.models import KnownNetwork, LoginFailure, User
from service.accounts.passwords.hashing import PasswordCheck, PasswordHasher
from service.accounts.passwords.login_throttle import (
    ACCOUNT_WINDOW_MS,
    FAILURE_LIFETIME_MS,
    INITIAL_PAUSE_MS,
    KNOWN_NETWORK_LIFETIME,
    MAX_ACCOUNT_FAILURES,
    MAX_FREE_FAILURES,
    MAX_PAUSE_MS,
    LoginThrottle,
    delete_expired_networks,
)
from service.accounts.passwords.verifier import PasswordVerifier
from service.accounts.responses import SessionView
from service.accounts.schemas import Credentials
from service.accounts.service import AccountService
from service.audit.models import AuditEntry
from service.errors import NotAuthenticated, TooMany
from tests.support.accounts import (
    ADDRESS,
    HASH_MEMORY,
    OTHER_ADDRESS,
    PASSWORD,
    SECRET,
    AccountActions,
)
from tests.support.clock import FakeClock

INITIAL_PAUSE = INITIAL_PAUSE_MS / 1000  # seconds
NEW_PASSWORD = "a staple in the stable"


@pytest.fixture
def throttle(clock: FakeClock) -> LoginThrottle:
    return LoginThrottle(SECRET, clock)


async def _fail(users: AccountActions, name: str = "ingrid", address: str = ADDRESS) -> None:
    with pytest.raises(NotAuthenticated):
        await users.log_in(name, "wrong password", address)


async def _fail_often(
    users: AccountActions, count: int = MAX_ACCOUNT_FAILURES, name: str = "ingrid"
) -> None:
    """Fail to log in, each time from another network."""
    for number in range(count):
        await _fail(users, name, f"203.0.113.{number}")


async def _paused_seconds(
    users: AccountActions, name: str = "ingrid", address: str = ADDRESS
) -> float:
    """Return the `retry_after` of a login that is refused despite the right password."""
    with pytest.raises(TooMany) as error:
        await users.log_in(name, address=address)
    assert error.value.code == "too_many_logins"
    assert error.value.retry_after is not None
    return error.value.retry_after


@pytest.mark.parametrize("name", ["ingrid", "nobody"])
async def test_after_some_failures_an_account_is_paused_for_that_network_alone(
    users: AccountActions, name: str
) -> None:
    await users.create_user("ingrid")
    for _ in range(MAX_FREE_FAILURES):
        await _fail(users, name)
    assert await _paused_seconds(users, name) == INITIAL_PAUSE
    await _fail(users, name, OTHER_ADDRESS)
    if name == "ingrid":
        assert await users.log_in("ingrid", address=OTHER_ADDRESS)


async def test_a_network_that_is_paused_for_one_account_logs_in_to_another(
    users: AccountActions,
) -> None:
    await users.create_user("ingrid")
    await users.create_user("victor")
    for _ in range(MAX_FREE_FAILURES):
        await _fail(users, "ingrid")
    await _paused_seconds(users, "ingrid")
    assert await users.log_in("victor")


async def test_name_and_address_of_an_account_share_a_count(
    accounts: AccountService, users: AccountActions
) -> None:
    await users.create_user("ingrid")
    by_email = Credentials(email="Ingrid@example.ORG", password="wrong password")
    for number in range(MAX_FREE_FAILURES):
        with pytest.raises(NotAuthenticated):
            if number % 2:
                await users.log_in("INGRID", "wrong password")
            else:
                await accounts.login(by_email, ADDRESS)
    assert await _paused_seconds(users) == INITIAL_PAUSE
    with pytest.raises(TooMany):
        await accounts.login(by_email, ADDRESS)


async def test_after_the_pause_a_login_succeeds_and_resets_the_count(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    for _ in range(MAX_FREE_FAILURES):
        await _fail(users)
    clock.advance(await _paused_seconds(users))
    assert await users.log_in("ingrid")
    for _ in range(MAX_FREE_FAILURES - 1):
        await _fail(users)
    assert await users.log_in("ingrid")


async def test_each_further_failure_doubles_the_pause_up_to_a_maximum(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    for _ in range(MAX_FREE_FAILURES - 1):
        await _fail(users)
    waits = []
    for _ in range(9):
        await _fail(users)
        waits.append(await _paused_seconds(users))
        clock.advance(waits[-1])
    maximum = MAX_PAUSE_MS / 1000
    assert waits == [INITIAL_PAUSE * 2**n for n in range(7)] + [maximum, maximum]


async def test_an_attempt_during_the_pause_does_not_lengthen_it(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    for _ in range(MAX_FREE_FAILURES):
        await _fail(users)
    for _ in range(3):
        await _paused_seconds(users)
    clock.advance(INITIAL_PAUSE)
    assert await users.log_in("ingrid")


async def test_failures_are_forgotten_after_a_while(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    for _ in range(MAX_FREE_FAILURES - 1):
        await _fail(users)
    clock.advance(FAILURE_LIFETIME_MS / 1000)
    await _fail(users)
    assert await users.log_in("ingrid")


@pytest.mark.parametrize("name", ["ingrid", "nobody"])
async def test_many_failures_in_an_hour_pause_the_account_for_unknown_networks(
    users: AccountActions, clock: FakeClock, name: str
) -> None:
    await users.create_user("ingrid")
    await _fail_often(users, MAX_ACCOUNT_FAILURES - 1, name)
    clock.advance(600)
    await _fail(users, name, OTHER_ADDRESS)
    window = ACCOUNT_WINDOW_MS / 1000
    assert await _paused_seconds(users, name, "192.0.2.99") == window - 600
    clock.advance(window - 600)
    await _fail(users, name, "192.0.2.99")
    if name == "ingrid":
        assert await users.log_in("ingrid", address="192.0.2.99")


async def test_failures_that_an_hour_parts_do_not_pause_the_account(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    await _fail_often(users, MAX_ACCOUNT_FAILURES - 1)
    clock.advance(ACCOUNT_WINDOW_MS / 1000)
    await _fail_often(users, MAX_ACCOUNT_FAILURES - 1)
    assert await users.log_in("ingrid")


async def test_a_network_that_logged_in_lately_is_never_locked_out_by_others(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    await users.log_in("ingrid", address=ADDRESS)
    clock.advance((KNOWN_NETWORK_LIFETIME - timedelta(hours=2)).total_seconds())
    await _fail_often(users)
    await _paused_seconds(users, address=OTHER_ADDRESS)
    for _ in range(MAX_FREE_FAILURES - 1):
        await _fail(users)
    assert await users.log_in("ingrid")
    await _paused_seconds(users, address=OTHER_ADDRESS)


async def test_a_known_network_is_paused_by_its_own_failures(users: AccountActions) -> None:
    await users.create_user("ingrid")
    await users.log_in("ingrid")
    await _fail_often(users)
    for _ in range(MAX_FREE_FAILURES):
        await _fail(users)
    assert await _paused_seconds(users) == INITIAL_PAUSE


async def test_a_network_is_known_to_its_own_account_alone_and_for_thirty_days(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    await users.create_user("mallory")
    await users.log_in("mallory", address=OTHER_ADDRESS)
    await users.log_in("ingrid", address=ADDRESS)
    clock.advance(KNOWN_NETWORK_LIFETIME.total_seconds())
    await _fail_often(users)
    await _paused_seconds(users, address=OTHER_ADDRESS)
    await _paused_seconds(users, address=ADDRESS)
    await delete_expired_networks(clock())
    assert await KnownNetwork.all().count() == 0


async def test_a_reset_of_the_password_ends_the_pauses_of_that_account_alone(
    accounts: AccountService, users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    for name in ("ingrid", "victor"):
        for _ in range(MAX_FREE_FAILURES):
            await _fail(users, name)
    await _fail_often(users, MAX_ACCOUNT_FAILURES - MAX_FREE_FAILURES)
    user = await require_user("ingrid")
    token = await issue_token(user, "reset_password", "ingrid@example.org", clock())
    await accounts.emails.reset_password(PasswordReset(token=token, password=NEW_PASSWORD), "en")
    assert await users.log_in("ingrid", NEW_PASSWORD)
    assert await users.log_in("ingrid", NEW_PASSWORD, OTHER_ADDRESS)
    await _paused_seconds(users, "victor")


async def test_a_password_that_the_operator_sets_ends_the_pauses(
    accounts: AccountService, users: AccountActions
) -> None:
    await users.create_user("ingrid")
    for _ in range(MAX_FREE_FAILURES):
        await _fail(users)
    await accounts.users.set_password(await require_user("ingrid"), NEW_PASSWORD)
    assert await users.log_in("ingrid", NEW_PASSWORD)


async def test_the_start_of_a_pause_is_in_the_audit_log_without_the_name_of_a_stranger(
    users: AccountActions,
) -> None:
    ingrid = await users.create_user("ingrid")
    for name in ("ingrid", "what could be a password"):
        for _ in range(MAX_FREE_FAILURES):
            await _fail(users, name)
        await _paused_seconds(users, name)
    await _fail_often(users, MAX_ACCOUNT_FAILURES - MAX_FREE_FAILURES)
    entries = await AuditEntry.filter(action="login_paused").order_by("at", "id")
    assert [(entry.subject_id, entry.details) for entry in entries] == [
        (str(ingrid.id), {"scope": "network", "seconds": INITIAL_PAUSE}),
        (None, {"scope": "network", "seconds": INITIAL_PAUSE}),
        (str(ingrid.id), {"scope": "account", "seconds": ACCOUNT_WINDOW_MS / 1000}),
    ]
    assert "what could be" not in str(await AuditEntry.all().values())


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
def test_addresses_of_one_network_share_their_keys(
    throttle: LoginThrottle, first: str, second: str, same: bool
) -> None:
    attempts = [throttle.create_attempt(None, "x", address) for address in (first, second)]
    assert (attempts[0].pair_key == attempts[1].pair_key) is same
    assert (attempts[0].network_key == attempts[1].network_key) is same
    assert attempts[0].account_key == attempts[1].account_key


def test_no_two_meanings_share_a_key(throttle: LoginThrottle) -> None:
    user = User(username="x", username_folded="x")
    attempts = [throttle.create_attempt(owner, str(user.id), ADDRESS) for owner in (None, user)]
    keys = {
        key
        for attempt in attempts
        for key in (attempt.pair_key, attempt.account_key, attempt.network_key)
    }
    assert len(keys) == 6


async def test_concurrent_guesses_of_one_network_learn_no_more_than_sequential_ones(
    users: AccountActions, throttle: LoginThrottle
) -> None:
    user = await User.get(id=(await users.create_user("ingrid")).id)
    results = await asyncio.gather(
        *(users.log_in("ingrid", "wrong password") for _ in range(16)), return_exceptions=True
    )
    answered = [result for result in results if isinstance(result, NotAuthenticated)]
    paused = [result for result in results if isinstance(result, TooMany)]
    assert len(answered) == MAX_FREE_FAILURES
    assert len(answered) + len(paused) == 16
    row = await LoginFailure.get(key=throttle.create_attempt(user, "ingrid", ADDRESS).pair_key)
    assert row.failures == MAX_FREE_FAILURES


async def test_concurrent_guesses_of_many_networks_learn_no_more_than_sequential_ones(
    users: AccountActions,
) -> None:
    await users.create_user("ingrid")
    await _fail_often(users, MAX_ACCOUNT_FAILURES - 3)
    guesses = [users.log_in("ingrid", "wrong password", f"192.0.2.{n}") for n in range(16)]
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(result, NotAuthenticated) for result in results) == 3
    assert sum(isinstance(result, TooMany) for result in results) == 13


class HeldPasswordHasher(PasswordHasher):
    """Verifies a password at once, and returns the result when the test releases it."""

    def __init__(self) -> None:
        super().__init__(memory_kib=HASH_MEMORY)
        self.is_verified, self.is_released = asyncio.Event(), asyncio.Event()

    async def verify(self, password: str, hash: str | None) -> PasswordCheck:
        check = await super().verify(password, hash)
        self.is_verified.set()
        await self.is_released.wait()
        return check


async def test_the_right_password_is_not_confirmed_if_others_failed_during_its_verification(
    users: AccountActions, throttle: LoginThrottle
) -> None:
    await users.create_user("ingrid")
    user = await require_user("ingrid")
    hasher = HeldPasswordHasher()
    verifier = PasswordVerifier(hasher, throttle)
    right = asyncio.create_task(verifier.verify(user, "ingrid", PASSWORD, ADDRESS))
    await hasher.is_verified.wait()
    for _ in range(MAX_FREE_FAILURES):
        await _fail(users)
    hasher.is_released.set()
    with pytest.raises(TooMany):
        await right


async def test_concurrent_correct_logins_all_succeed(users: AccountActions) -> None:
    await users.create_user("ingrid")
    sessions = await asyncio.gather(*(users.log_in("ingrid") for _ in range(16)))
    assert len({session.refresh_token for session in sessions}) == 16
    assert all(isinstance(session, SessionView) for session in sessions)
    assert await KnownNetwork.all().count() == 1


async def test_expired_failures_are_deleted(users: AccountActions, clock: FakeClock) -> None:
    for n in range(5):
        await _fail(users, f"name{n}", f"192.0.2.{n}")
    assert await LoginFailure.all().count() == 10
    clock.advance(FAILURE_LIFETIME_MS / 1000)
    await _fail(users, "another")
    assert await LoginFailure.all().count() == 2
