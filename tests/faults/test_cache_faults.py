"""Redis down, slow, frozen, emptied, and asked by a crowd: it only ever saves time."""

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
from tests.faults.conftest import Beset, written
from tests.faults.invariants import settled
from tests.faults.load import answered, loaded, quantile
from tests.faults.plugin import Observations
from tests.support.service_runner import ADMIN, ApiClient
from tests.support.waiting import wait_until

CROWD = 500
SPARED = 10  # times as many queries at least, had each been asked for itself: beside the one that a
# process makes, the indexer's own fall into the same moment, and so do those of clients who came
# while Redis was left alone, since five hundred calls at once are more than it is waited for


@asynccontextmanager
async def frozen() -> AsyncIterator[None]:
    """Redis holds all connections and answers nothing."""
    process = parts.pid("redis")
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def faults(beset: Beset) -> dict[str, object]:
    return {
        "down": beset.cache.away(),
        "slow": beset.cache.poisoned("latency", latency=700),
        "frozen": frozen(),
    }


@pytest.mark.fault("redis-down")
@pytest.mark.parametrize("how", ["down", "slow", "frozen"])
async def test_everything_works_without_redis_and_who_has_logged_out_is_out(
    how: str, client: ApiClient, sound: Beset, observations: Observations
) -> None:
    given = {"username": ADMIN[0], "password": ADMIN[1]}
    film_id = await written(client, f"Uncached {uuid.uuid4().hex[:8]}", plot="first")
    assert (await client.get(f"/api/v1/movies/{film_id}")).json["plot"] == "first"
    async with faults(sound)[how]:  # type: ignore[attr-defined]
        session = await client.request("POST", "/api/v1/auth/login", json=given)
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
        found = await settled(lambda: client.search("jaws", limit=3))
        assert found.json["results"][0]["movie"]["title"] == "Jaws"
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
    sound: Beset, observations: Observations
) -> None:
    async with loaded(sound.service) as load:
        await answered(load, lambda each: each.kind == "add" and each.status == 201, 0)
        for how, fault in faults(sound).items():
            began = time.monotonic()
            async with fault:  # type: ignore[attr-defined]
                await asyncio.sleep(5)
            p99 = quantile(load.since(began), 0.99)
            observations.add(
                f"{how} under load: {load.told(began)}, p99 {p99:.2f} s", fault="redis-down"
            )
        began = time.monotonic()
        async with Redis.from_url(sound.redis) as redis:
            for _ in range(5):
                await redis.flushall()
                await asyncio.sleep(0.5)
        observations.add(
            f"emptied five times under load: {load.told(began)}", fault="redis-flushed"
        )
    await sound.invariants.hold(load)
    observations.add(load.sustained())
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


@pytest.mark.fault("redis-flushed")
async def test_sessions_and_films_outlive_an_emptied_redis(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    token = await client.admin_token()
    film_id = await written(client, f"Kept Elsewhere {uuid.uuid4().hex[:8]}")
    async with Redis.from_url(sound.redis) as redis:
        await redis.flushall()
    assert (await client.get("/api/v1/me", token=token)).status == 200
    assert (await client.get(f"/api/v1/movies/{film_id}")).status == 200
    observations.add("sessions and films stayed")
    observations.confirm("I9")


@pytest.mark.fault("cache-stampede")
async def test_a_crowd_that_asks_the_same_costs_the_engine_a_few_searches(
    sound: Beset, observations: Observations
) -> None:
    async with ApiClient.connect(sound.service) as alone:

        async def asked(people: int) -> int:
            typed, before = f"godfahter {uuid.uuid4().hex[:6]}", await queries(sound)
            answers = await asyncio.gather(*(alone.search(typed, limit=3) for _ in range(people)))
            assert {answer.status for answer in answers} == {200}
            assert len({answer.body.partition(b'"took_ms"')[0] for answer in answers}) == 1
            return await queries(sound) - before

        one, crowd = await asked(1), await asked(CROWD)
    assert crowd * SPARED < CROWD * one
    observations.add(
        f"{CROWD} at once: the engine was asked {crowd} times, where one person costs {one}"
    )


async def queries(sound: Beset) -> int:
    told = await sound.engine_itself("GET", "/{alias}/_stats/search")
    return int(told["_all"]["primaries"]["search"]["query_total"])
