"""Elasticsearch down, slow or killed: the database answers searches, and no write is lost."""

import asyncio
import time
import uuid
from contextlib import AsyncExitStack

import pytest

from tests.faults.conftest import ProxiedService, add_film, is_found
from tests.faults.load import run_load, wait_for_answer
from tests.faults.parts import kill_backend, start_backend
from tests.faults.plugin import Observations
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until


@pytest.mark.fault("elasticsearch-down-at-start")
async def test_a_service_that_starts_without_its_engine_answers_and_indexes_once_it_is_up(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    ready, jaws = healthy.responses_at_start["ready"], healthy.responses_at_start["jaws"]
    assert (ready.status, ready.json["status"]) == (200, "degraded")
    assert ready.json["parts"]["search"]["state"] == "failed"
    assert jaws.json["results"][0]["movie"]["title"] == "Jaws"
    assert "search_engine_away" in jaws.json["degraded"]
    assert (await client.search_titles("spilberg jaws"))[0] == "Jaws"
    observations.add("ready and degraded, the database answered searches; indexed when it came")


@pytest.mark.chaos
@pytest.mark.fault("elasticsearch-down")
@pytest.mark.fault("elasticsearch-slow")
async def test_searches_and_writes_continue_while_the_engine_is_down_or_slow(
    healthy: ProxiedService, observations: Observations
) -> None:
    async with run_load(healthy.service) as load:
        await wait_for_answer(load, lambda call: call.kind == "add" and call.status == 201, 0)
        for slug, fault in (
            ("elasticsearch-down", healthy.engine.disabled()),
            ("elasticsearch-slow", healthy.engine.with_toxic("latency", latency=5000)),
        ):
            started_at = time.monotonic()
            async with fault:
                await wait_for_answer(load, lambda call: call.degraded, started_at)
                await asyncio.sleep(8)
            observations.add(load.summarize_since(started_at), fault=slug)
    took = await healthy.invariants.wait_until_restored(load)
    observations.add(f"level again {took:.0f} s after healing; {load.describe_schedule()}")
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


@pytest.mark.chaos
@pytest.mark.fault("elasticsearch-down")
async def test_searches_and_writes_continue_while_elasticsearch_is_killed_and_restarted(
    healthy: ProxiedService, observations: Observations
) -> None:
    async with run_load(healthy.service) as load:
        await wait_for_answer(load, lambda call: call.kind == "add" and call.status == 201, 0)
        started_at = time.monotonic()
        await kill_backend("elasticsearch")
        await wait_for_answer(load, lambda call: call.degraded, started_at)
        await asyncio.sleep(5)
        await start_backend("elasticsearch")
        healed_at = time.monotonic()
        observations.add(
            f"killed under load, {healed_at - started_at:.0f} s away: "
            f"{load.summarize_since(started_at)}"
        )
    took = await healthy.invariants.wait_until_restored(load, healed_at)
    observations.add(f"level again {took:.0f} s after it answered; {load.describe_schedule()}")
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


@pytest.mark.fault("elasticsearch-down")
async def test_films_written_while_engine_cache_and_poster_store_are_down_are_found_afterwards(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    title = f"Written Meanwhile {uuid.uuid4().hex[:8]}"
    async with AsyncExitStack() as away:
        for part in (healthy.engine, healthy.cache, healthy.bucket):
            await away.enter_async_context(part.disabled())

        async def is_degraded() -> bool:
            response = await client.search(f"godfahter {uuid.uuid4().hex[:3]}")
            return response.status == 200 and "search_engine_away" in response.json["degraded"]

        assert await wait_until(is_degraded)
        film_id = await add_film(client, title)
        assert (await client.get(f"/api/v1/movies/{film_id}")).json["title"] == title
    assert await wait_until(lambda: is_found(client, title, film_id))
    await healthy.invariants.wait_until_restored()
    observations.add("written while engine, cache and store were all away, found afterwards")
    observations.confirm("I1", "I3", "I5")
