"""Supervision of processes: killed parts are replaced, and the service answers on.

The restart without an error comes first: a killed process loses its coverage data, which all
earlier tests have added to.
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
from tests.support.service_runner import ApiClient, find_child_pids
from tests.support.waiting import wait_until

BLOCKED = 2.0  # seconds; far from what counts as frozen
SCRAPER = {"Authorization": "Bearer metrics-of-tests!"}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"


async def test_a_hangup_restarts_all_processes_without_an_error(api: ApiClient) -> None:
    before = find_child_pids(api.service)
    statuses: list[int] = []
    api.service.process.send_signal(signal.SIGHUP)

    async def are_all_new() -> bool:
        fresh = aiohttp.ClientSession()  # since a kept connection may end with its worker
        async with fresh, fresh.get(api.service.url + "/health/live") as response:
            statuses.append(response.status)
        return all(find_child_pids(api.service)[name] != pid for name, pid in before.items())

    assert await wait_until(are_all_new, interval=0.02)
    assert set(statuses) == {200}


async def test_a_killed_part_is_replaced_and_clients_see_no_error(api: ApiClient) -> None:
    service = api.service
    for name in ("api-0", "indexer"):
        before = find_child_pids(service)[name]
        os.kill(before, signal.SIGKILL)

        async def is_replaced(name: str = name, before: int = before) -> bool:
            return find_child_pids(service)[name] != before

        await wait_until(is_replaced)
        assert (await api.search("jaws")).status == 200


async def test_a_film_written_while_the_indexer_is_dead_is_found_afterwards(
    api: ApiClient,
) -> None:
    os.kill(find_child_pids(api.service)["indexer"], signal.SIGKILL)
    response = await api.request(
        "POST",
        "/api/v1/movies",
        token=await api.admin_token(),
        json={"title": "Zwischenspiel Omega"},
    )
    assert response.status == 201

    async def is_found() -> bool:
        return "Zwischenspiel Omega" in await api.search_titles("zwischenspeil omega")

    assert await wait_until(is_found)


async def test_a_thousand_broken_requests_do_not_stop_the_service(api: ApiClient) -> None:
    host, port = api.service.url.removeprefix("http://").split(":")
    token = await api.admin_token()
    body = b'{"title": "Broken Off %d"}'
    head = "POST /api/v1/movies HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for number in range(1000):
        sent = body % number
        request_head = f"{head}Authorization: Bearer {token}\r\nContent-Length: {len(sent)}\r\n\r\n"
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(request_head.encode() + sent)
            if number % 10 == 0:
                await asyncio.sleep(0)
    assert (await api.search("jaws")).status == 200
    response = await api.request(
        "POST", "/api/v1/movies", token=token, json={"title": "After The Broken Ones"}
    )
    assert response.status == 201, response.json


@pytest.mark.fault("process-killed-or-frozen")
@pytest.mark.parametrize(("child", "process"), [("api-0", "api"), ("indexer", "indexer")])
async def test_a_blocked_event_loop_shows_in_the_lag_metric(
    api: ApiClient, observations: Observations, child: str, process: str
) -> None:
    pid = find_child_pids(api.service)[child]
    pattern = re.compile(
        rf'^movies_event_loop_lag_seconds{{process="{process}"}} (\S+)$', re.MULTILINE
    )

    async def read_lag() -> float:
        page = await api.get("/metrics", headers=SCRAPER)
        match = pattern.search(page.body.decode())
        return float(match[1]) if match else -1.0

    async def has_lag() -> bool:
        return await read_lag() >= 0

    async def read_high_lag() -> float | None:
        lag = await read_lag()
        return lag if lag > BLOCKED / 2 else None

    await wait_until(has_lag)
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(BLOCKED)  # the fault itself
    os.kill(pid, signal.SIGCONT)
    lag = await wait_until(read_high_lag)
    assert find_child_pids(api.service)[child] == pid
    observations.add(
        f"{process} stood still for {BLOCKED:g} s: its loop was {lag:.1f} s late in `/metrics`"
    )


async def test_a_frozen_worker_is_replaced(api: ApiClient) -> None:
    before = find_child_pids(api.service)["api-0"]
    os.kill(before, signal.SIGSTOP)

    async def is_replaced() -> bool:
        return find_child_pids(api.service)["api-0"] != before

    assert await wait_until(is_replaced)
    assert (await api.get("/health/live")).status == 200


def test_the_service_stops_within_seconds_and_leaves_no_process(
    service_environment: dict[str, str],
) -> None:
    with service_runner.run_service(service_environment) as service:
        children = find_child_pids(service)
        started_at = time.monotonic()
        service.process.send_signal(signal.SIGINT)
        service.process.wait(40)
        assert time.monotonic() - started_at < 30, "four seconds of grace, and a slow machine"
    assert not [pid for pid in children.values() if is_alive(pid)]


async def test_children_die_with_a_killed_parent(service_environment: dict[str, str]) -> None:
    with service_runner.run_service(service_environment) as service:
        children = find_child_pids(service)
        service.process.kill()

        async def have_all_exited() -> bool:
            return not [pid for pid in children.values() if is_alive(pid)]

        assert await wait_until(have_all_exited)


def test_a_port_in_use_is_reported_in_one_line(service_environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = service_runner.run_command({**service_environment, "PORT": str(port)}, "serve")
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr and "PORT" in result.stderr
    assert "Traceback" not in result.stderr
