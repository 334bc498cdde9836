"""Accounts: registration, login, and how soon changes take effect."""

import asyncio

import pytest
from pydantic import ValidationError

from service.accounts.models import KnownNetwork, LoginFailure, RefreshToken, Session, User
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.schemas import Credentials, NameAndPassword, NewAccount
from service.accounts.service import AccountService
from service.accounts.sessions.tokens import Tokens
from service.errors import Conflict, Invalid, NotAllowed, NotAuthenticated
from tests.support.accounts import HASH_MEMORY, PASSWORD, SECRET, AccountActions
from tests.support.clock import FakeClock


async def test_a_registered_user_can_log_in_and_is_no_admin(users: AccountActions) -> None:
    user = await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    assert session.user == user
    assert (session.token_type, session.expires_in) == ("Bearer", 600)
    identity = await users.accounts.identify(session.access_token)
    assert (identity.user_id, identity.username, identity.is_admin) == (user.id, "ingrid", False)
    assert await users.accounts.get_user(identity.user_id) == user


async def test_a_user_can_log_in_with_the_address(users: AccountActions) -> None:
    await users.create_user("ingrid")
    credentials = Credentials(email="INGRID@Example.org", password=PASSWORD)
    session = await users.accounts.login(credentials, "192.0.2.1")
    assert session.user.username == "ingrid"


@pytest.mark.parametrize("typed", ["ÅSA", "åsa", "A\u030asa", "Ａ\u030asa"])
async def test_a_name_is_the_same_in_any_case_and_encoding(
    users: AccountActions, typed: str
) -> None:
    account = NewAccount(username="Åsa", email="asa@example.org", password=PASSWORD)
    await users.accounts.register(account)
    assert (await users.log_in(typed)).user.username == "Åsa"
    twin = NewAccount(username=typed, email="twin@example.org", password=PASSWORD)
    with pytest.raises(Conflict) as error:
        await users.accounts.register(twin)
    assert error.value.code == "username_taken"


async def test_an_address_can_have_only_one_account(users: AccountActions) -> None:
    await users.create_user("ingrid")
    twin = NewAccount(username="other", email="Ingrid@EXAMPLE.org", password=PASSWORD)
    with pytest.raises(Conflict) as error:
        await users.accounts.register(twin)
    assert error.value.code == "email_taken"
    assert await User.all().count() == 1


async def test_of_concurrent_registrations_of_one_name_one_succeeds(users: AccountActions) -> None:
    accounts = [
        NewAccount(username="ingrid", email=f"ingrid{n}@example.org", password=PASSWORD)
        for n in range(8)
    ]
    results = await asyncio.gather(
        *(users.accounts.register(account) for account in accounts), return_exceptions=True
    )
    conflicts = [result for result in results if isinstance(result, Conflict)]
    assert [error.code for error in conflicts] == ["username_taken"] * 7
    assert await User.all().count() == 1


async def test_a_registration_as_admin_without_an_admin_is_rejected(users: AccountActions) -> None:
    await users.create_user("ingrid")
    identity = await users.accounts.identify((await users.log_in("ingrid")).access_token)
    account = NewAccount(
        username="mallory", email="mallory@example.org", password=PASSWORD, is_admin=True
    )
    for requester in (None, identity):
        with pytest.raises(NotAllowed) as error:
            await users.accounts.register(account, requester)
        assert error.value.code == "admin_required"
    assert not await User.exists(username_folded="mallory")


async def test_an_admin_can_create_another(users: AccountActions) -> None:
    await users.create_user("root", admin=True)
    requester = await users.accounts.identify((await users.log_in("root")).access_token)
    account = NewAccount(
        username="second", email="second@example.org", password=PASSWORD, is_admin=True
    )
    assert (await users.accounts.register(account, requester)).is_admin
    session = await users.log_in("second")
    assert (await users.accounts.identify(session.access_token)).is_admin


async def test_admins_created_on_the_command_line_need_no_address(users: AccountActions) -> None:
    first = await users.accounts.create_admin("root", PASSWORD)
    second = await users.accounts.create_admin("toor", PASSWORD)
    assert first.is_admin and second.is_admin
    assert first.email is None and second.email is None
    with pytest.raises(Conflict) as error:
        await users.accounts.create_admin("ROOT", PASSWORD)
    assert error.value.code == "username_taken"


async def test_creating_an_admin_reports_every_error_at_once(accounts: AccountService) -> None:
    with pytest.raises(Invalid) as error:
        await accounts.create_admin("a b", "short")
    assert "letters, digits" in error.value.detail
    assert "at least 8" in error.value.detail
    assert {fault.pointer for fault in error.value.errors} == {"username", "password"}
    assert "short" not in error.value.detail


async def test_an_unknown_name_and_a_wrong_password_give_the_same_error(
    users: AccountActions,
) -> None:
    await users.create_user("ingrid")
    errors = []
    for name in ("ingrid", "nobody"):
        with pytest.raises(NotAuthenticated) as error:
            await users.log_in(name, "wrong password")
        errors.append((error.value.code, error.value.detail, error.value.retry_after))
    assert errors[0] == errors[1]
    assert errors[0][0] == "invalid_credentials"


async def test_no_secret_is_stored(users: AccountActions) -> None:
    await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    with pytest.raises(NotAuthenticated):
        await users.log_in("a name of nobody", "wrong password", "203.0.113.77")
    stored = ""
    for table in (User, Session, RefreshToken, LoginFailure, KnownNetwork):
        stored += repr(await table.all().values())
    assert "ingrid" in stored
    for secret in (
        PASSWORD,
        session.access_token,
        session.refresh_token,
        "a name of nobody",
        "203.0.113.77",
    ):
        assert secret not in stored


async def test_the_tokens_of_a_deleted_user_become_invalid_at_once(users: AccountActions) -> None:
    user = await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    identity = await users.accounts.identify(session.access_token)
    await User.filter(id=user.id).delete()
    await users.assert_session_ended(session)
    with pytest.raises(NotAuthenticated):
        await users.accounts.describe_token(identity)


async def test_all_tokens_become_invalid_when_the_token_version_rises(
    users: AccountActions,
) -> None:
    user = await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    await User.filter(id=user.id).update(token_version=2)
    await users.assert_session_ended(session)
    again = await users.log_in("ingrid")
    assert (await users.accounts.identify(again.access_token)).user_id == user.id


async def test_a_demoted_admin_is_no_admin_from_the_next_request_on(users: AccountActions) -> None:
    user = await users.create_user("root", admin=True)
    session = await users.log_in("root")
    assert (await users.accounts.identify(session.access_token)).is_admin
    await User.filter(id=user.id).update(is_admin=False)
    assert not (await users.accounts.identify(session.access_token)).is_admin


async def test_logging_out_ends_this_session_and_no_other(users: AccountActions) -> None:
    await users.create_user("ingrid")
    here, there = await users.log_in("ingrid"), await users.log_in("ingrid")
    older_token = here.access_token
    here = await users.accounts.refresh(here.refresh_token)
    await users.accounts.logout(await users.accounts.identify(here.access_token))
    await users.assert_session_ended(here)
    with pytest.raises(NotAuthenticated):
        await users.accounts.identify(older_token)
    assert await users.accounts.identify(there.access_token)
    assert await users.accounts.refresh(there.refresh_token)


async def test_a_token_for_another_user_in_the_same_session_is_rejected(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    other = await users.create_user("lauren")
    identity = await users.accounts.identify((await users.log_in("ingrid")).access_token)
    mixed_token = Tokens(SECRET, clock).issue(other.id, identity.session_id, 1)
    with pytest.raises(NotAuthenticated):
        await users.accounts.identify(mixed_token)


async def test_a_refresh_token_is_no_access_token(users: AccountActions) -> None:
    await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    with pytest.raises(NotAuthenticated):
        await users.accounts.identify(session.refresh_token)
    with pytest.raises(NotAuthenticated):
        await users.accounts.refresh(session.access_token)


async def test_a_verified_token_names_its_user_and_expiry(
    users: AccountActions, clock: FakeClock
) -> None:
    user = await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    token = await users.accounts.describe_token(await users.accounts.identify(session.access_token))
    assert token.valid and token.user == user
    assert (token.expires_at - clock()).total_seconds() == 600


async def test_a_login_replaces_a_hash_with_outdated_cost(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("ingrid")
    stronger = AccountService(SECRET, PasswordHasher(memory_kib=2 * HASH_MEMORY), clock)
    await stronger.login(Credentials(username="ingrid", password=PASSWORD), "192.0.2.1")
    assert f"m={2 * HASH_MEMORY}," in (await User.get(username_folded="ingrid")).password_hash
    assert await users.log_in("ingrid")
    await stronger.close()


@pytest.mark.parametrize("extra", [{"id": "x"}, {"role": "admin"}, {"token_version": 0}])
def test_a_registration_sets_nothing_but_its_own_fields(extra: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        NewAccount.model_validate(
            {"username": "ingrid", "email": "i@example.org", "password": PASSWORD, **extra}
        )


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "x" * 41,
        "ﷺ" * 3,
        "with space",
        "a@b.c",
        "nul\0nul",
        "lone\ud800",
        "right\u202eleft",
        "z\u0335\u0334\u0333algo",
        "a/../b",
        "<b>bold",
        "",
    ],
)
def test_a_name_with_other_characters_or_lengths_is_rejected(name: str) -> None:
    with pytest.raises(ValidationError, match="username"):
        NameAndPassword(username=name, password=PASSWORD)


@pytest.mark.parametrize(
    "name", ["Zoë", "o-neill", "kim_1", "mr.bean", "李小龍", "Жанна", "x" * 40]
)
def test_names_in_all_alphabets_are_accepted(name: str) -> None:
    assert NameAndPassword(username=name, password=PASSWORD).username == name


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ingrid",
        "@example.org",
        "ingrid@",
        "ingrid@example",
        ".ingrid@example.org",
        "ingrid.@example.org",
        "in..grid@example.org",
        "=?utf-8?q?=41?=@example.org",
        "in grid@example.org",
        "ingrid@exam ple.org",
        "ingrid@-example.org",
        "ingrid@example..org",
        "ingrid@example.org\nBcc: all@example.org",
        "ingrid@example.org\0",
        "x" * 65 + "@example.org",
        "i@" + "x." * 130 + "org",
    ],
)
def test_an_invalid_address_is_rejected(address: str) -> None:
    with pytest.raises(ValidationError, match="email"):
        NewAccount(username="ingrid", email=address, password=PASSWORD)


@pytest.mark.parametrize(
    "address",
    ["i@example.org", "i.b+films@mail.example.co.uk", "i@nas.local", "i@xn--bcher-kva.de"],
)
def test_addresses_of_the_internet_and_of_home_networks_are_accepted(address: str) -> None:
    assert NewAccount(username="ingrid", email=address, password=PASSWORD).email == address


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"confirm_password": "another password"}, "confirm_password"),
        ({"password": "x" * 1_025}, "password"),
        ({"password": "é" * 1_000}, "password"),
        ({"password": "seven77"}, "password"),
        ({"password": "Ingrid-Bergman"}, "password"),
        ({"password": "INGRID@example.org"}, "password"),
        ({"is_admin": "yes"}, "is_admin"),
    ],
)
def test_an_error_names_the_field_of_a_registration_but_not_its_value(
    changes: dict[str, object], field: str
) -> None:
    valid = {"username": "Ingrid-Bergman", "email": "ingrid@example.org", "password": PASSWORD}
    with pytest.raises(ValidationError) as error:
        NewAccount.model_validate({**valid, **changes})
    assert [detail["loc"] for detail in error.value.errors()] == [(field,)]
    assert PASSWORD not in str(error.value)


def test_a_password_may_be_confirmed() -> None:
    account = NewAccount(
        username="ingrid", email="i@example.org", password=PASSWORD, confirm_password=PASSWORD
    )
    assert PASSWORD not in repr(account)


@pytest.mark.parametrize("identifiers", [{}, {"username": "ingrid", "email": "i@example.org"}])
def test_a_login_needs_exactly_one_of_name_and_address(identifiers: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either username or email"):
        Credentials.model_validate({**identifiers, "password": PASSWORD})


@pytest.mark.parametrize("name", ["nul\0", "lone\ud800", "x" * 255])
def test_a_login_name_that_no_database_can_store_is_rejected(name: str) -> None:
    with pytest.raises(ValidationError, match="username"):
        Credentials(username=name, password=PASSWORD)
