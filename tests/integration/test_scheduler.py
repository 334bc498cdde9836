"""Scheduled tasks: one process runs each, and another one takes over when that one dies."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from indexer.scheduler import ScheduledTask, Scheduler
from service.database.sql import now_ms
from service.errors import Unavailable
from service.schedule.leases import LEASE_MS, TaskLeases
from service.schedule.models import ScheduledTaskState
from tests.support import ROOT
from tests.support.clock import FakeClock
from tests.support.waiting import wait_until

INTERVAL = 60.0


class Runs:
    """Counts the runs of a task; while `gate` is closed, a run does not end."""

    def __init__(self) -> None:
        self.started = self.ended = self.cancelled = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.started += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        self.ended += 1


def shared_clock(clock: FakeClock) -> Callable[[], Awaitable[int]]:
    async def read() -> int:
        return clock.epoch_ms()

    return read


@contextlib.asynccontextmanager
async def running(
    run: Runs, owner: str, clock: FakeClock, interval: float = INTERVAL
) -> AsyncIterator[asyncio.Event]:
    """Run an indexer's scheduler with one task; yield the event that stops it."""
    leases = TaskLeases(owner, shared_clock(clock))
    task = ScheduledTask("sweep", interval, run)
    scheduler = Scheduler(leases, [task], poll_interval=0.01, renew_interval=0.02)
    stop = asyncio.Event()
    background = asyncio.create_task(scheduler.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(background, 10)


async def read_state() -> ScheduledTaskState:
    return await ScheduledTaskState.get(name="sweep")


async def test_a_task_runs_at_once_and_again_after_its_interval(database: str) -> None:
    clock, run = FakeClock(), Runs()
    async with running(run, "one", clock):
        await wait_until(lambda: is_count(run, 1))
        clock.advance(INTERVAL - 1)
        await asyncio.sleep(0.1)
        assert run.ended == 1
        clock.advance(1)
        await wait_until(lambda: is_count(run, 2))
    state = await read_state()
    assert (state.owner, state.failures, state.reason) == (None, 0, None)
    assert state.finished_at == clock.epoch_ms()


async def is_count(run: Runs, ended: int) -> bool:
    return run.ended == ended and (await read_state()).owner is None


async def test_of_three_schedulers_one_runs_a_task(database: str) -> None:
    clock, run = FakeClock(), Runs()
    run.gate.clear()
    async with (
        running(run, "one", clock),
        running(run, "two", clock),
        running(run, "three", clock),
    ):
        await wait_until(lambda: has_started(run, 1))
        for _ in range(5):  # the lease is renewed for as long as the run takes
            clock.advance_ms(LEASE_MS - 1)
            await wait_until(lambda: is_leased_until(clock.epoch_ms() + LEASE_MS))
        assert run.started == 1
        run.gate.set()
        await wait_until(lambda: is_count(run, 1))
        await asyncio.sleep(0.1)
        assert run.started == 1


async def has_started(run: Runs, count: int) -> bool:
    return run.started == count


async def has_been_cancelled(run: Runs) -> bool:
    return run.cancelled > 0


async def is_leased_until(moment: int) -> bool:
    return (await read_state()).leased_until == moment


async def test_the_task_of_a_stopped_scheduler_is_taken_over_at_once(database: str) -> None:
    clock, first, second = FakeClock(), Runs(), Runs()
    first.gate.clear()
    async with running(first, "one", clock) as stop:
        await wait_until(lambda: has_started(first, 1))
        async with running(second, "two", clock):
            stop.set()
            await wait_until(lambda: is_count(second, 1))
    assert (first.started, first.ended) == (1, 0)


async def test_a_run_whose_lease_was_lost_is_cancelled(database: str) -> None:
    clock, run = FakeClock(), Runs()
    run.gate.clear()
    async with running(run, "one", clock):
        await wait_until(lambda: has_started(run, 1))
        state = ScheduledTaskState.filter(name="sweep")
        taken_until = clock.epoch_ms() + LEASE_MS
        await state.update(owner="another", leased_until=taken_until)
        await wait_until(lambda: has_been_cancelled(run))
        run.gate.set()
        await asyncio.sleep(0.1)
    assert (run.started, run.ended) == (1, 0)
    assert (await read_state()).owner == "another"


@pytest.mark.fault("indexer-killed")
async def test_the_task_of_a_killed_process_is_taken_over_when_its_lease_ends(
    database: str,
) -> None:
    command = [sys.executable, "-m", "tests.support.sleeping_scheduler", database]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "claimed\n"
        process.kill()
    clock, run = FakeClock(), Runs()
    offset_ms = await now_ms() - clock.epoch_ms()
    clock.advance_ms(offset_ms + LEASE_MS // 2)
    async with running(run, "survivor", clock):
        await asyncio.sleep(0.1)
        assert run.started == 0, "the lease has not ended"
        clock.advance_ms(LEASE_MS)
        await wait_until(lambda: is_count(run, 1))


async def test_a_restarted_process_resumes_its_own_task_before_the_lease_ends(
    database: str,
) -> None:
    clock, run = FakeClock(), Runs()
    assert await TaskLeases("one", shared_clock(clock)).claim("sweep")
    assert not await TaskLeases("two", shared_clock(clock)).claim("sweep")
    async with running(run, "one", clock):
        await wait_until(lambda: is_count(run, 1))


async def test_a_failed_run_is_recorded_and_repeated_after_the_interval(database: str) -> None:
    clock, run = FakeClock(), Runs()
    run.error = Unavailable("the store is down")
    with capture_logs() as logs:
        async with running(run, "one", clock):
            await wait_until(lambda: has_failed(1))
            clock.advance(INTERVAL)
            await wait_until(lambda: has_failed(2))
            run.error = ValueError("a bug")
            clock.advance(INTERVAL)
            await wait_until(lambda: has_failed(3))
            run.error = None
            clock.advance(INTERVAL)
            await wait_until(lambda: is_count(run, 1))
    events = [(entry["event"], entry["log_level"]) for entry in logs]
    postponed, failed = ("scheduled_task_postponed", "warning"), ("scheduled_task_failed", "error")
    assert events == [postponed, postponed, failed]
    state = await read_state()
    assert (state.failures, state.reason) == (0, None)


async def has_failed(times: int) -> bool:
    return await ScheduledTaskState.filter(name="sweep", failures=times).exists()


async def test_concurrent_claims_of_a_due_task_succeed_once(database: str) -> None:
    clock = shared_clock(FakeClock())
    claims = await asyncio.gather(*(TaskLeases(f"{n}", clock).claim("sweep") for n in range(8)))
    assert sum(claims) == 1
