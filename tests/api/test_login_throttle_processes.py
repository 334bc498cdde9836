"""Failed logins count together in three API processes, as behind a load balancer."""

import asyncio
import itertools
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack

import pytest

from service.accounts.passwords.login_throttle import (
    INITIAL_PAUSE_MS,
    MAX_ACCOUNT_FAILURES,
    MAX_FREE_FAILURES,
)
from tests.support import service_runner
from tests.support.service_runner import ApiClient, Response, Service, open_in_thread

PASSWORD, NEW_PASSWORD = "correct horse battery", "a staple in the stable"
OWN_NETWORK, OTHER_NETWORK = "192.0.2.1", "198.51.100.1"


@pytest.fixture(scope="module")
async def three_services(service: Service) -> AsyncIterator[list[Service]]:
    """Yield three services on one database, each behind a proxy."""
    settings = {
        **service.environment,
        "INDEXER": "external",
        "TRUSTED_PROXIES": "1",
        "RATE_LIMITS": "off",
    }
    async with AsyncExitStack() as stack:
        openings = [open_in_thread(service_runner.run_service(settings)) for _ in range(3)]
        yield list(await asyncio.gather(*map(stack.enter_async_context, openings)))


@pytest.fixture
async def apis(three_services: list[Service]) -> AsyncIterator[list[ApiClient]]:
    async with AsyncExitStack() as stack:
        connections = [ApiClient.connect(service) for service in three_services]
        yield [await stack.enter_async_context(connection) for connection in connections]


async def _create_user(api: ApiClient) -> str:
    name = f"user-{uuid.uuid4().hex[:12]}"
    body = {"username": name, "password": PASSWORD}
    path, token = "/api/v1/admin/users", await api.admin_token()
    assert (await api.request("POST", path, json=body, token=token)).status == 201
    return name


async def _log_in(api: ApiClient, name: str, password: str, network: str) -> Response:
    credentials = {"username": name, "password": password}
    headers = {"X-Forwarded-For": network}
    return await api.request("POST", "/api/v1/auth/login", json=credentials, headers=headers)


async def _guess(apis: list[ApiClient], name: str, networks: Iterable[str]) -> Counter[int]:
    """Guess once from each network, at all processes at once; return how often which status."""
    guesses = [
        _log_in(api, name, "wrong password", network)
        for api, network in zip(itertools.cycle(apis), networks)
    ]
    return Counter(response.status for response in await asyncio.gather(*guesses))


async def _log_in_everywhere(
    apis: list[ApiClient], name: str, network: str, password: str = PASSWORD
) -> set[int]:
    return {(await _log_in(api, name, password, network)).status for api in apis}


async def _guess_within_a_pause(apis: list[ApiClient]) -> tuple[Counter[int], set[int], set[int]]:
    """Guess 30 times from one network, then log in from it and from another one.

    Return how often which status came, and the statuses of both logins. A machine that takes longer
    than the pause that is to be seen tries again with another account.
    """
    for _ in range(10):
        name, started_at = await _create_user(apis[0]), time.monotonic()
        counts = await _guess(apis, name, [OTHER_NETWORK] * 30)
        paused = await _log_in_everywhere(apis, name, OTHER_NETWORK)
        if time.monotonic() - started_at < INITIAL_PAUSE_MS / 1000:
            return counts, paused, await _log_in_everywhere(apis, name, OWN_NETWORK)
    raise AssertionError("thirty logins took longer than a pause, each time")


async def test_guesses_from_one_network_at_three_processes_count_together(
    apis: list[ApiClient],
) -> None:
    counts, paused, unaffected = await _guess_within_a_pause(apis)
    assert counts == {401: MAX_FREE_FAILURES, 429: 30 - MAX_FREE_FAILURES}
    assert (paused, unaffected) == ({429}, {200})


async def test_guesses_from_many_networks_at_three_processes_count_together(
    apis: list[ApiClient],
) -> None:
    name = await _create_user(apis[0])
    assert await _log_in_everywhere(apis[:1], name, OWN_NETWORK) == {200}
    networks = [f"203.0.113.{number}" for number in range(MAX_ACCOUNT_FAILURES + 10)]
    counts = await _guess(apis, name, networks)
    assert counts == {401: MAX_ACCOUNT_FAILURES, 429: 10}
    assert await _log_in_everywhere(apis, name, OTHER_NETWORK) == {429}
    assert await _log_in_everywhere(apis, name, OWN_NETWORK) == {200}


async def test_a_new_password_ends_the_pauses_at_three_processes(apis: list[ApiClient]) -> None:
    name = await _create_user(apis[0])
    await _guess(apis, name, [f"203.0.113.{number}" for number in range(MAX_ACCOUNT_FAILURES)])
    assert await _log_in_everywhere(apis, name, OTHER_NETWORK) == {429}
    run = await asyncio.to_thread(
        apis[0].service.run, "reset-password", name, stdin=f"{NEW_PASSWORD}\n"
    )
    assert run.returncode == 0, run.stderr
    assert await _log_in_everywhere(apis, name, OTHER_NETWORK, NEW_PASSWORD) == {200}
