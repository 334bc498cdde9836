"""Erasing an account: nothing of it stays, and there is always an admin."""

import asyncio
from uuid import UUID

import pytest
from tortoise.expressions import Q

from service.accounts.administration.admins import require_other_admin
from service.accounts.deletion.erasure import erase_account
from service.accounts.emails.link_tokens import issue_token
from service.accounts.models import AccountToken, RefreshToken, Session, User
from service.accounts.personal_data import PersonalData
from service.errors import Conflict
from service.mail import outbox
from service.mail.models import Mail
from tests.support.accounts import AccountActions
from tests.support.clock import FakeClock


async def test_an_erased_account_leaves_no_row_and_its_name_and_address_are_free(
    users: AccountActions, clock: FakeClock
) -> None:
    ada, bob = await users.create_user("ada"), await users.create_user("bob")
    session, other = await users.log_in("ada"), await users.log_in("bob")
    row = await User.get(id=ada.id)
    await issue_token(row, "reset_password", "ada@example.org", clock())
    await outbox.enqueue("reset_password", "ada@example.org", "en", clock.epoch_ms())
    await outbox.enqueue("email_changed", "old@example.org", "en", clock.epoch_ms(), ada.id)
    await outbox.enqueue("register", "ada@example.org", "en", clock.epoch_ms(), bob.id)
    await outbox.enqueue("reset_password", "bob@example.org", "en", clock.epoch_ms())
    assert await erase_account(ada.id, ())
    await users.assert_session_ended(session)
    assert [user.username for user in await User.all()] == ["bob"]
    assert {row.user_id for row in await Session.all()} == {bob.id}
    assert await RefreshToken.all().count() == 1
    assert not await AccountToken.all().exists()
    assert sorted(mail.kind for mail in await Mail.all()) == ["register", "reset_password"]
    assert (await users.accounts.identify(other.access_token)).user_id == bob.id
    assert not await erase_account(ada.id, ())
    await users.create_user("ada")


async def test_every_package_erases_what_it_holds_before_the_user_goes(
    users: AccountActions,
) -> None:
    ada = await users.create_user("ada")
    seen: list[tuple[str, UUID, bool]] = []

    def note(name: str) -> PersonalData:
        async def erase(user_id: UUID) -> None:
            seen.append((name, user_id, await User.exists(id=user_id)))

        return PersonalData(erase=erase)

    assert await erase_account(ada.id, (note("ratings"), note("lists")))
    assert seen == [("ratings", ada.id, True), ("lists", ada.id, True)]


async def test_a_package_that_fails_leaves_the_account_as_it_was(users: AccountActions) -> None:
    ada = await users.create_user("ada")
    session = await users.log_in("ada")

    async def fail(_: UUID) -> None:
        await Session.all().delete()
        raise RuntimeError("the lists cannot be erased")

    with pytest.raises(RuntimeError):
        await erase_account(ada.id, (PersonalData(erase=fail),))
    assert (await users.accounts.identify(session.access_token)).user_id == ada.id


async def test_an_account_that_no_longer_meets_the_condition_stays(users: AccountActions) -> None:
    ada = await users.create_user("ada")
    assert not await erase_account(ada.id, (), Q(erase_at__isnull=False))
    assert await User.exists(id=ada.id)


async def test_the_last_admin_cannot_be_erased(users: AccountActions) -> None:
    root = await users.create_user("root", admin=True)
    await users.create_user("ada")
    with pytest.raises(Conflict) as error:
        await erase_account(root.id, ())
    assert error.value.code == "last_admin"
    other = await users.create_user("other", admin=True)
    assert await erase_account(root.id, ())
    assert [user.id for user in await User.filter(is_admin=True)] == [other.id]


async def test_an_admin_who_is_to_be_erased_does_not_count_as_an_admin(
    users: AccountActions, clock: FakeClock
) -> None:
    root = await users.create_user("root", admin=True)
    other = await users.create_user("other", admin=True)
    await User.filter(id=other.id).update(erase_at=clock())
    with pytest.raises(Conflict):
        await require_other_admin(root.id)
    await require_other_admin(other.id)


async def test_of_admins_who_are_erased_at_once_one_stays(users: AccountActions) -> None:
    admins = [await users.create_user(f"root{number}", admin=True) for number in range(4)]
    results = await asyncio.gather(
        *(erase_account(admin.id, ()) for admin in admins), return_exceptions=True
    )
    assert sorted(str(result) for result in results if result is True) == ["True"] * 3
    assert [type(result) for result in results if result is not True] == [Conflict]
    assert await User.filter(is_admin=True).count() == 1
