"""A worker that is killed after a commit and before the answer: a retry has no second effect."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.api.test_idempotency import is_replayed, new_key
from tests.support import ROOT, service_runner
from tests.support.members import Member, add_film
from tests.support.service_runner import ApiClient, Response, Service, open_in_thread
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def kill_flag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kill") / "flag"


@pytest.fixture(scope="module")
async def killed_service(service: Service, kill_flag: Path) -> AsyncIterator[ApiClient]:
    """Yield a client of a second service on the same database, whose workers kill themselves."""
    settings = {
        **service.environment,
        "WORKERS": "2",
        "INDEXER": "external",
        "PYTHONPATH": str(ROOT / "tests/support/kill_before_answer"),
        "KILL_ROOT": str(ROOT),
        "KILL_FLAG": str(kill_flag),
    }
    async with (
        open_in_thread(service_runner.run_service(settings)) as other,
        ApiClient.connect(other) as api,
    ):
        yield api


async def kill_and_retry(
    api: ApiClient, kill_flag: Path, member: Member, path: str, body: object
) -> Response:
    """Return the answer to a request whose first attempt killed its worker."""
    headers = {"Idempotency-Key": new_key()}

    async def send() -> Response | None:
        try:
            async with ApiClient.connect(api.service) as client:  # connections die with a worker
                return await client.request(
                    "POST", f"/api/v1{path}", json=body, token=member.token, headers=headers
                )
        except (aiohttp.ClientError, OSError):
            return None

    async def settle() -> Response | None:
        response = await send()
        is_over = response and response.json.get("code") != "idempotency_key_in_use"
        return response if is_over else None

    kill_flag.touch()
    assert await send() is None
    assert not kill_flag.exists()
    response: Response = await wait_until(settle, interval=0.3)
    assert not is_replayed(response)
    if response.status < 300:
        again: Response = await wait_until(settle, interval=0.3)
        assert is_replayed(again) and again.body == response.body
    return response


async def test_what_a_killed_worker_had_created_is_found_by_the_retry(
    api: ApiClient, killed_service: ApiClient, kill_flag: Path
) -> None:
    member, film = await Member.join(api), await add_film(api)

    async def retry(path: str, body: object) -> Response:
        return await kill_and_retry(killed_service, kill_flag, member, path, body)

    async def read(path: str) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = (await member.get(path))["results"]
        return results

    created = await retry("/lists", {"name": "Sharks"})
    assert created.status == 201
    assert [film_list["id"] for film_list in await read("/lists")] == [created.json["id"]]

    seen = await retry("/me/history", {"movie": film["id"]})
    assert (seen.status, seen.json["rewatch"]) == (201, False)
    assert [entry["id"] for entry in await read("/me/history")] == [seen.json["id"]]

    twice = [{"movie": film["id"], "watched_at": f"2026-11-0{day}"} for day in (1, 2)]
    batch = await retry("/me/history/batch", {"items": twice})
    ids = {answer["id"] for answer in batch.json["answers"]}
    assert len(ids) == 2
    assert {entry["id"] for entry in await read("/me/history")} == ids | {seen.json["id"]}

    rated = await retry("/ratings", {"movie": film["id"], "score": 9})
    assert (rated.status, rated.json["code"]) == (409, "rating_exists")
    assert [rating["score"] for rating in await read("/ratings")] == [9]
    shown = (await api.get(f"/api/v1/movies/{film['id']}")).json["user_rating"]
    assert shown == {"value": 9.0, "count": 1}
