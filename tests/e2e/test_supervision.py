"""The service as an operator has it: parts are killed, clients hang up, and it answers on.

The restart without an error comes first: with a process that is killed goes what it has measured,
which is what all tests before have covered of the service.
"""

import asyncio
import os
import re
import signal
import socket
import time
from pathlib import Path

import aiohttp
import pytest

from tests.faults.plugin import Observations
from tests.support import service_runner
from tests.support.service_runner import ApiClient, Service
from tests.support.waiting import wait_until

BLOCKED = 2.0  # seconds; far from what counts as frozen
SCRAPER = {"Authorization": "Bearer metrics-of-tests!"}


def pids(service: Service) -> dict[str, int]:
    """Return the newest process of each child, as the log tells."""
    found = re.findall(r"child_started.*?child=(\S+) pid=(\d+)", service.log.read_text())
    return {name: int(pid) for name, pid in found}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"


async def test_a_hangup_restarts_all_without_an_error(api: ApiClient) -> None:
    before = pids(api.service)
    statuses: list[int] = []
    api.service.process.send_signal(signal.SIGHUP)

    async def all_new() -> bool:
        fresh = aiohttp.ClientSession()  # since a kept connection may end with its worker
        async with fresh, fresh.get(api.service.url + "/health/live") as response:
            statuses.append(response.status)
        return all(pids(api.service)[name] != pid for name, pid in before.items())

    assert await wait_until(all_new, interval=0.02)
    assert set(statuses) == {200}


async def test_a_killed_part_is_replaced_and_clients_see_no_error(api: ApiClient) -> None:
    service = api.service
    for name in ("api-0", "indexer"):
        before = pids(service)[name]
        os.kill(before, signal.SIGKILL)

        async def replaced(name: str = name, before: int = before) -> bool:
            return pids(service)[name] != before

        await wait_until(replaced)
        assert (await api.search("jaws")).status == 200


async def test_what_was_written_while_the_indexer_was_dead_is_found_afterwards(
    api: ApiClient,
) -> None:
    os.kill(pids(api.service)["indexer"], signal.SIGKILL)
    made = await api.request(
        "POST",
        "/api/v1/movies",
        token=await api.admin_token(),
        json={"title": "Zwischenspiel Omega"},
    )
    assert made.status == 201

    async def found() -> bool:
        return "Zwischenspiel Omega" in await api.search_titles("zwischenspeil omega")

    assert await wait_until(found)


async def test_a_thousand_requests_broken_off_do_not_stop_it(api: ApiClient) -> None:
    host, port = api.service.url.removeprefix("http://").split(":")
    token = await api.admin_token()
    body = b'{"title": "Broken Off %d"}'
    head = "POST /api/v1/movies HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for number in range(1000):
        sent = body % number
        told = f"{head}Authorization: Bearer {token}\r\nContent-Length: {len(sent)}\r\n\r\n"
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(told.encode() + sent)
            if number % 10 == 0:
                await asyncio.sleep(0)
    assert (await api.search("jaws")).status == 200
    made = await api.request(
        "POST", "/api/v1/movies", token=token, json={"title": "After The Broken Ones"}
    )
    assert made.status == 201, made.json


@pytest.mark.fault("process-killed-or-frozen")
@pytest.mark.parametrize(("child", "process"), [("api-0", "api"), ("indexer", "indexer")])
async def test_how_long_a_loop_was_blocked_is_measured(
    api: ApiClient, observations: Observations, child: str, process: str
) -> None:
    pid = pids(api.service)[child]
    shown = re.compile(
        rf'^movies_event_loop_lag_seconds{{process="{process}"}} (\S+)$', re.MULTILINE
    )

    async def late() -> float:
        page = await api.get("/metrics", headers=SCRAPER)
        found = shown.search(page.body.decode())
        return float(found[1]) if found else -1.0

    async def counted() -> bool:
        return await late() >= 0

    async def noticed() -> float | None:
        said = await late()
        return said if said > BLOCKED / 2 else None

    await wait_until(counted)
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(BLOCKED)  # the fault itself
    os.kill(pid, signal.SIGCONT)
    said = await wait_until(noticed)
    assert pids(api.service)[child] == pid
    observations.add(
        f"{process} stood still for {BLOCKED:g} s: its loop was {said:.1f} s late in `/metrics`"
    )


async def test_a_frozen_worker_is_noticed(api: ApiClient) -> None:
    before = pids(api.service)["api-0"]
    os.kill(before, signal.SIGSTOP)

    async def replaced() -> bool:
        return pids(api.service)["api-0"] != before

    assert await wait_until(replaced)
    assert (await api.get("/health/live")).status == 200


def test_it_stops_within_seconds_and_leaves_nothing_behind(environment: dict[str, str]) -> None:
    with service_runner.run_service(environment) as service:
        children = pids(service)
        began = time.monotonic()
        service.process.send_signal(signal.SIGINT)
        service.process.wait(20)
        assert time.monotonic() - began < 10, "four seconds of grace, and a slow machine"
    assert not [pid for pid in children.values() if alive(pid)]


async def test_children_die_with_a_killed_parent(environment: dict[str, str]) -> None:
    with service_runner.run_service(environment) as service:
        children = pids(service)
        service.process.kill()

        async def gone() -> bool:
            return not [pid for pid in children.values() if alive(pid)]

        assert await wait_until(gone)


def test_a_port_in_use_is_one_line_that_says_what_to_do(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = service_runner.run_command({**environment, "PORT": str(port)}, "serve")
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr and "PORT" in done.stderr
    assert "Traceback" not in done.stderr
