"""An export whose process is killed: made once and complete by another worker."""

import asyncio
import signal
import sys

import pytest

from service.clock import utc_now
from service.exports.jobs import LEASE_MS, MAX_ATTEMPTS
from service.exports.models import Export, ExportChunk
from service.exports.service import Exports
from tests.faults.plugin import Observations
from tests.support import ROOT
from tests.support.accounts import AccountActions
from tests.support.clock import FakeClock
from tests.support.crashing_export_worker import MOMENTS, OWNER
from tests.support.exports import create_worker, read_archive, read_json, unpack
from tests.support.waiting import wait_until

MAX_START_MS = 600_000  # the killed process claims by the real clock, after a slow start


async def crash_at(moment: str, database_url: str) -> None:
    """Run an export worker that dies at `moment`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.crashing_export_worker", moment, database_url),
        cwd=ROOT,
    )
    assert await process.wait() == -signal.SIGKILL


async def assert_complete(export: Export, username: str) -> None:
    """Fail unless the archive is whole, and nothing is stored beside it."""
    archive = await read_archive(export)
    assert len(archive) == export.size_bytes
    [account] = read_json(unpack(archive), "account")
    assert account["username"] == username


@pytest.mark.fault("export-worker-killed")
@pytest.mark.parametrize("moment", MOMENTS)
async def test_an_export_whose_process_was_killed_is_made_by_another_one(
    users: AccountActions,
    exports: Exports,
    database: str,
    moment: str,
    observations: Observations,
) -> None:
    ada = await users.create_user("ada")
    clock = FakeClock(utc_now())
    view = await exports.request(ada.id)
    await Export.all().update(created_at=clock.epoch_ms())
    await crash_at(moment, database)
    export = await Export.get()
    is_made = moment == "finished"
    assert (export.finished_at is not None) == is_made, "what is not whole is not shown as made"
    survivor = create_worker(clock, "survivor")
    assert await survivor.make_due() == 0, "the lease has not ended, or all is done"
    clock.advance_ms(LEASE_MS + MAX_START_MS)
    assert await survivor.make_due() == int(not is_made)
    export = await Exports(clock).get(ada.id, str(view.id))
    assert (export.owner, export.failure) == (None, None)
    await assert_complete(export, "ada")
    attempts = set(await ExportChunk.all().values_list("attempt", flat=True))
    assert attempts == {export.attempts}, "pieces of the killed attempt are gone"
    observations.add(f"killed after {moment}: one whole archive")


@pytest.mark.fault("export-worker-killed")
async def test_an_export_that_kills_its_process_each_time_is_given_up(
    users: AccountActions, exports: Exports, database: str
) -> None:
    ada = await users.create_user("ada")
    await exports.request(ada.id)
    clock = FakeClock(utc_now())
    for _ in range(MAX_ATTEMPTS):
        await crash_at("half_stored", database)
        await Export.all().update(due_at=0)  # as the end of the lease would
    assert await create_worker(clock).make_due() == 1
    [view] = await Exports(clock).list_exports(ada.id)
    assert (view.state, view.failure) == ("failed", "interrupted")
    assert not await ExportChunk.all().exists()
    assert (await exports.request(ada.id)).state == "pending"


@pytest.mark.fault("export-worker-killed")
async def test_a_restarted_worker_resumes_its_export_before_the_lease_ends(
    users: AccountActions, exports: Exports, database: str
) -> None:
    ada = await users.create_user("ada")
    await exports.request(ada.id)
    clock = FakeClock(utc_now())
    await crash_at("half_written", database)
    stop = asyncio.Event()
    running = asyncio.create_task(create_worker(clock, OWNER).run(stop))
    await wait_until(lambda: Export.filter(finished_at__isnull=False).exists())
    stop.set()
    await running
    await assert_complete(await Export.get(), "ada")
