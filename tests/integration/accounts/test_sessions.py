"""Sessions: rotation of refresh tokens, lost responses, and reuse of tokens."""

import asyncio
from uuid import uuid4

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from service.accounts.models import RefreshToken, Session, User
from service.accounts.responses import SessionView
from service.accounts.schemas import Credentials
from service.accounts.sessions.service import (
    MAX_SESSIONS,
    REFRESH_GRACE,
    SESSION_LIFETIME,
    Client,
    Sessions,
)
from service.accounts.sessions.tokens import Tokens
from service.errors import NotAuthenticated, NotFound
from tests.support.accounts import PASSWORD, SECRET, AccountActions
from tests.support.clock import FakeClock

NEXT_SECRET = "the secret that replaces the one of the other tests, long enough too"
AFTER_GRACE = REFRESH_GRACE.total_seconds() + 1


@pytest.fixture
async def session(users: AccountActions) -> SessionView:
    await users.create_user("ingrid")
    return await users.log_in("ingrid")


async def test_a_refresh_token_gives_the_next_pair(
    users: AccountActions, session: SessionView
) -> None:
    second = await users.accounts.refresh(session.refresh_token)
    third = await users.accounts.refresh(second.refresh_token)
    assert len({session.refresh_token, second.refresh_token, third.refresh_token}) == 3
    identities = [
        await users.accounts.identify(pair.access_token) for pair in (session, second, third)
    ]
    assert len({identity.session_id for identity in identities}) == 1
    assert len({identity.jti for identity in identities}) == 3


async def test_a_refresh_token_has_256_random_bits(
    users: AccountActions, session: SessionView
) -> None:
    second = await users.accounts.refresh(session.refresh_token)
    other = await users.log_in("ingrid")
    assert {len(pair.refresh_token) for pair in (session, second, other)} == {43}
    assert other.refresh_token != session.refresh_token


async def test_a_client_that_lost_the_response_gets_the_same_token_again(
    users: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    lost = await users.accounts.refresh(session.refresh_token)
    clock.advance(REFRESH_GRACE.total_seconds())
    again = await users.accounts.refresh(session.refresh_token)
    assert again.refresh_token == lost.refresh_token
    assert await users.accounts.identify(again.access_token)
    assert await users.accounts.refresh(again.refresh_token)


async def test_a_reused_token_ends_the_session_and_is_logged(
    users: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    other_session = await users.log_in("ingrid")
    successor = await users.accounts.refresh(session.refresh_token)
    clock.advance(AFTER_GRACE)
    with capture_logs() as logs, pytest.raises(NotAuthenticated):
        await users.accounts.refresh(session.refresh_token)
    await users.assert_session_ended(successor)
    reused = [entry for entry in logs if entry["event"] == "refresh_token_reused"]
    assert [entry["log_level"] for entry in reused] == ["warning"]
    assert reused[0]["user_id"] == str(session.user.id)
    assert session.refresh_token not in repr(logs)
    assert await users.accounts.refresh(other_session.refresh_token)


async def test_a_token_whose_successor_was_used_has_no_grace_period(
    users: AccountActions, session: SessionView
) -> None:
    second = await users.accounts.refresh(session.refresh_token)
    third = await users.accounts.refresh(second.refresh_token)
    with pytest.raises(NotAuthenticated):
        await users.accounts.refresh(session.refresh_token)
    await users.assert_session_ended(third)


async def test_a_clock_that_jumps_back_ends_no_session(
    users: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    lost = await users.accounts.refresh(session.refresh_token)
    clock.advance(-300)
    again = await users.accounts.refresh(session.refresh_token)
    assert again.refresh_token == lost.refresh_token


async def test_concurrent_refreshes_return_one_successor(
    users: AccountActions, session: SessionView
) -> None:
    pairs = await asyncio.gather(
        *(users.accounts.refresh(session.refresh_token) for _ in range(10))
    )
    assert len({pair.refresh_token for pair in pairs}) == 1
    assert await RefreshToken.all().count() == 2
    assert await users.accounts.refresh(pairs[0].refresh_token)


async def test_concurrent_rotation_and_replay_end_the_session(
    users: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    current = await users.accounts.refresh(session.refresh_token)
    clock.advance(AFTER_GRACE)
    results = await asyncio.gather(
        *(users.accounts.refresh(current.refresh_token) for _ in range(5)),
        users.accounts.refresh(session.refresh_token),
        return_exceptions=True,
    )
    for result in results:
        if isinstance(result, SessionView):
            await users.assert_session_ended(result)
        else:
            assert isinstance(result, NotAuthenticated)
    assert await Session.all().count() == 0
    assert await RefreshToken.all().count() == 0


async def test_a_session_lasts_as_long_as_it_is_refreshed(
    users: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    for _ in range(3):
        clock.advance(SESSION_LIFETIME.total_seconds() - 1)
        session = await users.accounts.refresh(session.refresh_token)
    clock.advance(SESSION_LIFETIME.total_seconds())
    await users.assert_session_ended(session)


async def test_expired_tokens_and_sessions_are_deleted(
    users: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    for _ in range(5):
        clock.advance(SESSION_LIFETIME.total_seconds() / 2)
        session = await users.accounts.refresh(session.refresh_token)
    assert await RefreshToken.all().count() == 3
    clock.advance(SESSION_LIFETIME.total_seconds())
    await users.log_in("ingrid")
    assert await Session.all().count() == 1
    assert await RefreshToken.all().count() == 1


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 100_000, "nul\0", "lone\ud800"])
async def test_a_string_that_was_never_a_refresh_token_is_rejected(
    users: AccountActions, token: str
) -> None:
    with pytest.raises(NotAuthenticated) as error:
        await users.accounts.refresh(token)
    assert error.value.code == "invalid_token"


async def test_a_user_deleted_during_the_login_gets_no_session(
    users: AccountActions, clock: FakeClock
) -> None:
    registered = await users.create_user("ingrid")
    user = await User.get(id=registered.id)
    await User.filter(id=registered.id).delete()
    with pytest.raises(NotAuthenticated):
        await Sessions(Tokens(SECRET, clock), SECRET, clock).start(user)
    assert await Session.all().count() == 0


async def test_sessions_are_listed_with_their_clients_and_ended_one_by_one(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    await users.create_user("mallory")
    credentials = Credentials(username="ingrid", password=SecretStr(PASSWORD))
    first = await users.accounts.login(credentials, "192.0.2.1", "Browser/1.0")
    clock.advance(60)
    second = await users.accounts.login(credentials, "2001:db8::1", "x" * 500)
    clock.advance(60)
    client = Client("198.51.100.7", "Browser/1.1")
    first = await users.accounts.refresh(first.refresh_token, client)
    identity = await users.accounts.identify(second.access_token)
    entries = await users.accounts.sessions.list_sessions(identity)
    assert [(e.address, e.client, e.is_current) for e in entries] == [
        ("198.51.100.7", "Browser/1.1", False),
        ("2001:db8::1", "x" * 200, True),
    ]
    assert (entries[0].last_seen_at - entries[0].created_at).total_seconds() == 120
    stranger = await users.accounts.identify((await users.log_in("mallory")).access_token)
    for session_id in (str(entries[0].id), str(uuid4()), "1", ""):
        with pytest.raises(NotFound) as error:
            await users.accounts.sessions.end_own(stranger, session_id)
        assert error.value.code == "session_not_found"
    await users.accounts.sessions.end_own(identity, str(entries[0].id))
    await users.assert_session_ended(first)
    assert [e.id for e in await users.accounts.sessions.list_sessions(identity)] == [entries[1].id]


async def test_a_session_ends_after_ninety_days_however_often_it_is_refreshed(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    for _ in range(8):
        clock.advance(11 * 86_400)
        session = await users.accounts.refresh(session.refresh_token)
    clock.advance(2 * 86_400)
    with pytest.raises(NotAuthenticated):
        await users.accounts.refresh(session.refresh_token)


async def test_the_session_unused_for_longest_ends_when_there_are_too_many(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    await users.create_user("mallory")
    stranger = await users.log_in("mallory")
    first, second = await users.log_in("ingrid"), None
    for _ in range(MAX_SESSIONS - 1):
        clock.advance(1)
        latest = await users.log_in("ingrid")
        second = second or latest
    first = await users.accounts.refresh(first.refresh_token)
    clock.advance(1)
    latest = await users.log_in("ingrid")
    assert second is not None
    await users.assert_session_ended(second)
    for session in (first, latest, stranger):
        assert await users.accounts.identify(session.access_token)
    assert await Session.all().count() == MAX_SESSIONS + 1


async def test_a_session_goes_on_when_the_secret_changes(
    users: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    successors = Sessions(Tokens(NEXT_SECRET, clock, SECRET), NEXT_SECRET, clock, SECRET)
    pair = await successors.refresh(session.refresh_token)
    assert Tokens(NEXT_SECRET, clock).decode(pair.access_token).sub == session.user.id
    again = await successors.refresh(pair.refresh_token)
    assert again.refresh_token != pair.refresh_token


async def test_a_refresh_is_repeated_with_the_same_answer_although_the_secret_changed(
    users: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    lost = await users.accounts.refresh(session.refresh_token)
    successors = Sessions(Tokens(NEXT_SECRET, clock, SECRET), NEXT_SECRET, clock, SECRET)
    again = await successors.refresh(session.refresh_token)
    assert again.refresh_token == lost.refresh_token
    clock.advance(AFTER_GRACE)
    with pytest.raises(NotAuthenticated):
        await successors.refresh(session.refresh_token)
