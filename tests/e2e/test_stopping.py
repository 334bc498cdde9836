"""A service that is told to stop says so first, and answers everybody whom it has let in."""

import asyncio
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from service.limits import READ_YOUR_WRITES_TIMEOUT
from tests.faults.plugin import Observations
from tests.support import service_runner
from tests.support.service_runner import ApiClient, Service
from tests.support.waiting import wait_until

DRAIN = 3.0  # seconds


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Without an indexer: a search that waits for a write takes two seconds."""
    told = {"INDEXER": "external", "WORKERS": "2", "DRAIN_SECONDS": str(DRAIN)}
    return {**service_runner.embedded_settings(tmp_path), **told}


@pytest.fixture
def alone(environment: dict[str, str]) -> Iterator[Service]:
    with service_runner.run_sample_service(environment) as started:
        yield started


@dataclass(frozen=True)
class Told:
    """What a connection of its own was answered, and when that came."""

    status: int
    connection: str
    text: str
    at: float


async def asked(service: Service, path: str) -> Told:
    async with aiohttp.ClientSession(service.url) as session, session.get(path) as answer:
        text = await answer.text()
        return Told(answer.status, answer.headers["Connection"], text, time.monotonic())


@pytest.mark.once
@pytest.mark.fault("sigterm-under-load")
async def test_it_says_that_it_is_going_and_answers_all_who_came_before_it_went(
    alone: Service, observations: Observations
) -> None:
    async with ApiClient.connect(alone) as api:
        made = await api.request(
            "POST", "/api/v1/movies", token=await api.admin_token(), json={"title": "Not Indexed"}
        )
    slow = f"/api/v1/search?q=jaws&after={made.headers['Index-Token']}"
    before = await asked(alone, "/health/ready")
    assert (before.status, before.connection) == (200, "keep-alive")
    going: list[Told] = []
    under_way = [asyncio.create_task(asked(alone, slow))]
    alone.process.send_signal(signal.SIGTERM)

    async def refused() -> bool:
        try:
            told = await asked(alone, "/health/ready")
        except aiohttp.ClientConnectorError:
            return True
        if told.status == 503:
            going.append(told)
            under_way.append(asyncio.create_task(asked(alone, slow)))
        return False

    await wait_until(refused)
    closed = time.monotonic()
    answers = await asyncio.gather(*under_way)
    assert await asyncio.to_thread(alone.process.wait, 60) == 0
    assert all('"status":"stopping"' in told.text for told in going)
    assert {told.status for told in answers} == {200}
    assert {told.connection for told in (*going, *answers[1:])} == {"close"}
    late = [told for told in answers if told.at > closed]
    assert late, (
        f"a search takes {READ_YOUR_WRITES_TIMEOUT} s, so some were under way when it closed"
    )
    observations.add(
        f"told to stop, it was not ready for {going[-1].at - going[0].at:.1f} s and answered on;"
        f" {len(late)} searches under way when the door was closed were answered, none broken"
    )


@pytest.mark.once
async def test_a_second_signal_does_not_wait_for_anybody_to_notice(
    environment: dict[str, str],
) -> None:
    longest = 60.0
    assert service_runner.run_command(environment, "migrate").returncode == 0
    with service_runner.run_service({**environment, "DRAIN_SECONDS": str(longest)}) as service:
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)

        async def going() -> bool:
            return (await asked(service, "/health/ready")).status == 503

        await wait_until(going)
        service.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(service.process.wait, longest) == 0
        assert time.monotonic() - began < longest
