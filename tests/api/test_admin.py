"""What operators see and do over HTTP: the way back, the drift, the outbox, the measurements."""

import asyncio
import re
import uuid

import pytest

from tests.support.service_runner import ApiClient, Response
from tests.support.waiting import wait_until

ADMIN = "/api/v1/admin"


async def added(api: ApiClient) -> tuple[dict[str, object], str]:
    named = f"Thistlewick {uuid.uuid4().hex[:8]}"
    made = await api.request(
        "POST", "/api/v1/movies", token=await api.admin_token(), json={"title": named, "year": 1999}
    )
    assert made.status == 201, made.json
    return dict(made.json), made.headers["Index-Token"]


async def test_one_finds_what_one_has_just_written(api: ApiClient) -> None:
    film, token = await added(api)

    async def waited_for() -> Response | None:
        answer = await api.search(str(film["title"]), after=token)
        assert answer.status == 200, answer.json
        return answer if answer.headers.get("Index-Token") == token else None

    found = await wait_until(waited_for)
    assert found.json["results"][0]["movie"]["id"] == film["id"]
    wrong = await api.search("jaws", after="yesterday")
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "after")


async def test_a_film_is_indexed_again_and_its_row_is_listed(api: ApiClient) -> None:
    film, _ = await added(api)
    token = await api.admin_token()
    filed = await api.request("POST", f"{ADMIN}/movies/{film['id']}/reindex", token=token)
    assert filed.status == 202, filed.json
    assert filed.headers["Index-Token"] == f"{film['id']}:1"

    async def done() -> bool:
        page = await api.get(f"{ADMIN}/outbox?state=done&limit=100", token=token)
        assert page.status == 200, page.json
        return filed.json["id"] in {row["id"] for row in page.json["results"]}

    assert await wait_until(done)
    again = await api.request("POST", f"{ADMIN}/outbox/{filed.json['id']}/retry", token=token)
    assert (again.status, again.json["code"]) == (409, "outbox_row_done")
    first = await api.get(f"{ADMIN}/outbox?limit=1", token=token)
    assert first.json["total"]["value"] > 1 and "offset=1" in first.json["next"]
    assert first.headers["Link"].startswith("<")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/outbox?state=lost", 422, "invalid"),
        ("GET", "/outbox?stat=done", 422, "invalid"),
        ("POST", "/outbox/x/retry", 404, "outbox_row_not_found"),
        ("POST", "/movies/tt9999999/reindex", 404, "movie_not_found"),
        ("DELETE", "/reindex/nothing", 404, "reindex_not_found"),
    ],
)
async def test_what_is_wrong_is_refused_in_words(
    api: ApiClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await api.request(method, ADMIN + path, token=await api.admin_token())
    assert (answer.status, answer.json["code"]) == (status, code)
    assert (await api.request(method, ADMIN + path)).status == 401


async def test_check_finds_no_drift_and_everyone_can_see_that(api: ApiClient) -> None:
    _, written = await added(api)
    await api.search("thistlewick", after=written)
    done = await asyncio.to_thread(api.service.run, "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^0 of \d{3,} films differ$", done.stdout, re.MULTILINE)
    shown = await api.get(f"{ADMIN}/drift", token=await api.admin_token())
    assert shown.status == 200
    assert (shown.json["drift"], shown.json["outdated"], shown.json["films"]) == (0, False, [])
    assert shown.json["compared"] >= 500
    why = await asyncio.to_thread(api.service.run, "check", "jaws")
    assert why.returncode == 0, why.stderr
    assert "holds exactly what the database does" in why.stdout


async def test_one_goes_back_to_the_index_before_and_an_ended_rebuild_is_not_called_off(
    api: ApiClient,
) -> None:
    token = await api.admin_token()

    async def over(where: str) -> dict[str, object] | None:
        job = (await api.get(where, token=token)).json
        assert job["state"] not in {"failed", "cancelled"}, job
        return dict(job) if job["state"] == "done" else None

    filed = await api.request("POST", f"{ADMIN}/reindex", token=token)
    assert filed.status == 202, filed.json
    made = await wait_until(lambda: over(filed.headers["Location"]))
    assert made["kind"] == "rebuild" and made["previous_index"]
    assert {"query", "expected", "old", "new"} == set(made["golden"][0])
    late = await api.request("DELETE", filed.headers["Location"], token=token)
    assert (late.status, late.json["code"]) == (409, "reindex_over")
    back = await api.request("POST", f"{ADMIN}/reindex/rollback", token=token)
    assert back.status == 202, back.json
    gone = await wait_until(lambda: over(back.headers["Location"]))
    assert gone["index_name"] == made["previous_index"]
    assert (await api.search_titles("godfahter"))[0] == "The Godfather"


async def test_measurements_are_told_by_route_and_only_to_this_machine(api: ApiClient) -> None:
    _, written = await added(api)
    await api.search("jaws", after=written)
    await api.search("jaws")
    page = await api.get("/metrics")
    assert page.status == 200 and page.headers["Content-Type"].startswith("text/plain")
    told = page.body.decode()
    assert re.search(
        r"^movies_http_request_duration_seconds_count"
        r'\{method="GET",route="/api/v1/search",status="200"\} [1-9]',
        told,
        re.MULTILINE,
    )
    for name in (
        'movies_cache_requests_total{result="hit",scope="search"}',
        'movies_indexed_documents_total{outcome="written"}',
        'movies_outbox_rows{state="waiting"}',
        "movies_outbox_oldest_seconds",
        'movies_index_lag_seconds{quantile="0.99"}',
        "movies_database_up 1.0",
    ):
        assert f"\n{name}" in told, name
    elsewhere = await api.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert (elsewhere.status, elsewhere.json["code"]) == (401, "metrics_token_wrong")
    shown = {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer metrics-of-tests!"}
    assert (await api.get("/metrics", headers=shown)).status == 200
