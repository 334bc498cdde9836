"""Deleting one's own account: hidden at once, restored within a week, then gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from service.accounts.deletion.schemas import DeletionRequest
from service.accounts.deletion.service import RESTORATION_PERIOD, erase_due_accounts
from service.accounts.emails.mails import AccountMails
from service.accounts.keys.schemas import NewKey
from service.accounts.models import Session, User
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.personal_data import PersonalData
from service.accounts.responses import SessionView
from service.accounts.service import AccountService
from service.audit.models import AuditEntry
from service.errors import Conflict, Invalid, NotAuthenticated, NotFound
from service.mail.base import MailOrder
from service.mail.models import Mail
from tests.support.accounts import ADDRESS, HASH_MEMORY, PASSWORD, SECRET, AccountActions
from tests.support.clock import FakeClock

REQUEST = DeletionRequest(password=SecretStr(PASSWORD))


async def request_deletion(users: AccountActions, session: SessionView) -> None:
    identity = await users.accounts.identify(session.access_token)
    await users.accounts.deletion.request(identity, REQUEST, ADDRESS, "en")


async def restore(users: AccountActions, name: str) -> None:
    session = await users.log_in(name)
    await users.accounts.deletion.cancel(await users.accounts.identify(session.access_token))


class Journal:
    """Personal data that notes what happens to it."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.failing: str | None = None
        hooks = {name: self._make_hook(name) for name in ("hide", "restore", "erase")}
        self.data = PersonalData(**hooks)

    def _make_hook(self, name: str) -> Callable[[UUID], Awaitable[None]]:
        async def note(user_id: UUID) -> None:
            self.entries.append(name)
            if self.failing == name:
                raise RuntimeError(f"the films fail to {name}")

        return note


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
async def accounts(
    database: None, clock: FakeClock, journal: Journal
) -> AsyncIterator[AccountService]:
    hasher = PasswordHasher(memory_kib=HASH_MEMORY)
    accounts = AccountService(SECRET, hasher, clock, personal_data=(journal.data,))
    yield accounts
    await accounts.close()


async def test_a_deletion_ends_all_sessions_and_keys_and_hides_the_account(
    users: AccountActions, clock: FakeClock, journal: Journal
) -> None:
    user = await users.create_user("ada")
    sessions = [await users.log_in("ada") for _ in range(3)]
    identity = await users.accounts.identify(sessions[0].access_token)
    key = await users.accounts.keys.create(identity, NewKey(name="player", scopes=("read",)))
    assert (await users.accounts.keys.identify(key.key)).user_id == user.id
    view = await users.accounts.deletion.request(identity, REQUEST, ADDRESS, "en")
    assert view.erase_at == clock() + RESTORATION_PERIOD
    for session in sessions:
        await users.assert_session_ended(session)
    with pytest.raises(NotAuthenticated):
        await users.accounts.keys.identify(key.key)
    assert not await Session.all().exists()
    assert journal.entries == ["hide"]
    assert (await User.get(id=user.id)).erase_at == view.erase_at


async def test_a_login_within_the_week_restores_the_account_with_its_keys(
    users: AccountActions, clock: FakeClock, journal: Journal
) -> None:
    await users.create_user("ada")
    session = await users.log_in("ada")
    identity = await users.accounts.identify(session.access_token)
    key = await users.accounts.keys.create(identity, NewKey(name="player", scopes=("read",)))
    await request_deletion(users, session)
    clock.advance(RESTORATION_PERIOD.total_seconds() - 1)
    await erase_due_accounts(clock, (journal.data,))
    session = await users.log_in("ada")
    assert session.user.erase_at == clock() + timedelta(seconds=1)
    identity = await users.accounts.identify(session.access_token)
    assert identity.is_being_deleted
    await users.accounts.deletion.cancel(identity)
    identity = await users.accounts.identify(session.access_token)
    assert not identity.is_being_deleted, "the session goes on"
    await users.accounts.keys.identify(key.key)
    clock.advance(RESTORATION_PERIOD.total_seconds())
    await erase_due_accounts(clock, (journal.data,))
    assert await User.exists(username="ada")
    assert journal.entries == ["hide", "restore"]
    with pytest.raises(NotFound) as error:
        await users.accounts.deletion.cancel(identity)
    assert error.value.code == "deletion_not_found"
    assert journal.entries == ["hide", "restore"]


async def test_after_the_week_all_is_gone_and_the_name_is_free(
    users: AccountActions, clock: FakeClock, journal: Journal
) -> None:
    ada = await users.create_user("ada")
    await users.create_user("bob")
    await request_deletion(users, await users.log_in("ada"))
    clock.advance(RESTORATION_PERIOD.total_seconds())
    session = await users.log_in("ada")
    with pytest.raises(NotFound):
        await users.accounts.deletion.cancel(await users.accounts.identify(session.access_token))
    await erase_due_accounts(clock, (journal.data,))
    assert [user.username for user in await User.all()] == ["bob"]
    assert journal.entries == ["hide", "erase"]
    await users.assert_session_ended(session)
    assert not await Mail.all().exists(), "the address is erased too"
    entries = await AuditEntry.filter(subject_id=str(ada.id))
    assert "deletion_requested" in {entry.action for entry in entries}
    assert {entry.subject_name for entry in entries} == {None}
    with pytest.raises(NotAuthenticated) as error:
        await users.log_in("ada")
    assert error.value.code == "invalid_credentials"
    await users.create_user("ada")


async def test_a_wrong_password_deletes_nothing_and_counts_as_a_failure(
    users: AccountActions, journal: Journal
) -> None:
    await users.create_user("ada")
    identity = await users.accounts.identify((await users.log_in("ada")).access_token)
    wrong = DeletionRequest(password=SecretStr("wrong horse battery"))
    with pytest.raises(Invalid) as error:
        await users.accounts.deletion.request(identity, wrong, ADDRESS, "en")
    assert (error.value.code, error.value.errors[0].pointer) == ("password_wrong", "/password")
    assert journal.entries == []
    assert (await User.get(username="ada")).erase_at is None


async def test_the_last_admin_cannot_be_deleted(users: AccountActions, journal: Journal) -> None:
    await users.create_user("root", admin=True)
    await users.create_user("ada")
    session = await users.log_in("root")
    with pytest.raises(Conflict) as error:
        await request_deletion(users, session)
    assert error.value.code == "last_admin"
    assert journal.entries == []
    await users.create_user("other", admin=True)
    await request_deletion(users, session)
    assert journal.entries == ["hide"]
    with pytest.raises(Conflict):
        await request_deletion(users, await users.log_in("other"))


async def test_of_admins_who_delete_themselves_at_once_one_stays(users: AccountActions) -> None:
    sessions = []
    for number in range(3):
        await users.create_user(f"root{number}", admin=True)
        sessions.append(await users.log_in(f"root{number}"))
    results = await asyncio.gather(
        *(request_deletion(users, session) for session in sessions), return_exceptions=True
    )
    assert [type(result) for result in results if result is not None] == [Conflict]
    assert await User.filter(is_admin=True, erase_at__isnull=True).count() == 1


async def test_a_package_that_cannot_hide_leaves_all_as_it_was(
    users: AccountActions, journal: Journal
) -> None:
    await users.create_user("ada")
    session = await users.log_in("ada")
    journal.failing = "hide"
    with pytest.raises(RuntimeError):
        await request_deletion(users, session)
    assert not (await users.accounts.identify(session.access_token)).is_being_deleted
    assert not await Mail.all().exists()


async def test_an_account_that_cannot_be_erased_is_logged_and_stops_no_other(
    users: AccountActions, clock: FakeClock, journal: Journal
) -> None:
    for name in ("ada", "bob"):
        await users.create_user(name)
        await request_deletion(users, await users.log_in(name))
    clock.advance(RESTORATION_PERIOD.total_seconds())
    ada = await User.get(username="ada")

    async def fail(user_id: UUID) -> None:
        if user_id == ada.id:
            raise RuntimeError("the films cannot be erased")

    with capture_logs() as lines:
        await erase_due_accounts(clock, (PersonalData(erase=fail),))
    assert [user.username for user in await User.all()] == ["ada"]
    events = {(line["event"], line["user_id"]) for line in lines}
    assert ("account_not_erased", str(ada.id)) in events
    await erase_due_accounts(clock, ())
    assert not await User.all().exists()


async def test_a_login_in_progress_during_the_request_gets_no_session(
    users: AccountActions,
) -> None:
    """The login has read the account before the deletion, and starts its session after it."""
    await users.create_user("ada")
    user = await User.get(username="ada")
    await request_deletion(users, await users.log_in("ada"))
    late = await users.accounts.sessions.start(user)
    with pytest.raises(NotAuthenticated):
        await users.accounts.identify(late.access_token)


async def test_the_owner_gets_a_mail_that_says_until_when_unless_it_was_restored(
    users: AccountActions, clock: FakeClock
) -> None:
    user = await users.create_user("ada")
    await User.filter(id=user.id).update(confirmed_at=clock())
    await request_deletion(users, await users.log_in("ada"))
    mail = await Mail.get()
    assert (mail.kind, mail.recipient) == ("deletion_requested", "ada@example.org")
    order = MailOrder(mail.id, "deletion_requested", mail.recipient, "en", mail.account_id)
    content = await AccountMails("https://films.example", clock).compose(order)
    assert content is not None
    assert content.values["erase_at"] == "2026-05-11, 12:00 UTC"
    assert content.values["link"] == "https://films.example/login"
    await restore(users, "ada")
    assert await AccountMails("https://films.example", clock).compose(order) is None


async def test_deletions_and_restorations_are_in_the_audit_log(users: AccountActions) -> None:
    user = await users.create_user("ada")
    await request_deletion(users, await users.log_in("ada"))
    await restore(users, "ada")
    actions = [entry.action for entry in await AuditEntry.filter(subject_id=str(user.id))]
    assert {"deletion_requested", "deletion_cancelled"} <= set(actions)
