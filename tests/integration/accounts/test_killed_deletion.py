"""A deletion whose process is killed: all of a step has happened, or nothing of it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from service.accounts.deletion.service import RESTORATION_PERIOD, erase_due_accounts
from service.accounts.models import Session, User
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.responses import SessionView
from service.accounts.service import AccountService
from service.audit.models import AuditEntry
from service.clock import utc_now
from service.errors import NotAuthenticated, NotFound
from service.exports.models import Export
from service.exports.service import Exports
from service.mail.models import Mail
from service.server.personal_data import PERSONAL_DATA
from tests.faults.plugin import Observations
from tests.support import ROOT
from tests.support.accounts import HASH_MEMORY, SECRET, AccountActions
from tests.support.clock import FakeClock
from tests.support.crashing_deletion import STEPS
from tests.support.exports import create_worker

pytestmark = pytest.mark.fault("deletion-killed")


@pytest.fixture
async def accounts(database: str) -> AsyncIterator[AccountService]:
    """Yield accounts by the real clock, as the processes that are killed have it."""
    hasher = PasswordHasher(HASH_MEMORY)
    accounts = AccountService(SECRET, hasher, utc_now, personal_data=PERSONAL_DATA)
    yield accounts
    await accounts.close()


async def crash_at(step: str, moment: str, database_url: str, user: User) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.crashing_deletion"),
        *(step, moment, database_url, str(user.id)),
        cwd=ROOT,
    )
    assert await process.wait() == -signal.SIGKILL


async def create_owner(users: AccountActions) -> tuple[User, SessionView]:
    """Return an account with a session, an export, and a confirmed address."""
    view = await users.create_user("ada")
    await User.filter(id=view.id).update(confirmed_at=utc_now())
    session = await users.log_in("ada")
    await Exports(utc_now).request(view.id)
    assert await create_worker(FakeClock(utc_now())).make_due() == 1
    return await User.get(id=view.id), session


async def count_rows() -> dict[str, int]:
    return {
        model.__name__: await model.all().count()
        for model in (User, Session, Export, Mail, AuditEntry)
    }


async def mark_for_erasure(users: AccountActions, user: User) -> None:
    """Have the account wait for its erasure, as if the request had been made a week ago."""
    for data in PERSONAL_DATA:
        await data.hide(user.id)
    await User.filter(id=user.id).update(erase_at=utc_now() + RESTORATION_PERIOD)


@pytest.mark.parametrize("moment", STEPS["request"])
async def test_a_killed_request_hides_all_or_nothing(
    users: AccountActions, database: str, moment: str, observations: Observations
) -> None:
    user, session = await create_owner(users)
    before = await count_rows()
    await crash_at("request", moment, database, user)
    if moment == "committed":
        await users.assert_session_ended(session)
        after = await count_rows()
        assert (after["Session"], after["Export"], after["Mail"]) == (0, 0, 1)
        assert (await users.log_in("ada")).user.erase_at is not None
    else:
        assert await count_rows() == before
        identity = await users.accounts.identify(session.access_token)
        assert not identity.is_being_deleted
    observations.add(f"request killed while {moment}: all or nothing")


@pytest.mark.parametrize("moment", STEPS["cancel"])
async def test_a_killed_restoration_restores_all_or_nothing(
    users: AccountActions, database: str, moment: str, observations: Observations
) -> None:
    user, _ = await create_owner(users)
    await mark_for_erasure(users, user)
    session = await users.log_in("ada")
    await crash_at("cancel", moment, database, user)
    identity = await users.accounts.identify(session.access_token)
    assert identity.is_being_deleted == (moment != "committed")
    if moment == "committed":
        with pytest.raises(NotFound):
            await users.accounts.deletion.cancel(identity)
    else:
        await users.accounts.deletion.cancel(identity)
    assert not (await users.accounts.identify(session.access_token)).is_being_deleted
    observations.add(f"restoration killed while {moment}: all or nothing")


@pytest.mark.parametrize("moment", STEPS["erase"])
async def test_a_killed_erasure_is_completed_by_the_next_run(
    users: AccountActions, database: str, moment: str, observations: Observations
) -> None:
    user, _ = await create_owner(users)
    await mark_for_erasure(users, user)
    await crash_at("erase", moment, database, user)
    assert await User.exists(id=user.id) == (moment != "committed")
    if moment != "committed":
        assert (await users.log_in("ada")).user.id == user.id, "it can be restored still"
    await erase_due_accounts(lambda: utc_now() + timedelta(days=8), PERSONAL_DATA)
    rows = await count_rows()
    assert (rows["User"], rows["Session"], rows["Export"], rows["Mail"]) == (0, 0, 0, 0)
    erased = await AuditEntry.filter(action="account_erased")
    assert [entry.subject_id for entry in erased] == [str(user.id)], "it was erased once"
    with pytest.raises(NotAuthenticated):
        await users.log_in("ada")
    observations.add(f"erasure killed while {moment}: completed once")
