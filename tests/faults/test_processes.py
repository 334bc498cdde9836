"""Processes that are stopped, killed or frozen under load: others answer, and work is handed on."""

import asyncio
import os
import signal
import time
import uuid

import pytest

from service.limits import REQUEST_TIMEOUT
from service.server.supervisor import HEARTBEAT_TIMEOUT
from tests.e2e.test_supervision import pids
from tests.faults.conftest import Beset, is_found, written
from tests.faults.invariants import Invariants, in_time_and_with_reasons
from tests.faults.load import Load, answered, loaded, summary
from tests.faults.plugin import Observations
from tests.support import service_runner
from tests.support.service_runner import ApiClient, Service
from tests.support.waiting import wait_until

STOPPING = 15.0  # seconds that a stop may take
DRAIN = 3.0  # seconds in which it says that it is going, and answers on


async def is_going(service: Service) -> bool:
    """Whether a new connection is told that the service is not ready any more."""
    async with ApiClient.connect(service) as api:
        ready = await api.get("/health/ready")
    return (ready.status, ready.json["status"]) == (503, "stopping")


async def settled(load: Load) -> bool:
    """Whether the load is under way and the service keeps up with it."""
    return len(load.answers) > 200 and load.at_once < 20


@pytest.mark.chaos
@pytest.mark.fault("sigterm-under-load")
async def test_a_service_that_is_told_to_stop_under_load_finishes_what_it_has(
    sound: Beset, observations: Observations
) -> None:
    serving = service_runner.run_service({**sound.service.environment, "DRAIN_SECONDS": str(DRAIN)})
    other = await asyncio.to_thread(serving.__enter__)
    try:
        async with loaded(other, rate=60) as load:
            await answered(load, lambda each: each.kind == "add" and each.status == 201, 0)
            await wait_until(lambda: settled(load))
            began = time.monotonic()
            other.process.send_signal(signal.SIGTERM)
            assert await wait_until(lambda: is_going(other))
            told = time.monotonic() - began
            code = await asyncio.to_thread(other.process.wait, 60)
            took = time.monotonic() - began
    finally:
        await asyncio.to_thread(serving.__exit__, None, None, None)
    assert code == 0
    assert took < STOPPING + DRAIN
    before = [each for each in load.answers if each.at < began + DRAIN / 2]
    in_time_and_with_reasons(before)
    broken = [each for each in before if each.status == 0]
    assert not broken, broken[:3]
    leased = "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND owner LIKE '%-2'"
    assert await sound.direct.value(leased) == 0
    await sound.invariants.hold()
    held = Invariants(sound.service, sound.direct)
    await held.as_promised(load)
    answers = [each for each in before if each.at > began]
    observations.add(
        f"not ready {told:.1f} s after the signal, {len(answers)} answers of the next"
        f" {DRAIN / 2:g} s, none broken; stopped within {took:.1f} s"
    )
    observations.confirm("I1", "I2", "I3", "I7", "I9")


@pytest.mark.chaos
@pytest.mark.fault("process-killed-or-frozen")
async def test_workers_and_the_indexer_are_killed_and_frozen_under_load(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    service = sound.service
    async with loaded(service, rate=60) as load:  # which one worker can carry alone
        await answered(load, lambda each: each.kind == "add" and each.status == 201, 0)
        moments = []
        for name, number in (
            ("api-0", signal.SIGKILL),
            ("api-1", signal.SIGSTOP),
            ("indexer", signal.SIGKILL),
            ("indexer", signal.SIGSTOP),
        ):
            title = f"Before The Signal {uuid.uuid4().hex[:8]}"
            film_id = await written(client, title)
            assert await wait_until(lambda t=title, f=film_id: is_found(client, t, f))
            began, before = time.monotonic(), pids(service)[name]
            os.kill(before, number)

            async def replaced(name: str = name, before: int = before) -> bool:
                return pids(service)[name] != before

            await wait_until(replaced)
            took = time.monotonic() - began
            moments.append((began, f"{name} {number.name}, replaced after {took:.1f} s"))
    for (began, told), end in zip(moments, [*moments[1:], (time.monotonic(),)], strict=True):
        answers = [each for each in load.since(began) if each.at < end[0]]
        broken = sum(each.status == 0 for each in answers)
        observations.add(f"{told}, {broken} connections broken: {summary(answers)}")
    # What a frozen worker held, the client asks again when the worker is killed.
    in_time_and_with_reasons(
        (a for a in load.answers if a.status), HEARTBEAT_TIMEOUT + REQUEST_TIMEOUT
    )
    await sound.invariants.hold()
    await sound.invariants.as_promised(load)
    observations.add(load.sustained())
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I8", "I9")
