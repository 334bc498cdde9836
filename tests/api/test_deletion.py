"""The deletion of one's own account over HTTP: what still works, and what does not."""

import pytest

from tests.support.api_accounts import (
    PASSWORD,
    ApiUser,
    create_key,
    create_user,
    log_in,
    request_with_key,
)
from tests.support.service_runner import ApiClient, Response

DELETION = "/api/v1/me/deletion"


@pytest.fixture
async def user(api: ApiClient) -> ApiUser:
    return await create_user(api)


async def request_deletion(api: ApiClient, token: str, password: str = PASSWORD) -> Response:
    return await api.request("POST", DELETION, token=token, json={"password": password})


async def test_an_account_is_hidden_and_can_be_restored(api: ApiClient, user: ApiUser) -> None:
    key = str((await create_key(api, user.token, "read"))["key"])
    public = await api.request("PATCH", "/api/v1/me", token=user.token, json={"profile": "public"})
    assert public.status == 200, public.json
    profile = f"/api/v1/users/{user.name}"
    assert (await api.get(profile)).status == 200
    requested = await request_deletion(api, user.token)
    assert requested.status == 202, requested.json
    assert requested.headers["Cache-Control"] == "no-store"
    assert (await api.get("/api/v1/me", token=user.token)).status == 401
    assert (await request_with_key(api, key, "GET", "/api/v1/me")).status == 401
    assert (await api.get(profile)).status == 404
    back = await log_in(api, user.name, PASSWORD)
    assert (await api.request("DELETE", DELETION, token=back.token)).status == 204
    account = await api.get("/api/v1/me", token=back.token)
    assert (account.status, account.json["erase_at"]) == (200, None)
    assert (await request_with_key(api, key, "GET", "/api/v1/me")).status == 200
    assert (await api.get(profile)).status == 200
    again = await api.request("DELETE", DELETION, token=back.token)
    assert (again.status, again.json["code"]) == (404, "deletion_not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/me"),
        ("PATCH", "/api/v1/me"),
        ("GET", "/api/v1/me/sessions"),
        ("GET", "/api/v1/me/exports"),
        ("POST", "/api/v1/me/keys"),
        ("POST", DELETION),
        ("POST", "/api/v1/auth/password"),
        ("GET", "/api/v1/ratings"),
        ("POST", "/api/v1/lists"),
    ],
)
async def test_a_login_to_a_hidden_account_may_do_nothing_else(
    api: ApiClient, user: ApiUser, method: str, path: str
) -> None:
    await request_deletion(api, user.token)
    token = (await log_in(api, user.name, PASSWORD)).token
    refused = await api.request(method, path, token=token, json={})
    assert (refused.status, refused.json["code"]) == (403, "deletion_pending")


async def test_a_hidden_account_can_be_verified_refreshed_and_logged_out(
    api: ApiClient, user: ApiUser
) -> None:
    await request_deletion(api, user.token)
    credentials = {"username": user.name, "password": PASSWORD}
    session = (await api.request("POST", "/api/v1/auth/login", json=credentials)).json
    assert session["user"]["erase_at"] is not None
    body = {"refresh_token": session["refresh_token"]}
    refreshed = await api.request("POST", "/api/v1/auth/refresh", json=body)
    token = refreshed.json["access_token"]
    verified = await api.request("POST", "/api/v1/auth/verify", token=token)
    assert verified.json["user"]["erase_at"] == session["user"]["erase_at"]
    assert (await api.request("POST", "/api/v1/auth/logout", token=token)).status == 204
    assert (await api.request("DELETE", DELETION, token=token)).status == 401


async def test_a_wrong_password_deletes_nothing(api: ApiClient, user: ApiUser) -> None:
    refused = await request_deletion(api, user.token, "wrong horse battery")
    assert (refused.status, refused.json["code"]) == (422, "password_wrong")
    assert [error["pointer"] for error in refused.json["errors"]] == ["/password"]
    assert (await api.get("/api/v1/me", token=user.token)).status == 200


async def test_a_deletion_clears_the_cookie(api: ApiClient, user: ApiUser) -> None:
    response = await request_deletion(api, user.token)
    assert response.headers["Set-Cookie"].startswith('refresh=""')
    assert "Max-Age=0" in response.headers["Set-Cookie"]
