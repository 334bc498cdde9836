"""The endpoints for operators: rebuild and rollback, drift, outbox, metrics."""

import asyncio
import re
import uuid

import pytest

from tests.support.service_runner import ApiClient, Response
from tests.support.waiting import wait_until

ADMIN = "/api/v1/admin"


async def add_film(api: ApiClient) -> tuple[dict[str, object], str]:
    """Add a film; return it and the write's Index-Token."""
    title = f"Thistlewick {uuid.uuid4().hex[:8]}"
    response = await api.request(
        "POST", "/api/v1/movies", token=await api.admin_token(), json={"title": title, "year": 1999}
    )
    assert response.status == 201, response.json
    return dict(response.json), response.headers["Index-Token"]


async def test_a_search_with_the_index_token_finds_the_write(api: ApiClient) -> None:
    film, index_token = await add_film(api)

    async def search_after_write() -> Response | None:
        response = await api.search(str(film["title"]), after=index_token)
        assert response.status == 200, response.json
        return response if response.headers.get("Index-Token") == index_token else None

    response = await wait_until(search_after_write)
    assert response.json["results"][0]["movie"]["id"] == film["id"]
    malformed = await api.search("jaws", after="yesterday")
    assert (malformed.status, malformed.json["errors"][0]["pointer"]) == (422, "after")


async def test_a_film_is_indexed_again_and_the_outbox_lists_its_row(api: ApiClient) -> None:
    film, _ = await add_film(api)
    token = await api.admin_token()
    filed = await api.request("POST", f"{ADMIN}/movies/{film['id']}/reindex", token=token)
    assert filed.status == 202, filed.json
    assert filed.headers["Index-Token"] == f"{film['id']}:1"

    async def is_done() -> bool:
        page = await api.get(f"{ADMIN}/outbox?state=done&limit=100", token=token)
        assert page.status == 200, page.json
        return filed.json["id"] in {row["id"] for row in page.json["results"]}

    assert await wait_until(is_done)
    retried = await api.request("POST", f"{ADMIN}/outbox/{filed.json['id']}/retry", token=token)
    assert (retried.status, retried.json["code"]) == (409, "outbox_row_done")
    page = await api.get(f"{ADMIN}/outbox?limit=1", token=token)
    assert page.json["total"]["value"] > 1 and "offset=1" in page.json["next"]
    assert page.headers["Link"].startswith("<")


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
async def test_an_invalid_request_is_refused_with_its_code(
    api: ApiClient, method: str, path: str, status: int, code: str
) -> None:
    response = await api.request(method, ADMIN + path, token=await api.admin_token())
    assert (response.status, response.json["code"]) == (status, code)
    assert (await api.request(method, ADMIN + path)).status == 401


async def test_a_check_without_drift_is_shown_to_admins(api: ApiClient) -> None:
    _, index_token = await add_film(api)
    await api.search("thistlewick", after=index_token)
    check = await asyncio.to_thread(api.service.run, "check")
    assert check.returncode == 0, check.stdout + check.stderr
    assert re.search(r"^0 of \d{3,} films differ$", check.stdout, re.MULTILINE)
    drift = await api.get(f"{ADMIN}/drift", token=await api.admin_token())
    assert drift.status == 200
    assert (drift.json["drift"], drift.json["outdated"], drift.json["films"]) == (0, False, [])
    assert drift.json["compared"] >= 500
    diagnosis = await asyncio.to_thread(api.service.run, "check", "jaws")
    assert diagnosis.returncode == 0, diagnosis.stderr
    assert "holds exactly what the database does" in diagnosis.stdout


async def test_a_requested_comparison_is_run_by_the_indexer(api: ApiClient) -> None:
    token = await api.admin_token()
    before = (await api.get(f"{ADMIN}/drift", token=token)).json["checked_at"]
    for body in (None, {"repair": True}):
        requested = await api.request("POST", f"{ADMIN}/drift", token=token, json=body)
        assert requested.status == 202, requested.json
        assert requested.json["check"] in ("waiting", "running")

        async def newer_comparison(earlier: str | None = before) -> str | None:
            drift = (await api.get(f"{ADMIN}/drift", token=token)).json
            is_newer = drift["check"] is None and drift["checked_at"] != earlier
            return drift["checked_at"] if is_newer else None

        before = await wait_until(newer_comparison)
    unknown = await api.request("POST", f"{ADMIN}/drift", token=token, json={"mend": True})
    assert unknown.status == 422


async def test_the_overview_agrees_with_the_other_numbers(api: ApiClient) -> None:
    token = await api.admin_token()
    overview = (await api.get(f"{ADMIN}/overview", token=token)).json
    quarantined = (await api.get(f"{ADMIN}/outbox?state=quarantined", token=token)).json
    assert overview["outbox"]["quarantined"] == quarantined["total"]["value"]
    assert overview["films"] >= 500

    async def read_running_names() -> list[str]:
        indexers = (await api.get(f"{ADMIN}/overview", token=token)).json["indexers"]
        return [
            entry["name"]
            for entry in indexers
            if entry["is_running"] and entry["heartbeat_age_seconds"] <= 10
        ]

    [name] = await wait_until(read_running_names)
    assert name.endswith("-1")


async def test_an_admin_sees_the_details_of_all_parts_from_anywhere(api: ApiClient) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9"}
    public = (await api.get("/health/ready", headers=headers)).json["parts"]
    assert public["database"]["detail"] is None
    token = await api.admin_token()
    health = await api.get(f"{ADMIN}/health", token=token, headers=headers)
    assert health.json["parts"].keys() == public.keys()
    assert "answers" in health.json["parts"]["database"]["detail"]
    assert health.json["parts"]["database"]["took_ms"] >= 0


async def test_used_and_left_calls_of_omdb_add_up_to_the_limit(api: ApiClient) -> None:
    quota = (await api.get(f"{ADMIN}/quota", token=await api.admin_token())).json
    assert quota["lookups"] is True
    assert quota["used"] + quota["left"] == quota["limit"] == 100_000


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/overview"),
        ("GET", "/health"),
        ("GET", "/quota"),
        ("GET", "/jobs"),
        ("GET", "/drift"),
        ("POST", "/drift"),
    ],
)
async def test_the_operators_numbers_are_for_admins_only(
    api: ApiClient, method: str, path: str
) -> None:
    name = f"user-{uuid.uuid4().hex[:12]}"
    account = {"username": name, "email": f"{name}@example.org", "password": "a fine password"}
    await api.request("POST", "/api/v1/auth/register", json=account)
    del account["email"]
    session = (await api.request("POST", "/api/v1/auth/login", json=account)).json
    assert (await api.request(method, ADMIN + path)).status == 401
    refused = await api.request(method, ADMIN + path, token=session["access_token"])
    assert (refused.status, refused.json["code"]) == (403, "admin_required")


async def test_a_rebuild_can_be_rolled_back_and_a_finished_one_not_cancelled(
    api: ApiClient,
) -> None:
    token = await api.admin_token()

    async def finished_job(location: str) -> dict[str, object] | None:
        job = (await api.get(location, token=token)).json
        assert job["state"] not in {"failed", "cancelled"}, job
        return dict(job) if job["state"] == "done" else None

    filed = await api.request("POST", f"{ADMIN}/reindex", token=token)
    assert filed.status == 202, filed.json
    rebuild = await wait_until(lambda: finished_job(filed.headers["Location"]))
    assert rebuild["kind"] == "rebuild" and rebuild["previous_index"]
    assert {"query", "expected", "old", "new"} == set(rebuild["golden"][0])
    cancelled = await api.request("DELETE", filed.headers["Location"], token=token)
    assert (cancelled.status, cancelled.json["code"]) == (409, "reindex_over")
    requested = await api.request("POST", f"{ADMIN}/reindex/rollback", token=token)
    assert requested.status == 202, requested.json
    rollback = await wait_until(lambda: finished_job(requested.headers["Location"]))
    assert rollback["index_name"] == rebuild["previous_index"]
    jobs = await api.get(f"{ADMIN}/jobs?limit=2", token=token)
    assert [job["id"] for job in jobs.json["results"]] == [rollback["id"], rebuild["id"]]
    assert jobs.json["total"]["value"] >= 2
    second = await api.get(f"{ADMIN}/jobs?limit=1&offset=1", token=token)
    assert [job["id"] for job in second.json["results"]] == [rebuild["id"]]
    assert second.json["previous"].endswith("offset=0")
    assert (await api.get(f"{ADMIN}/jobs")).status == 401
    assert (await api.search_titles("godfahter"))[0] == "The Godfather"


async def test_metrics_are_by_route_and_need_the_token_that_is_set(api: ApiClient) -> None:
    await add_film(api)
    token = {"Authorization": "Bearer metrics-of-tests!"}
    names = (
        "movies_http_request_duration_seconds_count"
        '{method="GET",route="/api/v1/search",status="200"}',
        'movies_cache_requests_total{result="hit",scope="search"}',
        'movies_indexed_documents_total{outcome="written"}',
        'movies_outbox_rows{state="waiting"}',
        'movies_mail_rows{state="given_up"}',
        "movies_outbox_oldest_seconds",
        "movies_indexer_heartbeat_age_seconds",
        'movies_index_lag_seconds{quantile="0.99"}',
        "movies_database_up",
    )

    async def read_values() -> dict[str, float] | None:
        """Return the values as soon as the film is indexed and a search came from the cache."""
        await api.search("jaws")
        page = await api.get("/metrics", headers=token)
        assert page.status == 200 and page.headers["Content-Type"].startswith("text/plain")
        lines = (line.rpartition(" ") for line in page.body.decode().splitlines())
        values = {name: float(value) for name, _, value in lines if name in names}
        return values if values.keys() == set(names) else None

    values = await wait_until(read_values)
    assert all(values[name] >= 1 for name in names[:3])
    assert values["movies_database_up"] == 1
    for headers in ({}, {"X-Forwarded-For": "203.0.113.9"}, {"Authorization": "Bearer wrong"}):
        refused = await api.get("/metrics", headers=headers)
        assert (refused.status, refused.json["code"]) == (401, "metrics_token_wrong")
    forwarded = {"X-Forwarded-For": "203.0.113.9", **token}
    assert (await api.get("/metrics", headers=forwarded)).status == 200


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "203.0.113.9"}, {"Via": "1.1 proxy"}, {"Host": "rebound.test"}]
)
async def test_strangers_learn_only_the_states_of_parts(
    api: ApiClient, headers: dict[str, str]
) -> None:
    local = (await api.get("/health/ready")).json["parts"]["database"]
    assert "answers" in local["detail"] and local["took_ms"] is not None
    shown = (await api.get("/health/ready", headers=headers)).json["parts"]
    assert shown["database"] == {"state": "ok", "detail": None, "took_ms": None}
    headers = {**headers, "Authorization": "Bearer metrics-of-tests!"}
    shown = (await api.get("/health/ready", headers=headers)).json["parts"]
    assert "answers" in shown["database"]["detail"]
