"""What matters to security is in the audit log: who did it, to whom, and from where."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from service.accounts.deletion.erasure import erase_account
from service.accounts.schemas import PasswordChange
from service.accounts.service import AccountService
from service.audit.actor import begin_command, begin_request, get_actor, identify_actor
from service.audit.listing import AuditFilters, select_entries
from service.audit.log import Subject, purge_entries, record
from service.audit.models import AuditEntry
from service.clock import from_epoch_ms
from service.database.sql import now_ms
from service.errors import Invalid, NotAuthenticated
from tests.support.accounts import ADDRESS, PASSWORD, AccountActions
from tests.support.clock import FakeClock

DAY_MS = 86_400_000


async def _actions() -> list[str]:
    """Return the recorded actions, the oldest first."""
    return [entry.action for entry in await AuditEntry.all().order_by("at", "id")]


async def test_an_entry_says_who_did_what_to_whom_from_where(
    database: str, users: AccountActions
) -> None:
    ingrid = await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    begin_request(ADDRESS)
    identity = await users.accounts.identify(session.access_token)
    identify_actor(identity.user_id, identity.username)
    await users.accounts.logout_all(identity)
    entry = await AuditEntry.get(action="sessions_ended")
    assert (entry.actor_kind, entry.actor_id) == ("user", ingrid.id)
    assert (entry.actor_name, entry.address) == ("ingrid", ADDRESS)
    assert (entry.subject_kind, entry.subject_name) == ("account", "ingrid")
    assert entry.subject_id == str(ingrid.id)
    assert abs(entry.at - await now_ms()) < 60_000


async def test_a_command_is_recorded_under_the_name_of_its_caller(
    database: str, users: AccountActions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "operator")
    begin_command()
    await users.create_user("root-user", admin=True)
    entry = await AuditEntry.get(action="account_created")
    assert (entry.actor_kind, entry.actor_name) == ("command_line", "operator")
    assert (entry.actor_id, entry.address) == (None, None)
    assert entry.details == {"is_admin": True}


async def test_without_a_request_the_service_itself_acts(database: str) -> None:
    assert (get_actor().kind, get_actor().id) == ("service", None)


async def test_a_change_that_fails_leaves_no_entry(
    database: str, accounts: AccountService, users: AccountActions
) -> None:
    await users.create_user("ingrid")
    identity = await accounts.identify((await users.log_in("ingrid")).access_token)
    change = PasswordChange(current_password="a wrong one", new_password="a staple in the stable")
    with pytest.raises(Invalid):
        await accounts.change_password(identity, change, ADDRESS)
    assert await _actions() == ["account_created"]


async def test_a_changed_password_is_recorded_without_any_password(
    database: str, accounts: AccountService, users: AccountActions
) -> None:
    await users.create_user("ingrid")
    identity = await accounts.identify((await users.log_in("ingrid")).access_token)
    change = PasswordChange(current_password=PASSWORD, new_password="a staple in the stable")
    await accounts.change_password(identity, change, ADDRESS)
    assert await _actions() == ["account_created", "password_changed"]
    rows = await AuditEntry.all().values()
    assert not any(text in str(rows) for text in (PASSWORD, "staple", "argon2"))


async def test_the_reuse_of_a_refresh_token_is_recorded_once(
    database: str, accounts: AccountService, users: AccountActions, clock: FakeClock
) -> None:
    ingrid = await users.create_user("ingrid")
    session = await users.log_in("ingrid")
    await accounts.refresh(session.refresh_token)
    clock.advance(11)
    begin_request("198.51.100.9")
    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            await accounts.refresh(session.refresh_token)
    entry = await AuditEntry.get(action="refresh_token_reused")
    assert (entry.actor_kind, entry.address) == ("visitor", "198.51.100.9")
    assert entry.subject_id == str(ingrid.id)


async def test_each_filter_selects_its_entries(database: str) -> None:
    user_id, film_id = uuid4(), uuid4()
    begin_request(ADDRESS)
    await record("account_created", Subject("account", user_id, "ingrid"), number=0)
    identify_actor(user_id, "ingrid")
    await record("film_deleted", Subject("film", film_id, "Jaws"), number=1)
    await record("samples_removed", number=2)
    await AuditEntry.filter(action="account_created").update(at=DAY_MS)

    async def find(filters: AuditFilters) -> list[int]:
        entries = await select_entries(filters)
        return sorted(entry.details["number"] for entry in entries)

    assert await find(AuditFilters(actor_id=user_id)) == [1, 2]
    assert await find(AuditFilters(actor_kind="visitor")) == [0]
    assert await find(AuditFilters(action="samples_removed")) == [2]
    assert await find(AuditFilters(subject_id=str(film_id))) == [1]
    assert await find(AuditFilters(subject_kind="account")) == [0]
    moment = from_epoch_ms(DAY_MS)
    assert await find(AuditFilters(until=moment)) == []
    assert await find(AuditFilters(since=moment, until=moment + timedelta(seconds=1))) == [0]
    assert await find(AuditFilters(since=moment + timedelta(seconds=1))) == [1, 2]


async def test_entries_are_kept_for_the_retention_time_and_then_deleted(database: str) -> None:
    now = await now_ms()
    for number, age_ms in enumerate((30 * DAY_MS - 60_000, 30 * DAY_MS + 60_000)):
        await AuditEntry.create(
            at=now - age_ms, action="film_added", actor_kind="service", details={"number": number}
        )
    await purge_entries(timedelta(days=30))
    assert [entry.details["number"] for entry in await AuditEntry.all()] == [0]


async def test_an_erased_account_leaves_its_id_without_name_and_address(
    database: str, users: AccountActions
) -> None:
    user_id = (await users.create_user("ingrid")).id
    begin_request(ADDRESS)
    identify_actor(user_id, "ingrid")
    await record("film_deleted", Subject("film", uuid4(), "Jaws"))
    begin_request(ADDRESS)
    assert await erase_account(user_id, [])
    created, deleted, erased = await AuditEntry.all().order_by("at", "id")
    assert (created.subject_id, created.subject_name) == (str(user_id), None)
    assert (UUID(str(deleted.actor_id)), deleted.actor_name) == (user_id, None)
    assert (deleted.address, deleted.subject_name) == (None, "Jaws")
    assert (erased.action, erased.subject_id, erased.subject_name) == (
        "account_erased",
        str(user_id),
        None,
    )
