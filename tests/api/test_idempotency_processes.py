"""`Idempotency-Key` over several worker processes, some of which are killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.api.test_idempotency import MOVIES, is_replayed, new_film, new_key, post
from tests.support import service_runner
from tests.support.service_runner import (
    ApiClient,
    Response,
    Service,
    find_child_pids,
    open_in_thread,
)
from tests.support.waiting import wait_until

REQUESTS = 12


@pytest.fixture
async def two_workers(service: Service) -> AsyncIterator[ApiClient]:
    """Yield a client of a second service on the same database, with two workers."""
    settings = {**service.environment, "WORKERS": "2", "INDEXER": "external"}
    async with (
        open_in_thread(service_runner.run_service(settings)) as other,
        ApiClient.connect(other) as api,
    ):
        yield api


async def test_concurrent_repetitions_at_two_workers_create_one_film(
    two_workers: ApiClient,
) -> None:
    api, key, film = two_workers, new_key(), new_film()
    token = await api.admin_token()

    async def send() -> Response:
        async with ApiClient.connect(api.service) as client:  # a connection of its own
            return await post(client, MOVIES, key, film, token)

    responses = await asyncio.gather(*(send() for _ in range(20)))
    assert sum(r.status == 201 and not is_replayed(r) for r in responses) == 1
    assert {r.status for r in responses} <= {201, 409}


async def test_after_workers_are_killed_every_retry_succeeds_or_finds_what_was_created(
    two_workers: ApiClient,
) -> None:
    api = two_workers
    token = await api.admin_token()
    films = {new_key(): new_film() for _ in range(REQUESTS)}

    async def send(key: str) -> Response | None:
        try:
            async with ApiClient.connect(api.service) as client:
                return await post(client, MOVIES, key, films[key], token)
        except (aiohttp.ClientError, OSError):
            return None

    first = asyncio.gather(*map(send, films))
    await asyncio.sleep(0.02)
    for name, pid in find_child_pids(api.service).items():
        if name.startswith("api"):
            os.kill(pid, signal.SIGKILL)
    before = dict(zip(films, await first, strict=True))

    async def settle(key: str) -> Response | None:
        response = await send(key)
        is_over = response and response.json.get("code") != "idempotency_key_in_use"
        return response if is_over else None

    async def retry(key: str) -> Response:
        response: Response = await wait_until(lambda: settle(key), timeout=60, interval=0.5)
        return response

    after = dict(zip(films, await asyncio.gather(*map(retry, films)), strict=True))
    for key, response in after.items():
        earlier = before[key]
        if earlier is not None and earlier.status == 201:
            assert (response.status, response.body) == (201, earlier.body)
        elif response.status != 201:  # killed between the commit and the keeping of the answer
            assert (response.status, response.json["code"]) == (409, "movie_exists")
        title = str(films[key]["title"])
        assert (await api.get(f"{MOVIES}/lookup", params={"title": title})).status == 200
