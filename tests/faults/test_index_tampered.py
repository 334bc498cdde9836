"""Changes to the index or the database that bypass the service."""

import asyncio
import random
import uuid

import pytest

from tests.faults.conftest import ProxiedService, add_film, is_found
from tests.faults.plugin import Observations
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until


def unique_title() -> str:
    return f"Tampered {uuid.uuid4().hex[:12]}"


async def read_reason(healthy: ProxiedService, film_id: str) -> str | None:
    """Return why the film is not indexed yet; None until the indexer has tried."""
    reason: str | None = await healthy.direct.fetch_value(
        f"SELECT reason FROM outbox WHERE film_id = '{film_id}' AND done_at IS NULL"
        " AND quarantined_at IS NULL"
    )
    return reason


async def finds_godfather(client: ApiClient, by_engine: bool) -> bool:
    """Return whether a search finds the film, by the engine or by the database."""
    response = await client.search("godfahter", year_min=random.randint(1800, 1900), limit=1)
    if response.status != 200 or bool(response.json["degraded"]) == by_engine:
        return False
    titles = [result["movie"]["title"] for result in response.json["results"]]
    return titles == ["The Godfather"]


@pytest.mark.fault("elasticsearch-read-only")
@pytest.mark.parametrize("block", ["read_only_allow_delete", "write"])
async def test_writes_wait_for_the_end_of_a_block_and_searches_are_not_affected(
    block: str, client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    settings, name = f"/{await healthy.live_index()}/_settings", f"index.blocks.{block}"
    response = await healthy.call_elasticsearch("PUT", settings, {name: True})
    assert response["acknowledged"], response
    try:
        film_id = await add_film(client, title := unique_title())
        reason = await wait_until(lambda: read_reason(healthy, film_id))
        assert "block" in reason
        assert await wait_until(lambda: finds_godfather(client, by_engine=True))
    finally:
        await healthy.call_elasticsearch("PUT", settings, {name: None})
    assert await wait_until(lambda: is_found(client, title, film_id))
    await healthy.invariants.wait_until_restored()
    observations.add("changes waited and said why, searches went on; resumed by itself")
    observations.confirm("I1", "I3", "I4", "I5")


@pytest.mark.chaos
@pytest.mark.fault("alias-replaced")
async def test_an_index_replaced_by_hand_loses_no_change_and_a_rebuild_repairs_it(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    await healthy.call_elasticsearch("DELETE", f"/{await healthy.live_index()}")
    film_id = await add_film(client, title := unique_title())
    assert "movies reindex" in await wait_until(lambda: read_reason(healthy, film_id))
    assert await wait_until(lambda: finds_godfather(client, by_engine=False))
    await healthy.call_elasticsearch("PUT", "/{alias}")

    async def health_names_the_rebuild() -> bool:
        part = (await client.get("/health/ready")).json["parts"]["search"]
        return part["state"] == "failed" and "movies reindex" in part["detail"]

    assert await wait_until(health_names_the_rebuild)
    process = await asyncio.to_thread(healthy.service.run, "reindex")
    assert process.returncode == 0, process.stderr
    assert await wait_until(lambda: is_found(client, title, film_id))
    await healthy.invariants.wait_until_restored()
    observations.add(
        "the database answered, changes waited and none was quarantined; a rebuild replaced it"
    )
    observations.confirm("I1", "I3", "I4", "I5")


@pytest.mark.fault("late-write-after-delete")
async def test_a_late_write_does_not_restore_a_film_after_the_engine_forgot_its_deletion(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    index = await healthy.live_index()
    await healthy.call_elasticsearch("PUT", f"/{index}/_settings", {"index.gc_deletes": "1s"})
    film_id = await add_film(client, title := unique_title())
    assert await wait_until(lambda: is_found(client, title, film_id))
    document = await healthy.call_elasticsearch("GET", f"/{index}/_doc/{film_id}")
    await client.request(
        "DELETE",
        f"/api/v1/movies/{film_id}",
        token=await client.admin_token(),
        headers={"If-Match": "*"},
    )

    async def is_gone() -> bool:
        return not await is_found(client, title, film_id)

    assert await wait_until(is_gone)
    await asyncio.sleep(3)  # until the engine forgets the deletion; nothing else shows that it has
    response = await healthy.call_elasticsearch(
        "PUT",
        f"/{index}/_doc/{film_id}?version={document['_version']}&version_type=external_gte&refresh=true",
        document["_source"],
    )
    assert response["status"] == 409, response
    assert (await client.get(f"/api/v1/movies/{film_id}")).status == 404
    assert not await is_found(client, f"{title} again", film_id)
    await healthy.invariants.wait_until_restored()
    observations.add("rejected with 409, because the tombstone keeps the version")
    observations.confirm("I2", "I3")


@pytest.mark.fault("orphaned-document")
async def test_an_orphaned_hit_is_left_out_and_repaired(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    film_id = await add_film(client, title := unique_title())
    assert await wait_until(lambda: is_found(client, title, film_id))
    await healthy.direct.execute(f"DELETE FROM films WHERE id = '{film_id}'")
    await healthy.direct.execute("UPDATE outbox SET done_at = 1 WHERE done_at IS NOT NULL")
    response = await client.search(title, year_max=2100, limit=7)
    assert response.status == 200
    assert film_id not in [result["movie"]["id"] for result in response.json["results"]]

    async def is_tombstone() -> bool:
        await client.search(f"{title} {uuid.uuid4().hex[:3]}")
        document = await healthy.call_elasticsearch("GET", f"/{{alias}}/_doc/{film_id}")
        return bool(document.get("_source", {}).get("gone"))

    assert await wait_until(is_tombstone)
    await healthy.invariants.wait_until_restored()
    observations.add("left out of the results, and its document became a tombstone a moment later")
    observations.confirm("I2", "I3")
