"""A service that is stopped reports it first and answers all accepted requests."""

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
    """Return settings without an indexer, so that a search after a write waits two seconds."""
    settings = {"INDEXER": "external", "WORKERS": "2", "DRAIN_SECONDS": str(DRAIN)}
    return {**service_runner.embedded_settings(tmp_path), **settings}


@pytest.fixture
def service(indexed: dict[str, str]) -> Iterator[Service]:
    """Yield a service with an index, which has no time limit; a search in the database has one."""
    name, password = service_runner.ADMIN
    created = service_runner.run_command(indexed, "create-admin", name, stdin=f"{password}\n")
    assert created.returncode == 0, created.stderr
    with service_runner.run_service(indexed) as started:
        yield started


@dataclass(frozen=True)
class Reply:
    """The response on a connection of its own, and when it arrived."""

    status: int
    connection: str
    text: str
    received_at: float


async def get(service: Service, path: str) -> Reply:
    async with aiohttp.ClientSession(service.url) as session, session.get(path) as answer:
        text = await answer.text()
        return Reply(answer.status, answer.headers["Connection"], text, time.monotonic())


@pytest.mark.once
@pytest.mark.fault("sigterm-under-load")
async def test_a_stopping_service_reports_it_and_answers_all_accepted_requests(
    service: Service, observations: Observations
) -> None:
    async with ApiClient.connect(service) as api:
        written = await api.request(
            "POST", "/api/v1/movies", token=await api.admin_token(), json={"title": "Not Indexed"}
        )
    slow = f"/api/v1/search?q=jaws&after={written.headers['Index-Token']}"
    before = await get(service, "/health/ready")
    assert (before.status, before.connection) == (200, "keep-alive")
    draining: list[Reply] = []
    under_way = [asyncio.create_task(get(service, slow))]
    service.process.send_signal(signal.SIGTERM)

    async def is_refused() -> bool:
        try:
            reply = await get(service, "/health/ready")
        except aiohttp.ClientConnectorError:
            return True
        if reply.status == 503:
            draining.append(reply)
            under_way.append(asyncio.create_task(get(service, slow)))
        return False

    await wait_until(is_refused, interval=0.25)  # a search each time, not a load test
    closed_at = time.monotonic()
    outcomes = await asyncio.gather(*under_way, return_exceptions=True)
    errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(error, aiohttp.ClientConnectorError) for error in errors)  # not accepted
    answers = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    assert await asyncio.to_thread(service.process.wait, 60) == 0
    assert all('"status":"stopping"' in reply.text for reply in draining)
    assert [reply.text for reply in answers if reply.status != 200] == []
    assert answers
    assert {reply.connection for reply in (*draining, *answers[1:])} == {"close"}
    late = [reply for reply in answers if reply.received_at > closed_at]
    assert late, (
        f"a search takes {READ_YOUR_WRITES_TIMEOUT} s, so some were under way when it closed"
    )
    drained = draining[-1].received_at - draining[0].received_at
    observations.add(
        f"told to stop, it was not ready for {drained:.1f} s and answered on;"
        f" {len(late)} searches under way when the door was closed were answered, none broken"
    )


@pytest.mark.once
async def test_a_second_signal_ends_the_drain_at_once(
    environment: dict[str, str],
) -> None:
    drain_seconds = 60.0
    assert service_runner.run_command(environment, "migrate").returncode == 0
    with service_runner.run_service(
        {**environment, "DRAIN_SECONDS": str(drain_seconds)}
    ) as service:
        started_at = time.monotonic()
        service.process.send_signal(signal.SIGTERM)

        async def is_draining() -> bool:
            return (await get(service, "/health/ready")).status == 503

        await wait_until(is_draining)
        service.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(service.process.wait, drain_seconds) == 0
        assert time.monotonic() - started_at < drain_seconds
