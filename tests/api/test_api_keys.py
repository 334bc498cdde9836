"""API keys through the API: what each scope opens, what no key opens, and that none leaks."""

import asyncio
import re

import pytest

from tests.support.api_accounts import (
    KEYS,
    PASSWORD,
    ApiUser,
    create_key,
    create_user,
    request_with_key,
)
from tests.support.service_runner import ApiClient, Response
from tests.support.waiting import wait_until

FILM = "/api/v1/movies/tt0073195"


@pytest.fixture
async def user(api: ApiClient) -> ApiUser:
    return await create_user(api)


def assert_problem(response: Response, status: int, code: str) -> None:
    assert (response.status, response.json["code"]) == (status, code), response.json
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_key_is_shown_once_works_and_ends_when_deleted(
    api: ApiClient, user: ApiUser
) -> None:
    key = await create_key(api, user.token, "read", "lists")
    listed = await api.get(KEYS, token=user.token)
    (entry,) = listed.json["results"]
    assert entry == {name: value for name, value in key.items() if name != "key"}
    assert key["key"].encode() not in listed.body
    assert (key["scopes"], key["ending"]) == (["read", "lists"], key["key"][-4:])
    account = await request_with_key(api, key["key"], "GET", "/api/v1/me")
    assert (account.status, account.json["username"]) == (200, user.name)
    assert account.headers["Cache-Control"] == "no-store"
    (used,) = (await api.get(KEYS, token=user.token)).json["results"]
    assert (entry["last_used_at"], used["last_used_at"] is None) == (None, False)
    deleted = await api.request("DELETE", f"{KEYS}/{key['id']}", token=user.token)
    assert deleted.status == 204
    refused = await request_with_key(api, key["key"], "GET", "/api/v1/me")
    assert_problem(refused, 401, "invalid_key")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert_problem(
        await api.request("DELETE", f"{KEYS}/{key['id']}", token=user.token), 404, "key_not_found"
    )


async def test_a_key_opens_only_what_its_scopes_name(api: ApiClient, user: ApiUser) -> None:
    writing = (await create_key(api, user.token, "write", "lists"))["key"]
    refused = await request_with_key(api, writing, "GET", "/api/v1/me")
    assert_problem(refused, 403, "scope_missing")
    assert "read" in refused.json["detail"]
    assert (await request_with_key(api, writing, "GET", FILM)).status == 200, "it is open to all"


async def test_only_an_admins_key_with_the_scope_does_what_admins_do(
    api: ApiClient, user: ApiUser
) -> None:
    token = await api.admin_token()
    ruling, reading = [await create_key(api, token, scope) for scope in ("admin", "read")]
    drift = await request_with_key(api, ruling["key"], "GET", "/api/v1/admin/jobs")
    assert drift.status == 200
    refused = await request_with_key(api, reading["key"], "GET", "/api/v1/admin/jobs")
    assert_problem(refused, 403, "scope_missing")
    body = {"name": "player", "scopes": ["admin"]}
    by_user = await api.request("POST", KEYS, token=user.token, json=body)
    assert_problem(by_user, 403, "admin_required")
    for key in (ruling, reading):
        assert (await api.request("DELETE", f"{KEYS}/{key['id']}", token=token)).status == 204


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", KEYS, None),
        ("POST", KEYS, {"name": "another", "scopes": ["read"]}),
        ("DELETE", f"{KEYS}/01993f85-6b4d-7f32-9c8e-2a3b4c5d6e7f", None),
        ("GET", "/api/v1/me/sessions", None),
        ("DELETE", "/api/v1/me/sessions/01993f85-6b4d-7f32-9c8e-2a3b4c5d6e7f", None),
        ("PATCH", "/api/v1/me", {"email": "a@example.org", "current_password": PASSWORD}),
        ("POST", "/api/v1/auth/logout", None),
        ("POST", "/api/v1/auth/logout-all", None),
        ("POST", "/api/v1/auth/verify", None),
        ("POST", "/api/v1/auth/refresh", {"refresh_token": "x"}),
        ("POST", "/api/v1/auth/login", {"username": "x", "password": PASSWORD}),
        ("POST", "/api/v1/auth/password/forgot", {"email": "a@example.org"}),
        (
            "POST",
            "/api/v1/auth/password",
            {"current_password": PASSWORD, "new_password": "a longer battery, stapled"},
        ),
    ],
)
async def test_no_key_administers_an_account(
    api: ApiClient, method: str, path: str, body: object
) -> None:
    token = await api.admin_token()
    key = await create_key(api, token, "read", "write", "lists", "admin")
    response = await request_with_key(api, key["key"], method, path, json=body)
    assert_problem(response, 403, "key_not_accepted")
    assert (await api.request("DELETE", f"{KEYS}/{key['id']}", token=token)).status == 204


async def test_a_key_and_a_bearer_token_together_are_refused(api: ApiClient, user: ApiUser) -> None:
    key = (await create_key(api, user.token, "read"))["key"]
    for path in ("/api/v1/me", FILM):
        both = await request_with_key(api, key, "GET", path, token=user.token)
        assert_problem(both, 400, "two_credentials")
    basic = await request_with_key(
        api, key, "GET", "/api/v1/me", headers={"Authorization": "Basic YTpi"}
    )
    assert basic.status == 200, "a proxy in front may have asked for a password of its own"


@pytest.mark.parametrize("path", ["/api/v1/me", FILM, "/api/v1/search?q=jaws"])
async def test_a_wrong_key_is_refused_even_where_none_is_needed(api: ApiClient, path: str) -> None:
    for key in ("", "x", "mvk_" + "a" * 43, "mvk_" + "é" * 43):
        assert_problem(await request_with_key(api, key, "GET", path), 401, "invalid_key")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/openapi.json", "/", "/docs"])
async def test_a_key_is_not_looked_at_outside_of_the_api(api: ApiClient, path: str) -> None:
    assert (await request_with_key(api, "wrong", "GET", path)).status == 200


async def test_each_request_with_a_key_says_what_is_left_of_its_limit(
    api: ApiClient, user: ApiUser
) -> None:
    first, second = [(await create_key(api, user.token, "read"))["key"] for _ in range(2)]
    for key, path in ((first, "/api/v1/me"), (second, FILM)):
        response = await request_with_key(api, key, "GET", path)
        assert response.headers["RateLimit-Policy"] == '"key";q=1200;w=60'
        assert re.fullmatch(r'"key";r=11\d\d;t=\d+', response.headers["RateLimit"])


async def test_a_page_of_another_origin_may_send_a_key(api: ApiClient) -> None:
    headers = {"Origin": "https://films.example"}
    preflight = await api.request("OPTIONS", "/api/v1/me", headers=headers)
    assert "X-API-Key" in preflight.headers["Access-Control-Allow-Headers"]


async def test_a_repeated_creation_with_a_key_happens_once(api: ApiClient) -> None:
    token = await api.admin_token()
    key = await create_key(api, token, "admin")
    headers = {"Idempotency-Key": f"retry-of-{key['id']}"}
    film = {"title": f"A film of {key['id']}"}
    first, again = [
        await request_with_key(
            api, key["key"], "POST", "/api/v1/movies", json=film, headers=headers
        )
        for _ in range(2)
    ]
    assert (first.status, again.status) == (201, 201)
    assert first.json["id"] == again.json["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await api.request("DELETE", f"{KEYS}/{key['id']}", token=token)).status == 204


async def test_no_key_is_in_a_log_a_metric_or_a_referer(api: ApiClient, user: ApiUser) -> None:
    key = (await create_key(api, user.token, "read"))["key"]
    paths = [
        *("/api/v1/me", f"/api/v1/movies/{key}", f"/api/v1/search?q={key}", f"/{key}"),
        *(f"/api/v1/me?apikey={key}", f"/api/v1/movies?key={key}", f"/api/v1/{key}/x"),
        *(f"/api/v1/movies/x%20{key}", f"/api/v1/movies/x%2F{key}"),
    ]
    marker = f"end-of-{key[-12:]}"
    for path in paths:
        response = await request_with_key(api, key, "GET", path, headers={"User-Agent": key})
        assert response.headers["Referrer-Policy"] == "no-referrer"
    await request_with_key(api, key, "POST", "/api/v1/match", data=key.encode())
    await request_with_key(api, key[:-1] + "!", "GET", "/api/v1/me")
    await api.get("/health/missing", headers={"X-Request-ID": marker})

    async def has_marker() -> bool:
        return marker in await asyncio.to_thread(api.service.log.read_text)

    await wait_until(has_marker)
    log = await asyncio.to_thread(api.service.log.read_text)
    assert "/api/v1/movies/mvk_***" in log, "what the client asked for is logged, without the key"
    metrics = await api.get("/metrics", token=api.service.environment["METRICS_TOKEN"])
    assert metrics.status == 200
    for text in (log, metrics.body.decode()):
        assert key[4:] not in text
        assert key[4:30] not in text
