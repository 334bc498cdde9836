"""The accounts, as admins manage them."""

import uuid
from typing import Any

import pytest

from tests.support.service_runner import ApiClient

USERS = "/api/v1/admin/users"
PASSWORD = "correct horse battery"


async def _call(api: ApiClient, method: str, path: str = USERS, **body: Any) -> Any:
    options = {"json": body} if body else {}
    return await api.request(method, path, token=await api.admin_token(), **options)


async def _create_user(api: ApiClient, **fields: Any) -> dict[str, Any]:
    name = f"user-{uuid.uuid4().hex[:12]}"
    response = await _call(api, "POST", username=name, password=PASSWORD, **fields)
    assert response.status == 201, response.json
    return dict(response.json)


async def _log_in(api: ApiClient, name: str) -> Any:
    credentials = {"username": name, "password": PASSWORD}
    return await api.request("POST", "/api/v1/auth/login", json=credentials)


async def test_a_created_account_is_listed_without_its_password(api: ApiClient) -> None:
    user = await _create_user(api, email=f"{uuid.uuid4().hex}@example.org")
    session = await _log_in(api, user["username"])
    assert session.status == 200
    listed = await api.get(USERS, params={"q": user["email"]}, token=await api.admin_token())
    assert listed.headers["Cache-Control"] == "no-store"
    (entry,) = listed.json["results"]
    assert entry["last_seen_at"] is not None
    assert {**entry, "last_seen_at": None} == user
    assert (user["state"], user["email_confirmed"], user["is_admin"]) == ("active", True, False)
    assert "password" not in str(entry) and "argon2" not in str(entry)


async def test_accounts_are_read_page_by_page(api: ApiClient) -> None:
    mark = uuid.uuid4().hex[:8]
    names = [f"paged-{mark}-{number}" for number in range(5)]
    for name in names:
        assert (await _call(api, "POST", username=name, password=PASSWORD)).status == 201
    seen, path = [], f"{USERS}?q=paged-{mark}&limit=2"
    while path:
        page = (await _call(api, "GET", path)).json
        assert page["total"]["value"] == 5
        seen += [user["username"] for user in page["results"]]
        path = page["next"]
    assert seen == names[::-1]


async def test_disabling_stops_an_access_token_and_enabling_lets_log_in_again(
    api: ApiClient,
) -> None:
    user = await _create_user(api)
    token = (await _log_in(api, user["username"])).json["access_token"]
    path = f"{USERS}/{user['id']}"
    disabled = await _call(api, "PATCH", path, is_disabled=True)
    assert (disabled.status, disabled.json["state"]) == (200, "disabled")
    assert (await api.get("/api/v1/me", token=token)).status == 401
    refused = await _log_in(api, user["username"])
    assert (refused.status, refused.json["code"]) == (403, "account_disabled")
    enabled = await _call(api, "PATCH", path, is_disabled=False)
    assert (enabled.json["state"], enabled.json["disabled_at"]) == ("active", None)
    assert (await _log_in(api, user["username"])).status == 200


async def test_a_promoted_user_may_do_what_admins_may_until_demoted(api: ApiClient) -> None:
    user = await _create_user(api)
    path = f"{USERS}/{user['id']}"
    for is_admin, status in ((True, 200), (False, 403)):
        assert (await _call(api, "PATCH", path, is_admin=is_admin)).json["is_admin"] is is_admin
        token = (await _log_in(api, user["username"])).json["access_token"]
        assert (await api.get(USERS, token=token)).status == status
    audit = await _call(api, "GET", f"/api/v1/admin/audit?subject={user['id']}")
    actions = [entry["action"] for entry in audit.json["results"]]
    assert actions == ["account_demoted", "account_promoted", "account_created"]


async def test_ended_sessions_need_a_new_login(api: ApiClient) -> None:
    user = await _create_user(api)
    token = (await _log_in(api, user["username"])).json["access_token"]
    assert (await _call(api, "PATCH", f"{USERS}/{user['id']}", end_sessions=True)).status == 200
    assert (await api.get("/api/v1/me", token=token)).status == 401


async def test_a_deleted_account_is_gone_with_its_sessions(api: ApiClient) -> None:
    user = await _create_user(api)
    token = (await _log_in(api, user["username"])).json["access_token"]
    path = f"{USERS}/{user['id']}"
    assert (await _call(api, "DELETE", path)).status == 204
    assert (await api.get("/api/v1/me", token=token)).status == 401
    assert (await _log_in(api, user["username"])).status == 401
    again = await _call(api, "DELETE", path)
    assert (again.status, again.json["code"]) == (404, "user_not_found")


async def test_accounts_are_sought_by_any_text_but_control_characters(api: ApiClient) -> None:
    for text in ("x" * 200, "\u00bd" * 60, "\ufdfa" * 200, "%", "\\"):
        response = await api.get(USERS, params={"q": text}, token=await api.admin_token())
        assert (response.status, response.json["results"]) == (200, [])
    refused = await api.get(USERS, params={"q": "a\0b"}, token=await api.admin_token())
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "q")


@pytest.mark.parametrize("user", ["1", "%00", "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"])
async def test_an_unknown_account_is_not_found(api: ApiClient, user: str) -> None:
    changed = await _call(api, "PATCH", f"{USERS}/{user}", is_disabled=True)
    deleted = await _call(api, "DELETE", f"{USERS}/{user}")
    assert [changed.status, deleted.status] == [404, 404]
    assert changed.json["code"] == deleted.json["code"] == "user_not_found"


@pytest.mark.parametrize(
    "body",
    [{}, {"is_admin": "yes"}, {"end_sessions": False}, {"password": PASSWORD}],
)
async def test_a_change_that_says_nothing_or_too_much_is_refused(
    api: ApiClient, body: dict[str, Any]
) -> None:
    user = await _create_user(api)
    path = f"{USERS}/{user['id']}"
    response = await api.request("PATCH", path, token=await api.admin_token(), json=body)
    assert response.status == 422


async def test_only_admins_manage_accounts(api: ApiClient) -> None:
    user = await _create_user(api)
    token = (await _log_in(api, user["username"])).json["access_token"]
    for method, path in (
        ("GET", USERS),
        ("POST", USERS),
        ("PATCH", f"{USERS}/{user['id']}"),
        ("DELETE", f"{USERS}/{user['id']}"),
    ):
        assert (await api.request(method, path, json={})).status == 401
        response = await api.request(method, path, json={}, token=token)
        assert (response.status, response.json["code"]) == (403, "admin_required")
