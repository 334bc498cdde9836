"""Elasticsearch down, slow, blocked, killed: films are found all the same, and nothing is lost."""

import asyncio
import time

import pytest

from tests.faults.conftest import Beset
from tests.faults.load import answered, loaded
from tests.faults.plugin import Seen
from tests.running import Api


@pytest.mark.fault(1, "Elasticsearch down at the start")
async def test_a_service_that_starts_without_an_engine_is_of_use_and_indexes_when_it_comes(
    client: Api, sound: Beset, seen: Seen
) -> None:
    ready, jaws = sound.born["ready"], sound.born["jaws"]
    assert (ready.status, ready.json["status"]) == (200, "degraded")
    assert ready.json["parts"]["search"]["state"] == "failed"
    assert jaws.json["results"][0]["movie"]["title"] == "Jaws"
    assert "search_engine_away" in jaws.json["degraded"]
    assert (await client.titles("spilberg jaws"))[0] == "Jaws"
    seen("ready and degraded, the database answered searches; indexed when it came")


@pytest.mark.chaos
@pytest.mark.fault(2, "Elasticsearch down while films are written")
@pytest.mark.fault(3, "Elasticsearch slow (5 s)")
async def test_searches_and_writes_go_on_while_the_engine_is_down_or_slow(
    sound: Beset, seen: Seen
) -> None:
    async with loaded(sound.service) as load:
        await answered(load, lambda each: each.kind == "add" and each.status == 201, 0)
        for number, fault in (
            (2, sound.engine.away()),
            (3, sound.engine.poisoned("latency", latency=5000)),
        ):
            began = time.monotonic()
            async with fault:
                await answered(load, lambda each: each.degraded, began)
                await asyncio.sleep(8)
            seen(load.told(began), of=number)
    took = await sound.invariants.hold(load)
    seen(f"level again {took:.0f} s after healing; {load.sustained()}")
    seen.held("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")
