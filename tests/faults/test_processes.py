"""Processes stopped, killed or frozen under load: others answer and take over their work."""

import asyncio
import os
import signal
import time
import uuid

import pytest

from service.limits import REQUEST_TIMEOUT
from service.server.supervisor import HEARTBEAT_TIMEOUT
from tests.faults.conftest import ProxiedService, add_film, is_found
from tests.faults.invariants import Invariants, assert_results_are_valid
from tests.faults.load import Load, run_load, summarize, wait_for_answer
from tests.faults.plugin import Observations
from tests.support import service_runner
from tests.support.service_runner import ApiClient, Service, find_child_pids
from tests.support.waiting import wait_until

MAX_STOP_SECONDS = 15.0  # seconds that a stop may take
DRAIN = 3.0  # seconds in which it says that it is going, and answers on


async def is_going(service: Service) -> bool:
    """Return whether a new connection gets the status `stopping`."""
    async with ApiClient.connect(service) as api:
        ready = await api.get("/health/ready")
    return (ready.status, ready.json["status"]) == (503, "stopping")


async def has_settled(load: Load) -> bool:
    """Return whether the load has started and the service keeps up with it."""
    return len(load.answers) > 200 and load.in_flight < 20


@pytest.mark.chaos
@pytest.mark.fault("sigterm-under-load")
async def test_a_service_that_is_told_to_stop_under_load_finishes_what_it_has(
    healthy: ProxiedService, observations: Observations
) -> None:
    serving = service_runner.run_service(
        {**healthy.service.environment, "DRAIN_SECONDS": str(DRAIN)}
    )
    async with (
        service_runner.open_in_thread(serving) as other,
        run_load(other, rate=60) as load,
    ):
        await wait_for_answer(load, lambda each: each.kind == "add" and each.status == 201, 0)
        await wait_until(lambda: has_settled(load))
        started_at = time.monotonic()
        other.process.send_signal(signal.SIGTERM)
        assert await wait_until(lambda: is_going(other))
        drain_noticed_after = time.monotonic() - started_at
        code = await asyncio.to_thread(other.process.wait, 60)
        seconds = time.monotonic() - started_at
    assert code == 0
    assert seconds < MAX_STOP_SECONDS + DRAIN
    before = [each for each in load.answers if each.sent_at < started_at + DRAIN / 2]
    assert_results_are_valid(before)
    broken = [each for each in before if each.status == 0]
    assert not broken, broken[:3]
    leased = "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND owner LIKE '%-2'"
    assert await healthy.direct.fetch_value(leased) == 0
    await healthy.invariants.wait_until_restored()
    invariants = Invariants(healthy.service, healthy.direct)
    await invariants.check_acknowledged_writes(load)
    answers = [each for each in before if each.sent_at > started_at]
    observations.add(
        f"not ready {drain_noticed_after:.1f} s after the signal, {len(answers)} answers of the"
        f" next {DRAIN / 2:g} s, none broken; stopped within {seconds:.1f} s"
    )
    observations.confirm("I1", "I2", "I3", "I7", "I9")


@pytest.mark.chaos
@pytest.mark.fault("process-killed-or-frozen")
async def test_workers_and_the_indexer_are_killed_and_frozen_under_load(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    service = healthy.service
    async with run_load(service, rate=60) as load:  # which one worker can carry alone
        await wait_for_answer(load, lambda each: each.kind == "add" and each.status == 201, 0)
        moments = []
        for name, number in (
            ("api-0", signal.SIGKILL),
            ("api-1", signal.SIGSTOP),
            ("indexer", signal.SIGKILL),
            ("indexer", signal.SIGSTOP),
        ):
            title = f"Before The Signal {uuid.uuid4().hex[:8]}"
            film_id = await add_film(client, title)
            assert await wait_until(lambda t=title, f=film_id: is_found(client, t, f))
            started_at, before = time.monotonic(), find_child_pids(service)[name]
            os.kill(before, number)

            async def replaced(name: str = name, before: int = before) -> bool:
                return find_child_pids(service)[name] != before

            await wait_until(replaced)
            seconds = time.monotonic() - started_at
            moments.append((started_at, f"{name} {number.name}, replaced after {seconds:.1f} s"))
    for (started_at, text), end in zip(moments, [*moments[1:], (time.monotonic(),)], strict=True):
        answers = [each for each in load.results_since(started_at) if each.sent_at < end[0]]
        broken = sum(each.status == 0 for each in answers)
        observations.add(f"{text}, {broken} connections broken: {summarize(answers)}")
    # The client repeats a request to a frozen worker once that worker is killed.
    assert_results_are_valid(
        (a for a in load.answers if a.status), HEARTBEAT_TIMEOUT + REQUEST_TIMEOUT
    )
    await healthy.invariants.wait_until_restored()
    await healthy.invariants.check_acknowledged_writes(load)
    observations.add(load.describe_schedule())
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I8", "I9")
