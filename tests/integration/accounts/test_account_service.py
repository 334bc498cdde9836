"""Accounts: who may have one, who gets in, and how soon what changes about them counts."""

import asyncio

import pytest
from pydantic import ValidationError

from service.accounts.models import LoginFailure, RefreshToken, Session, User
from service.accounts.passwords import PasswordHasher
from service.accounts.schemas import Credentials, NameAndPassword, NewAccount
from service.accounts.service import AccountService
from service.accounts.tokens import Tokens
from service.errors import Conflict, Invalid, NotAllowed, NotAuthenticated
from tests.support.accounts import HASH_MEMORY, PASSWORD, SECRET, AccountActions
from tests.support.clock import FakeClock


async def test_who_registers_can_log_in_and_is_no_admin(people: AccountActions) -> None:
    made = await people.create_user("ingrid")
    session = await people.log_in("ingrid")
    assert session.user == made
    assert (session.token_type, session.expires_in) == ("Bearer", 600)
    identity = await people.accounts.identify(session.access_token)
    assert (identity.user_id, identity.username, identity.is_admin) == (made.id, "ingrid", False)
    assert await people.accounts.get_user(identity.user_id) == made


async def test_one_can_log_in_with_the_address_as_well(people: AccountActions) -> None:
    await people.create_user("ingrid")
    by_address = Credentials(email="INGRID@Example.org", password=PASSWORD)
    session = await people.accounts.login(by_address, "192.0.2.1")
    assert session.user.username == "ingrid"


@pytest.mark.parametrize("typed", ["ÅSA", "åsa", "A\u030asa", "Ａ\u030asa"])
async def test_a_name_is_the_same_in_any_case_and_encoding(
    people: AccountActions, typed: str
) -> None:
    form = NewAccount(username="Åsa", email="asa@example.org", password=PASSWORD)
    await people.accounts.register(form)
    assert (await people.log_in(typed)).user.username == "Åsa"
    twin = NewAccount(username=typed, email="twin@example.org", password=PASSWORD)
    with pytest.raises(Conflict) as refusal:
        await people.accounts.register(twin)
    assert refusal.value.code == "username_taken"


async def test_an_address_has_one_account(people: AccountActions) -> None:
    await people.create_user("ingrid")
    twin = NewAccount(username="other", email="Ingrid@EXAMPLE.org", password=PASSWORD)
    with pytest.raises(Conflict) as refusal:
        await people.accounts.register(twin)
    assert refusal.value.code == "email_taken"
    assert await User.all().count() == 1


async def test_of_many_who_register_one_name_at_once_one_gets_it(people: AccountActions) -> None:
    forms = [
        NewAccount(username="ingrid", email=f"ingrid{n}@example.org", password=PASSWORD)
        for n in range(8)
    ]
    results = await asyncio.gather(
        *(people.accounts.register(form) for form in forms), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, Conflict)]
    assert [error.code for error in refused] == ["username_taken"] * 7
    assert await User.all().count() == 1


async def test_nobody_makes_themselves_an_admin(people: AccountActions) -> None:
    await people.create_user("ingrid")
    plain = await people.accounts.identify((await people.log_in("ingrid")).access_token)
    form = NewAccount(
        username="mallory", email="mallory@example.org", password=PASSWORD, is_admin=True
    )
    for by in (None, plain):
        with pytest.raises(NotAllowed) as refusal:
            await people.accounts.register(form, by)
        assert refusal.value.code == "admin_required"
    assert not await User.exists(username_folded="mallory")


async def test_an_admin_may_make_another(people: AccountActions) -> None:
    await people.create_user("root", admin=True)
    by = await people.accounts.identify((await people.log_in("root")).access_token)
    form = NewAccount(
        username="second", email="second@example.org", password=PASSWORD, is_admin=True
    )
    assert (await people.accounts.register(form, by)).is_admin
    session = await people.log_in("second")
    assert (await people.accounts.identify(session.access_token)).is_admin


async def test_admins_from_the_command_line_need_no_address(people: AccountActions) -> None:
    first = await people.accounts.create_admin("root", PASSWORD)
    second = await people.accounts.create_admin("toor", PASSWORD)
    assert first.is_admin and second.is_admin
    assert first.email is None and second.email is None
    with pytest.raises(Conflict) as refusal:
        await people.accounts.create_admin("ROOT", PASSWORD)
    assert refusal.value.code == "username_taken"


async def test_the_command_line_is_told_all_that_is_wrong(accounts: AccountService) -> None:
    with pytest.raises(Invalid) as refusal:
        await accounts.create_admin("a b", "short")
    assert "letters, digits" in refusal.value.detail
    assert "at least 8" in refusal.value.detail
    assert {fault.pointer for fault in refusal.value.errors} == {"username", "password"}
    assert "short" not in refusal.value.detail


async def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(
    people: AccountActions,
) -> None:
    await people.create_user("ingrid")
    told = []
    for name in ("ingrid", "nobody"):
        with pytest.raises(NotAuthenticated) as refusal:
            await people.log_in(name, "wrong password")
        told.append((refusal.value.code, refusal.value.detail, refusal.value.retry_after))
    assert told[0] == told[1]
    assert told[0][0] == "invalid_credentials"


async def test_nothing_that_is_stored_lets_its_reader_in(people: AccountActions) -> None:
    await people.create_user("ingrid")
    session = await people.log_in("ingrid")
    with pytest.raises(NotAuthenticated):
        await people.log_in("a name of nobody", "wrong password", "203.0.113.77")
    stored = ""
    for table in (User, Session, RefreshToken, LoginFailure):
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


async def test_the_token_of_a_deleted_user_dies_at_once(people: AccountActions) -> None:
    made = await people.create_user("ingrid")
    session = await people.log_in("ingrid")
    identity = await people.accounts.identify(session.access_token)
    await User.filter(id=made.id).delete()
    await people.assert_session_ended(session)
    with pytest.raises(NotAuthenticated):
        await people.accounts.describe_token(identity)


async def test_all_tokens_die_when_the_token_version_rises(people: AccountActions) -> None:
    made = await people.create_user("ingrid")
    session = await people.log_in("ingrid")
    await User.filter(id=made.id).update(token_version=2)
    await people.assert_session_ended(session)
    again = await people.log_in("ingrid")
    assert (await people.accounts.identify(again.access_token)).user_id == made.id


async def test_who_is_demoted_is_no_admin_from_the_next_request_on(people: AccountActions) -> None:
    made = await people.create_user("root", admin=True)
    session = await people.log_in("root")
    assert (await people.accounts.identify(session.access_token)).is_admin
    await User.filter(id=made.id).update(is_admin=False)
    assert not (await people.accounts.identify(session.access_token)).is_admin


async def test_logging_out_ends_this_session_and_no_other(people: AccountActions) -> None:
    await people.create_user("ingrid")
    here, there = await people.log_in("ingrid"), await people.log_in("ingrid")
    older_token = here.access_token
    here = await people.accounts.refresh(here.refresh_token)
    await people.accounts.logout(await people.accounts.identify(here.access_token))
    await people.assert_session_ended(here)
    with pytest.raises(NotAuthenticated):
        await people.accounts.identify(older_token)
    assert await people.accounts.identify(there.access_token)
    assert await people.accounts.refresh(there.refresh_token)


async def test_a_token_of_one_user_does_not_pass_for_another_in_the_same_session(
    people: AccountActions, clock: FakeClock
) -> None:
    await people.create_user("ingrid")
    other = await people.create_user("lauren")
    identity = await people.accounts.identify((await people.log_in("ingrid")).access_token)
    mixed = Tokens(SECRET, clock).issue(other.id, identity.session_id, 1)
    with pytest.raises(NotAuthenticated):
        await people.accounts.identify(mixed)


async def test_a_refresh_token_is_no_access_token(people: AccountActions) -> None:
    await people.create_user("ingrid")
    session = await people.log_in("ingrid")
    with pytest.raises(NotAuthenticated):
        await people.accounts.identify(session.refresh_token)
    with pytest.raises(NotAuthenticated):
        await people.accounts.refresh(session.access_token)


async def test_a_verified_token_says_whose_it_is_and_until_when(
    people: AccountActions, clock: FakeClock
) -> None:
    made = await people.create_user("ingrid")
    session = await people.log_in("ingrid")
    told = await people.accounts.describe_token(
        await people.accounts.identify(session.access_token)
    )
    assert told.valid and told.user == made
    assert (told.expires_at - clock()).total_seconds() == 600


async def test_a_login_replaces_a_hash_of_outdated_cost(
    people: AccountActions, clock: FakeClock
) -> None:
    await people.create_user("ingrid")
    stronger = AccountService(SECRET, PasswordHasher(memory_kib=2 * HASH_MEMORY), clock)
    await stronger.login(Credentials(username="ingrid", password=PASSWORD), "192.0.2.1")
    assert f"m={2 * HASH_MEMORY}," in (await User.get(username_folded="ingrid")).password_hash
    assert await people.log_in("ingrid")
    stronger.close()


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
def test_a_name_of_other_signs_or_lengths_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="username"):
        NameAndPassword(username=name, password=PASSWORD)


@pytest.mark.parametrize(
    "name", ["Zoë", "o-neill", "kim_1", "mr.bean", "李小龍", "Жанна", "x" * 40]
)
def test_names_of_all_alphabets_are_welcome(name: str) -> None:
    assert NameAndPassword(username=name, password=PASSWORD).username == name


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ingrid",
        "@example.org",
        "ingrid@",
        "ingrid@example",
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
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="email"):
        NewAccount(username="ingrid", email=address, password=PASSWORD)


@pytest.mark.parametrize(
    "address",
    ["i@example.org", "i.b+films@mail.example.co.uk", "i@nas.local", "i@xn--bcher-kva.de"],
)
def test_addresses_of_the_world_and_of_home_networks_are_welcome(address: str) -> None:
    assert NewAccount(username="ingrid", email=address, password=PASSWORD).email == address


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"confirm_password": "another password"}, "confirm_password"),
        ({"password": "x" * 1_025}, "password"),
        ({"password": "é" * 1_000}, "password"),
        ({"password": "seven77"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "Ingrid-Bergman"}, "password"),
        ({"password": "INGRID@example.org"}, "password"),
        ({"is_admin": "yes"}, "is_admin"),
    ],
)
def test_the_faulty_field_of_a_registration_is_named_and_its_value_is_not(
    changed: dict[str, object], field: str
) -> None:
    given = {"username": "Ingrid-Bergman", "email": "ingrid@example.org", "password": PASSWORD}
    with pytest.raises(ValidationError) as refusal:
        NewAccount.model_validate({**given, **changed})
    assert [fault["loc"] for fault in refusal.value.errors()] == [(field,)]
    assert PASSWORD not in str(refusal.value)


def test_a_password_may_be_confirmed() -> None:
    form = NewAccount(
        username="ingrid", email="i@example.org", password=PASSWORD, confirm_password=PASSWORD
    )
    assert PASSWORD not in repr(form)


@pytest.mark.parametrize("who", [{}, {"username": "ingrid", "email": "i@example.org"}])
def test_a_login_needs_either_a_name_or_an_address(who: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either username or email"):
        Credentials.model_validate({**who, "password": PASSWORD})


@pytest.mark.parametrize("name", ["nul\0", "lone\ud800", "x" * 255])
def test_a_login_name_that_no_database_could_hold_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="username"):
        Credentials(username=name, password=PASSWORD)
