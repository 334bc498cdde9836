"""What is done to the index behind the service's back: blocked, removed, replaced, outlived."""

import asyncio
import random
import uuid

import pytest

from tests.faults.conftest import Beset, is_found, written
from tests.faults.plugin import Observations
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until


def title() -> str:
    return f"Tampered {uuid.uuid4().hex[:12]}"


async def reasons(sound: Beset, film_id: str) -> str | None:
    """Why the film is not indexed yet, once the indexer has tried."""
    found: str | None = await sound.direct.value(
        f"SELECT reason FROM outbox WHERE film_id = '{film_id}' AND done_at IS NULL"
        " AND quarantined_at IS NULL"
    )
    return found


async def godfather(client: ApiClient, by_engine: bool) -> bool:
    """Whether the film is found, by the engine or without it."""
    answer = await client.search("godfahter", year_min=random.randint(1800, 1900), limit=1)
    if answer.status != 200 or bool(answer.json["degraded"]) == by_engine:
        return False
    return [each["movie"]["title"] for each in answer.json["results"]] == ["The Godfather"]


@pytest.mark.fault("elasticsearch-read-only")
@pytest.mark.parametrize("block", ["read_only_allow_delete", "write"])
async def test_writes_wait_for_a_block_to_lift_and_searches_do_not_notice(
    block: str, client: ApiClient, sound: Beset, observations: Observations
) -> None:
    settings, name = f"/{await sound.index()}/_settings", f"index.blocks.{block}"
    told = await sound.engine_itself("PUT", settings, {name: True})
    assert told["acknowledged"], told
    try:
        film_id = await written(client, called := title())
        reason = await wait_until(lambda: reasons(sound, film_id))
        assert "block" in reason
        assert await wait_until(lambda: godfather(client, by_engine=True))
    finally:
        await sound.engine_itself("PUT", settings, {name: None})
    assert await wait_until(lambda: is_found(client, called, film_id))
    await sound.invariants.hold()
    observations.add("changes waited and said why, searches went on; resumed by itself")
    observations.confirm("I1", "I3", "I4", "I5")


@pytest.mark.chaos
@pytest.mark.fault("alias-replaced")
async def test_an_index_that_was_replaced_by_hand_costs_no_change_and_a_rebuild_puts_it_right(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    await sound.engine_itself("DELETE", f"/{await sound.index()}")
    film_id = await written(client, called := title())
    assert "movies reindex" in await wait_until(lambda: reasons(sound, film_id))
    assert await wait_until(lambda: godfather(client, by_engine=False))
    await sound.engine_itself("PUT", "/{alias}")

    async def said() -> bool:
        part = (await client.get("/health/ready")).json["parts"]["search"]
        return part["state"] == "failed" and "movies reindex" in part["detail"]

    assert await wait_until(said)
    done = await asyncio.to_thread(sound.service.run, "reindex")
    assert done.returncode == 0, done.stderr
    assert await wait_until(lambda: is_found(client, called, film_id))
    await sound.invariants.hold()
    observations.add(
        "the database answered, changes waited and none was set aside; a rebuild took its place"
    )
    observations.confirm("I1", "I3", "I4", "I5")


@pytest.mark.fault("late-write-after-delete")
async def test_what_was_deleted_stays_so_though_the_engine_has_forgotten_when(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    index = await sound.index()
    await sound.engine_itself("PUT", f"/{index}/_settings", {"index.gc_deletes": "1s"})
    film_id = await written(client, called := title())
    assert await wait_until(lambda: is_found(client, called, film_id))
    held = await sound.engine_itself("GET", f"/{index}/_doc/{film_id}")
    await client.request(
        "DELETE",
        f"/api/v1/movies/{film_id}",
        token=await client.admin_token(),
        headers={"If-Match": "*"},
    )

    async def gone() -> bool:
        return not await is_found(client, called, film_id)

    assert await wait_until(gone)
    await asyncio.sleep(3)  # for the engine to forget: there is no other sign of it than time
    late = await sound.engine_itself(
        "PUT",
        f"/{index}/_doc/{film_id}?version={held['_version']}&version_type=external_gte&refresh=true",
        held["_source"],
    )
    assert late["status"] == 409, late
    assert (await client.get(f"/api/v1/movies/{film_id}")).status == 404
    assert not await is_found(client, f"{called} again", film_id)
    await sound.invariants.hold()
    observations.add("refused with 409, since a tombstone keeps the version")
    observations.confirm("I2", "I3")


@pytest.mark.fault("orphaned-document")
async def test_a_hit_whose_row_is_gone_is_left_out_and_repaired(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    film_id = await written(client, called := title())
    assert await wait_until(lambda: is_found(client, called, film_id))
    await sound.direct.run(f"DELETE FROM films WHERE id = '{film_id}'")
    await sound.direct.run("UPDATE outbox SET done_at = 1 WHERE done_at IS NOT NULL")
    answer = await client.search(called, year_max=2100, limit=7)
    assert answer.status == 200
    assert film_id not in [result["movie"]["id"] for result in answer.json["results"]]

    async def buried() -> bool:
        await client.search(f"{called} {uuid.uuid4().hex[:3]}")
        held = await sound.engine_itself("GET", f"/{{alias}}/_doc/{film_id}")
        return bool(held.get("_source", {}).get("gone"))

    assert await wait_until(buried)
    await sound.invariants.hold()
    observations.add("left out of the answer, and its document was removed a moment later")
    observations.confirm("I2", "I3")
