"""Who may register: anyone, who has an invite, or nobody; an admin creates accounts always."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Literal
from uuid import uuid4

import pytest
from pydantic import SecretStr

from service.accounts.emails.schemas import InviteRequest
from service.accounts.emails.service import purge_accounts
from service.accounts.invites import RETENTION
from service.accounts.models import Invite, User
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.registration import RegistrationPolicy
from service.accounts.responses import UserView
from service.accounts.schemas import NewAccount
from service.accounts.service import AccountService
from service.accounts.sessions.tokens import Identity
from service.errors import DomainError, Invalid
from service.mail.models import Mail
from tests.support.accounts import HASH_MEMORY, PASSWORD, SECRET, AccountActions
from tests.support.clock import FakeClock

Mode = Literal["open", "invite", "closed"]
OpenAccounts = Callable[..., AccountService]


@pytest.fixture
async def open_accounts(database: str, clock: FakeClock) -> AsyncIterator[OpenAccounts]:
    """Yield a function that returns accounts under a policy."""
    opened: list[AccountService] = []

    def open_with(mode: Mode, must_confirm_email: bool = False) -> AccountService:
        hasher = PasswordHasher(memory_kib=HASH_MEMORY)
        policy = RegistrationPolicy(mode, must_confirm_email)
        opened.append(AccountService(SECRET, hasher, clock, policy))
        return opened[-1]

    yield open_with
    for accounts in opened:
        await accounts.close()


def new_account(name: str = "ada", invite: str | None = None) -> NewAccount:
    return NewAccount(
        username=name, email=f"{name}@example.org", password=SecretStr(PASSWORD), invite=invite
    )


async def log_in_admin(accounts: AccountService) -> Identity:
    users = AccountActions(accounts)
    await users.create_user("root", admin=True)
    return await accounts.identify((await users.log_in("root")).access_token)


async def refusal_of(accounts: AccountService, account: NewAccount, *args: object) -> str:
    with pytest.raises(DomainError) as error:
        await accounts.register(account, *args)
    return error.value.code


async def test_a_closed_service_lets_only_admins_create_accounts(
    open_accounts: OpenAccounts,
) -> None:
    accounts = open_accounts("closed")
    admin = await log_in_admin(accounts)
    invite = await accounts.invites.create(InviteRequest(), admin)
    for account in (new_account(), new_account(invite=invite.code)):
        assert await refusal_of(accounts, account) == "registration_closed"
    created = await accounts.register(new_account(), admin)
    assert isinstance(created, UserView) and created.username == "ada"
    reader = await accounts.identify((await AccountActions(accounts).log_in("ada")).access_token)
    assert await refusal_of(accounts, new_account("bob"), reader) == "registration_closed"


@pytest.mark.parametrize("must_confirm", [False, True])
async def test_an_invite_lets_one_person_register(
    open_accounts: OpenAccounts, must_confirm: bool
) -> None:
    accounts = open_accounts("invite", must_confirm)
    admin = await log_in_admin(accounts)
    assert await refusal_of(accounts, new_account()) == "invite_required"
    assert await refusal_of(accounts, new_account(invite="guessed")) == "invite_invalid"
    invite = await accounts.invites.create(InviteRequest(), admin)
    assert invite.code not in str([dict(row) for row in await Invite.all()])
    results = await asyncio.gather(
        *(accounts.register(new_account(f"reader{n}", invite.code)) for n in range(6)),
        return_exceptions=True,
    )
    codes = [result.code for result in results if isinstance(result, DomainError)]
    assert codes == ["invite_invalid"] * 5
    assert await User.filter(is_admin=False).count() == 1
    assert await Mail.all().count() == int(must_confirm)


async def test_a_refused_registration_does_not_use_up_the_invite(
    open_accounts: OpenAccounts,
) -> None:
    accounts = open_accounts("invite")
    invite = await accounts.invites.create(InviteRequest(), await log_in_admin(accounts))
    assert await refusal_of(accounts, new_account("root", invite.code)) == "username_taken"
    created = await accounts.register(new_account(invite=invite.code))
    assert isinstance(created, UserView)


async def test_an_invite_expires(open_accounts: OpenAccounts, clock: FakeClock) -> None:
    accounts = open_accounts("invite")
    admin = await log_in_admin(accounts)
    invite = await accounts.invites.create(InviteRequest(days=2), admin)
    clock.advance(2 * 86_400)
    account = new_account(invite=invite.code)
    assert await refusal_of(accounts, account) == "invite_invalid"


async def test_an_admin_needs_no_invite_and_no_confirmation(open_accounts: OpenAccounts) -> None:
    accounts = open_accounts("invite", True)
    created = await accounts.register(new_account(), await log_in_admin(accounts))
    assert isinstance(created, UserView) and created.email_confirmed
    assert (await AccountActions(accounts).log_in("ada")).user.username == "ada"
    assert not await Mail.all().exists()


async def test_an_invite_outlives_the_admin_who_made_it(open_accounts: OpenAccounts) -> None:
    accounts = open_accounts("invite")
    invite = await accounts.invites.create(InviteRequest(), await log_in_admin(accounts))
    await User.filter(username="root").delete()
    created = await accounts.register(new_account(f"a{uuid4().hex[:8]}", invite.code))
    assert isinstance(created, UserView)


@pytest.mark.parametrize(("name", "twin"), [("Ingrid", "lngrid"), ("modern", "modem")])
async def test_a_name_that_looks_like_an_existing_one_is_refused(
    open_accounts: OpenAccounts, name: str, twin: str
) -> None:
    accounts = open_accounts("open")
    await accounts.register(new_account(name))
    account = NewAccount(username=twin, email="t@example.org", password=SecretStr(PASSWORD))
    assert await refusal_of(accounts, account) == "username_confusable"


async def test_of_concurrent_registrations_of_names_that_look_alike_one_succeeds(
    open_accounts: OpenAccounts,
) -> None:
    accounts = open_accounts("open")
    names = ["reader1", "readerl", "readerI"]
    results = await asyncio.gather(
        *(accounts.register(new_account(name)) for name in names), return_exceptions=True
    )
    codes = sorted(result.code for result in results if isinstance(result, DomainError))
    assert codes == ["username_confusable"] * 2
    assert await User.all().count() == 1


async def test_a_name_that_mixes_scripts_is_refused(open_accounts: OpenAccounts) -> None:
    accounts = open_accounts("open")
    account = NewAccount(username="аdmin", email="a@example.org", password=SecretStr(PASSWORD))
    with pytest.raises(Invalid) as error:
        await accounts.register(account)
    assert error.value.errors[0].pointer == "/username"
    assert "several scripts" in error.value.errors[0].detail


async def test_an_invite_is_deleted_a_month_after_it_has_expired(
    users: AccountActions, clock: FakeClock
) -> None:
    await users.create_user("root", admin=True)
    admin = await users.accounts.identify((await users.log_in("root")).access_token)
    await users.accounts.invites.create(InviteRequest(days=7), admin)
    clock.advance((timedelta(days=7) + RETENTION).total_seconds())
    await purge_accounts(clock, ())
    assert await Invite.all().count() == 1
    clock.advance(1)
    await purge_accounts(clock, ())
    assert not await Invite.all().exists()
