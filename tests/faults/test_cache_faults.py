"""Redis down, slow, frozen or emptied, and a stampede on one key: the cache only saves time."""

import asyncio
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from tests.faults import parts
from tests.faults.conftest import ProxiedService, add_film
from tests.faults.invariants import retry_until_final
from tests.faults.load import quantile, run_load, wait_for_answer
from tests.faults.plugin import Observations
from tests.support.service_runner import ADMIN, ApiClient
from tests.support.waiting import wait_until

CROWD = 500
MIN_SAVING_FACTOR = 10
"""How many times fewer queries reach the engine than without sharing. Queries of the indexer and of
requests that bypass the overloaded cache fall into the same moment, so it is not the full crowd."""


@asynccontextmanager
async def freeze_redis() -> AsyncIterator[None]:
    """Freeze Redis: it keeps all connections open and answers nothing."""
    process = parts.read_pid("redis")
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def redis_faults(proxied: ProxiedService) -> dict[str, object]:
    return {
        "down": proxied.cache.disabled(),
        "slow": proxied.cache.with_toxic("latency", latency=700),
        "frozen": freeze_redis(),
    }


@pytest.mark.fault("redis-down")
@pytest.mark.parametrize("how", ["down", "slow", "frozen"])
async def test_everything_works_without_redis_and_who_has_logged_out_is_out(
    how: str, client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    credentials = {"username": ADMIN[0], "password": ADMIN[1]}
    film_id = await add_film(client, f"Uncached {uuid.uuid4().hex[:8]}", plot="first")
    assert (await client.get(f"/api/v1/movies/{film_id}")).json["plot"] == "first"
    async with redis_faults(healthy)[how]:
        session = await client.request("POST", "/api/v1/auth/login", json=credentials)
        assert session.status == 200
        token = session.json["access_token"]
        changed = await client.request(
            "PATCH",
            f"/api/v1/movies/{film_id}",
            token=token,
            headers={"If-Match": "*"},
            json={"plot": "second"},
        )
        assert changed.status == 200
        assert (await client.get(f"/api/v1/movies/{film_id}")).json["plot"] == "second"
        response = await retry_until_final(lambda: client.search("jaws", limit=3))
        assert response.json["results"][0]["movie"]["title"] == "Jaws"
        assert (await client.request("POST", "/api/v1/auth/logout", token=token)).status == 204
        assert (await client.get("/api/v1/me", token=token)).status == 401

    async def as_written() -> bool:
        return bool((await client.get(f"/api/v1/movies/{film_id}")).json["plot"] == "second")

    assert await wait_until(as_written)
    assert (await client.get("/api/v1/me", token=token)).status == 401
    observations.add(f"{how}: all worked, login and logout too")


@pytest.mark.chaos
@pytest.mark.fault("redis-down")
@pytest.mark.fault("redis-flushed")
async def test_nobody_notices_a_faulty_redis_under_load(
    healthy: ProxiedService, observations: Observations
) -> None:
    async with run_load(healthy.service) as load:
        await wait_for_answer(load, lambda each: each.kind == "add" and each.status == 201, 0)
        for how, fault in redis_faults(healthy).items():
            started_at = time.monotonic()
            async with fault:
                await asyncio.sleep(5)
            p99 = quantile(load.results_since(started_at), 0.99)
            observations.add(
                f"{how} under load: {load.summarize_since(started_at)}, p99 {p99:.2f} s",
                fault="redis-down",
            )
        started_at = time.monotonic()
        async with Redis.from_url(healthy.redis) as redis:
            for _ in range(5):
                await redis.flushdb()
                await asyncio.sleep(0.5)
        observations.add(
            f"emptied five times under load: {load.summarize_since(started_at)}",
            fault="redis-flushed",
        )
    await healthy.invariants.wait_until_restored(load)
    observations.add(load.describe_schedule())
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


@pytest.mark.fault("redis-flushed")
async def test_sessions_and_films_outlive_an_emptied_redis(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    token = await client.admin_token()
    film_id = await add_film(client, f"Kept Elsewhere {uuid.uuid4().hex[:8]}")
    async with Redis.from_url(healthy.redis) as redis:
        await redis.flushdb()
    assert (await client.get("/api/v1/me", token=token)).status == 200
    assert (await client.get(f"/api/v1/movies/{film_id}")).status == 200
    observations.add("sessions and films stayed")
    observations.confirm("I9")


@pytest.mark.fault("cache-stampede")
async def test_a_stampede_on_one_query_costs_the_engine_a_few_searches(
    healthy: ProxiedService, observations: Observations
) -> None:
    async with ApiClient.connect(healthy.service) as alone:

        async def count_searches(people: int) -> int:
            typed, before = f"godfahter {uuid.uuid4().hex[:6]}", await count_engine_queries(healthy)
            answers = await asyncio.gather(*(alone.search(typed, limit=3) for _ in range(people)))
            assert {answer.status for answer in answers} == {200}
            assert len({answer.body.partition(b'"took_ms"')[0] for answer in answers}) == 1
            return await count_engine_queries(healthy) - before

        one, crowd = await count_searches(1), await count_searches(CROWD)
    assert crowd * MIN_SAVING_FACTOR < CROWD * one
    observations.add(
        f"{CROWD} at once: the engine was asked {crowd} times, where one person costs {one}"
    )


async def count_engine_queries(healthy: ProxiedService) -> int:
    stats = await healthy.call_elasticsearch("GET", "/{alias}/_stats/search")
    return int(stats["_all"]["primaries"]["search"]["query_total"])
