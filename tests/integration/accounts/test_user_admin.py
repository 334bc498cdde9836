"""What admins do with accounts takes effect at once, and never removes the last admin."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from service.accounts.administration.schemas import NewUser, UserChange
from service.accounts.administration.service import (
    UserFilters,
    find_last_uses,
    get_state,
    require_user,
    select_users,
)
from service.accounts.keys.schemas import NewKey
from service.accounts.models import Session, User
from service.accounts.service import AccountService
from service.audit.models import AuditEntry
from service.errors import Conflict, Invalid, NotAllowed, NotAuthenticated, NotFound
from tests.support.accounts import PASSWORD, AccountActions
from tests.support.clock import FakeClock

DISABLE, ENABLE = UserChange(is_disabled=True), UserChange(is_disabled=False)
PROMOTE, DEMOTE = UserChange(is_admin=True), UserChange(is_admin=False)
NEW_PASSWORD = "a staple in the stable"


@pytest.fixture
async def admin(users: AccountActions) -> User:
    return await User.get(id=(await users.create_user("root-user", admin=True)).id)


async def _create_key(users: AccountActions, name: str) -> str:
    identity = await users.accounts.identify((await users.log_in(name)).access_token)
    key = await users.accounts.keys.create(identity, NewKey(name="script", scopes=("read",)))
    return key.key


async def test_a_disabled_user_is_out_at_once_and_back_once_enabled(
    accounts: AccountService, users: AccountActions
) -> None:
    ingrid = await users.create_user("ingrid")
    key, session = await _create_key(users, "ingrid"), await users.log_in("ingrid")
    await accounts.users.change(ingrid.id, DISABLE)
    await users.assert_session_ended(session)
    with pytest.raises(NotAuthenticated) as key_error:
        await accounts.keys.identify(key)
    assert key_error.value.code == "invalid_key"
    with pytest.raises(NotAllowed) as login_error:
        await users.log_in("ingrid")
    assert login_error.value.code == "account_disabled"
    await accounts.users.change(ingrid.id, ENABLE)
    assert (await accounts.keys.identify(key)).username == "ingrid"
    assert await users.log_in("ingrid")
    await users.assert_session_ended(session)


async def test_a_wrong_password_does_not_tell_that_an_account_is_disabled(
    accounts: AccountService, users: AccountActions
) -> None:
    ingrid = await users.create_user("ingrid")
    await accounts.users.change(ingrid.id, DISABLE)
    with pytest.raises(NotAuthenticated) as error:
        await users.log_in("ingrid", "wrong password")
    assert error.value.code == "invalid_credentials"


async def test_promotion_and_demotion_change_the_rights_and_end_the_sessions(
    accounts: AccountService, users: AccountActions, admin: User
) -> None:
    ingrid = await users.create_user("ingrid")
    for change, is_admin in ((PROMOTE, True), (DEMOTE, False)):
        session = await users.log_in("ingrid")
        assert (await accounts.users.change(ingrid.id, change)).is_admin is is_admin
        await users.assert_session_ended(session)
        identity = await accounts.identify((await users.log_in("ingrid")).access_token)
        assert identity.is_admin is is_admin


async def test_a_change_to_what_is_so_already_ends_no_session_and_is_not_recorded(
    accounts: AccountService, users: AccountActions
) -> None:
    ingrid = await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    for change in (ENABLE, DEMOTE):
        await accounts.users.change(ingrid.id, change)
    assert (await accounts.identify(session.access_token)).username == "ingrid"
    assert [entry.action for entry in await AuditEntry.all()] == ["account_created"]


async def test_sessions_of_one_user_or_of_everyone_are_ended(
    accounts: AccountService, users: AccountActions
) -> None:
    ingrid = await users.create_user("ingrid")
    await users.create_user("victor")
    hers, his = await users.log_in("ingrid"), await users.log_in("victor")
    await accounts.users.change(ingrid.id, UserChange(end_sessions=True))
    await users.assert_session_ended(hers)
    assert await accounts.identify(his.access_token)
    again = await users.log_in("ingrid")
    assert await accounts.users.end_all_sessions() == 2
    await users.assert_session_ended(his)
    await users.assert_session_ended(again)
    assert await Session.all().count() == 0


@pytest.mark.parametrize("change", [DEMOTE, DISABLE])
async def test_the_last_admin_is_kept(
    accounts: AccountService, users: AccountActions, admin: User, change: UserChange
) -> None:
    await users.create_user("ingrid")
    with pytest.raises(Conflict) as error:
        await accounts.users.change(admin.id, change)
    assert error.value.code == "last_admin"
    with pytest.raises(Conflict):
        await accounts.users.delete(admin.id)
    unchanged = await User.get(id=admin.id)
    assert (unchanged.is_admin, unchanged.disabled_at) == (True, None)


async def test_a_disabled_admin_does_not_count_as_another_one(
    accounts: AccountService, users: AccountActions, admin: User
) -> None:
    other = await users.create_user("other-root", admin=True)
    await accounts.users.change(other.id, DISABLE)
    with pytest.raises(Conflict):
        await accounts.users.change(admin.id, DEMOTE)
    await accounts.users.change(other.id, DEMOTE)
    assert (await User.get(id=other.id)).is_admin is False


@pytest.mark.parametrize("change", [DEMOTE, DISABLE])
async def test_of_admins_who_remove_each_other_at_once_one_stays(
    accounts: AccountService, users: AccountActions, admin: User, change: UserChange
) -> None:
    ids = [admin.id, *[(await users.create_user(f"root-{n}", admin=True)).id for n in range(4)]]
    changes = [accounts.users.change(user_id, change) for user_id in ids]
    results = await asyncio.gather(*changes, return_exceptions=True)
    conflicts = [result for result in results if isinstance(result, Conflict)]
    assert [error.code for error in conflicts] == ["last_admin"]
    assert sum(isinstance(result, User) for result in results) == 4
    assert await User.filter(is_admin=True, disabled_at__isnull=True).count() == 1


async def test_a_deleted_user_is_gone_and_the_name_is_free(
    accounts: AccountService, users: AccountActions
) -> None:
    ingrid = await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    await accounts.users.delete(ingrid.id)
    await users.assert_session_ended(session)
    assert not await User.exists(id=ingrid.id)
    for missing in (ingrid.id, uuid4()):
        with pytest.raises(NotFound) as error:
            await accounts.users.delete(missing)
        assert error.value.code == "user_not_found"
        with pytest.raises(NotFound):
            await accounts.users.change(missing, DISABLE)
    assert await users.create_user("ingrid")


@pytest.mark.parametrize("text", ["", "x" * 121, "\u00bd" * 60, "\ufdfa" * 5_000, "\0", "\udcff"])
async def test_what_is_no_name_or_address_finds_no_account(
    accounts: AccountService, users: AccountActions, text: str
) -> None:
    await users.create_user("ingrid")
    with pytest.raises(NotFound):
        await require_user(text)


async def test_a_password_that_is_set_ends_sessions_and_keys(
    accounts: AccountService, users: AccountActions
) -> None:
    await users.create_user("ingrid")
    key, session = await _create_key(users, "ingrid"), await users.log_in("ingrid")
    user = await require_user("INGRID@example.org")
    await accounts.users.set_password(user, NEW_PASSWORD)
    await users.assert_session_ended(session)
    with pytest.raises(NotAuthenticated):
        await accounts.keys.identify(key)
    with pytest.raises(NotAuthenticated):
        await users.log_in("ingrid", PASSWORD)
    assert await users.log_in("ingrid", NEW_PASSWORD)


@pytest.mark.parametrize("password", ["short", "password123", "ingrid", "x" * 1025])
async def test_a_password_that_is_easy_to_guess_is_not_set(
    accounts: AccountService, users: AccountActions, password: str
) -> None:
    await users.create_user("ingrid")
    with pytest.raises(Invalid):
        await accounts.users.set_password(await require_user("ingrid"), password)
    assert await users.log_in("ingrid")


async def test_an_admin_creates_an_account_that_can_be_used_at_once(
    accounts: AccountService, users: AccountActions
) -> None:
    user = await accounts.create_user(
        NewUser(username="ingrid", email="ingrid@example.org", password=PASSWORD, is_admin=True)
    )
    assert (user.is_admin, user.is_confirmed, get_state(user)) == (True, True, "active")
    assert await users.log_in("ingrid")
    for taken in (
        NewUser(username="Ingrid", password=PASSWORD),
        NewUser(username="other", email="INGRID@example.org", password=PASSWORD),
    ):
        with pytest.raises(Conflict):
            await accounts.create_user(taken)


async def test_accounts_are_selected_by_text_state_and_rights(
    accounts: AccountService, users: AccountActions, admin: User, clock: FakeClock
) -> None:
    ingrid, victor = await users.create_user("ingrid"), await users.create_user("victor")
    await accounts.users.change(victor.id, DISABLE)
    await User.filter(id=ingrid.id).update(confirm_by=clock() + timedelta(days=7))

    async def find(filters: UserFilters) -> list[str]:
        return [user.username for user in await select_users(filters).order_by("username")]

    assert await find(UserFilters()) == ["ingrid", "root-user", "victor"]
    assert await find(UserFilters(text="ING")) == ["ingrid"]
    assert await find(UserFilters(text="example.ORG")) == ["ingrid", "victor"]
    assert await find(UserFilters(text="%")) == []
    assert await find(UserFilters(is_admin=True)) == ["root-user"]
    assert await find(UserFilters(is_admin=False)) == ["ingrid", "victor"]
    assert await find(UserFilters(state="active")) == ["root-user"]
    assert await find(UserFilters(state="disabled")) == ["victor"]
    assert await find(UserFilters(state="unconfirmed")) == ["ingrid"]
    assert await find(UserFilters(state="deletion_requested")) == []


async def test_the_last_use_is_that_of_the_session_refreshed_last(
    accounts: AccountService, users: AccountActions, clock: FakeClock
) -> None:
    ingrid, victor = await users.create_user("ingrid"), await users.create_user("victor")
    session = await users.log_in("ingrid")
    clock.advance(60)
    await users.log_in("ingrid")
    clock.advance(60)
    await accounts.refresh(session.refresh_token)
    assert await find_last_uses([ingrid.id, victor.id]) == {ingrid.id: clock()}
