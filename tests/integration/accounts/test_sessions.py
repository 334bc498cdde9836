"""Sessions: what a refresh token is good for, once, and what happens to those who use it twice."""

import asyncio

import pytest
from structlog.testing import capture_logs

from service.accounts.models import RefreshToken, Session, User
from service.accounts.responses import SessionView
from service.accounts.sessions import REFRESH_GRACE, SESSION_LIFETIME, Sessions
from service.accounts.tokens import Tokens
from service.errors import NotAuthenticated
from tests.support.accounts import SECRET, AccountActions
from tests.support.clock import FakeClock

LATER = REFRESH_GRACE.total_seconds() + 1


@pytest.fixture
async def session(people: AccountActions) -> SessionView:
    await people.create_user("ingrid")
    return await people.log_in("ingrid")


async def test_a_refresh_token_gives_the_next_pair(
    people: AccountActions, session: SessionView
) -> None:
    second = await people.accounts.refresh(session.refresh_token)
    third = await people.accounts.refresh(second.refresh_token)
    assert len({session.refresh_token, second.refresh_token, third.refresh_token}) == 3
    identities = [
        await people.accounts.identify(pair.access_token) for pair in (session, second, third)
    ]
    assert len({identity.session_id for identity in identities}) == 1
    assert len({identity.jti for identity in identities}) == 3


async def test_a_refresh_token_has_256_random_bits(
    people: AccountActions, session: SessionView
) -> None:
    second = await people.accounts.refresh(session.refresh_token)
    other = await people.log_in("ingrid")
    assert {len(pair.refresh_token) for pair in (session, second, other)} == {43}
    assert other.refresh_token != session.refresh_token


async def test_a_client_that_lost_the_answer_gets_it_again(
    people: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    lost = await people.accounts.refresh(session.refresh_token)
    clock.advance(REFRESH_GRACE.total_seconds())
    again = await people.accounts.refresh(session.refresh_token)
    assert again.refresh_token == lost.refresh_token
    assert await people.accounts.identify(again.access_token)
    assert await people.accounts.refresh(again.refresh_token)


async def test_a_used_token_ends_the_session_for_everybody_and_is_logged(
    people: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    elsewhere = await people.log_in("ingrid")
    successor = await people.accounts.refresh(session.refresh_token)
    clock.advance(LATER)
    with capture_logs() as logs, pytest.raises(NotAuthenticated):
        await people.accounts.refresh(session.refresh_token)
    await people.assert_session_ended(successor)
    reused = [entry for entry in logs if entry["event"] == "refresh_token_reused"]
    assert [entry["log_level"] for entry in reused] == ["warning"]
    assert reused[0]["user_id"] == str(session.user.id)
    assert session.refresh_token not in repr(logs)
    assert await people.accounts.refresh(elsewhere.refresh_token)


async def test_a_token_whose_successor_was_used_has_no_grace(
    people: AccountActions, session: SessionView
) -> None:
    second = await people.accounts.refresh(session.refresh_token)
    third = await people.accounts.refresh(second.refresh_token)
    with pytest.raises(NotAuthenticated):
        await people.accounts.refresh(session.refresh_token)
    await people.assert_session_ended(third)


async def test_a_clock_that_jumps_back_ends_no_session(
    people: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    lost = await people.accounts.refresh(session.refresh_token)
    clock.advance(-300)
    again = await people.accounts.refresh(session.refresh_token)
    assert again.refresh_token == lost.refresh_token


async def test_ten_refreshes_at_once_agree_on_one_successor(
    people: AccountActions, session: SessionView
) -> None:
    pairs = await asyncio.gather(
        *(people.accounts.refresh(session.refresh_token) for _ in range(10))
    )
    assert len({pair.refresh_token for pair in pairs}) == 1
    assert await RefreshToken.all().count() == 2
    assert await people.accounts.refresh(pairs[0].refresh_token)


async def test_of_rotation_and_replay_at_once_no_token_survives(
    people: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    current = await people.accounts.refresh(session.refresh_token)
    clock.advance(LATER)
    results = await asyncio.gather(
        *(people.accounts.refresh(current.refresh_token) for _ in range(5)),
        people.accounts.refresh(session.refresh_token),
        return_exceptions=True,
    )
    for result in results:
        if isinstance(result, SessionView):
            await people.assert_session_ended(result)
        else:
            assert isinstance(result, NotAuthenticated)
    assert await Session.all().count() == 0
    assert await RefreshToken.all().count() == 0


async def test_a_session_lives_on_as_long_as_it_is_refreshed(
    people: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    for _ in range(3):
        clock.advance(SESSION_LIFETIME.total_seconds() - 1)
        session = await people.accounts.refresh(session.refresh_token)
    clock.advance(SESSION_LIFETIME.total_seconds())
    await people.assert_session_ended(session)


async def test_what_can_no_longer_be_used_is_not_kept(
    people: AccountActions, session: SessionView, clock: FakeClock
) -> None:
    for _ in range(6):
        clock.advance(SESSION_LIFETIME.total_seconds() / 2)
        session = await people.accounts.refresh(session.refresh_token)
    assert await RefreshToken.all().count() == 3
    clock.advance(SESSION_LIFETIME.total_seconds())
    await people.log_in("ingrid")
    assert await Session.all().count() == 1
    assert await RefreshToken.all().count() == 1


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 100_000, "nul\0", "lone\ud800"])
async def test_what_was_never_a_refresh_token_is_refused(
    people: AccountActions, token: str
) -> None:
    with pytest.raises(NotAuthenticated) as refusal:
        await people.accounts.refresh(token)
    assert refusal.value.code == "invalid_token"


async def test_a_user_who_is_deleted_while_logging_in_gets_no_session(
    people: AccountActions, clock: FakeClock
) -> None:
    made = await people.create_user("ingrid")
    user = await User.get(id=made.id)
    await User.filter(id=made.id).delete()
    with pytest.raises(NotAuthenticated):
        await Sessions(Tokens(SECRET, clock), SECRET, clock).start(user)
    assert await Session.all().count() == 0
