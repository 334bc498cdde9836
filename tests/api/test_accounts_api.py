"""The accounts API: routes, errors, and forged tokens."""

import asyncio
import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.support.service_runner import JWT_SECRET, ApiClient, Response

PASSWORD = "correct horse battery"


def _unique_name() -> str:
    return f"user-{uuid.uuid4().hex[:12]}"


def _registration(name: str, **changes: object) -> dict[str, object]:
    return {
        "username": name,
        "email": f"{name}@example.org",
        "password": PASSWORD,
        "confirm_password": PASSWORD,
        **changes,
    }


async def _post(api: ApiClient, path: str, body: object, token: str | None = None) -> Response:
    return await api.request("POST", f"/api/v1/auth/{path}", json=body, token=token)


async def _register_and_login(api: ApiClient) -> dict[str, Any]:
    """Return the session of a new user."""
    name = _unique_name()
    assert (await _post(api, "register", _registration(name))).status == 201
    response = await _post(api, "login", {"username": name, "password": PASSWORD})
    assert response.status == 200, response.json
    session: dict[str, Any] = response.json
    return session


def _assert_problem(response: Response, status: int, code: str) -> None:
    assert (response.status, response.json["code"]) == (status, code), response.json
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    if status == 401:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_registered_user_logs_in_and_sees_the_account(api: ApiClient) -> None:
    name = _unique_name()
    registered = await _post(api, "register", _registration(name))
    assert registered.status == 201
    assert registered.json.keys() == {
        *("id", "username", "email", "email_confirmed", "new_email"),
        *("is_admin", "profile", "language", "created_at", "erase_at"),
    }
    assert registered.json["username"] == name
    assert registered.json["is_admin"] is False
    session = await _post(api, "login", {"email": f"{name}@example.org", "password": PASSWORD})
    assert session.status == 200
    assert session.json["token_type"] == "Bearer"
    assert session.json["expires_in"] == 600
    assert session.json["user"] == registered.json
    me = await api.get("/api/v1/me", token=session.json["access_token"])
    assert (me.status, me.json) == (200, registered.json)
    for response in (registered, session, me):
        assert response.headers["Cache-Control"] == "no-store"
        assert PASSWORD.encode() not in response.body


async def test_a_registration_as_admin_is_rejected_without_an_admin_token(api: ApiClient) -> None:
    name = _unique_name()
    session = await _register_and_login(api)
    for token in (None, session["access_token"]):
        response = await _post(api, "register", _registration(name, is_admin=True), token)
        _assert_problem(response, 403, "admin_required")
    assert (await _post(api, "register", _registration(name))).json["is_admin"] is False


async def test_an_admin_can_create_an_admin(api: ApiClient) -> None:
    registered = await _post(
        api, "register", _registration(_unique_name(), is_admin=True), await api.admin_token()
    )
    assert (registered.status, registered.json["is_admin"]) == (201, True)


async def test_a_name_or_an_address_can_be_registered_once(api: ApiClient) -> None:
    name, other = _unique_name(), _unique_name()
    assert (await _post(api, "register", _registration(name))).status == 201
    again = await _post(api, "register", _registration(name.upper(), email=f"{other}@example.org"))
    _assert_problem(again, 409, "username_taken")
    again = await _post(api, "register", _registration(other, email=f"{name}@EXAMPLE.org"))
    _assert_problem(again, 409, "email_taken")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"role": "admin"}, "/role"),
        ({"id": "0198a000-0000-7000-8000-000000000001"}, "/id"),
        ({"password": "short"}, "/password"),
        ({"password": "password123", "confirm_password": "password123"}, "/password"),
        ({"password": "x" * 1_025}, "/password"),
        ({"confirm_password": "another one"}, "/confirm_password"),
        ({"username": "a b"}, "/username"),
        ({"username": "nul\0nul"}, "/username"),
        ({"email": "nobody"}, "/email"),
        ({"email": None}, "/email"),
        ({"is_admin": "true"}, "/is_admin"),
    ],
)
async def test_an_invalid_registration_is_rejected_with_the_field(
    api: ApiClient, changes: dict[str, object], pointer: str
) -> None:
    response = await _post(api, "register", _registration(_unique_name(), **changes))
    _assert_problem(response, 422, "invalid")
    assert pointer in [error["pointer"] for error in response.json["errors"]]
    assert PASSWORD.encode() not in response.body


@pytest.mark.parametrize("path", ["register", "login", "refresh", "verify"])
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"password": "\\ud800"}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"{}", "application/json", 422),
        (b"username=a", "application/x-www-form-urlencoded", 415),
        (b"x" * 300_000, "application/json", 413),
    ],
)
async def test_a_malformed_body_is_rejected(
    api: ApiClient, path: str, body: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type}
    response = await api.request("POST", f"/api/v1/auth/{path}", data=body, headers=headers)
    assert response.status == status
    assert response.headers["Content-Type"] == "application/problem+json"


async def test_an_unknown_name_and_a_wrong_password_get_the_same_response(api: ApiClient) -> None:
    name = _unique_name()
    assert (await _post(api, "register", _registration(name))).status == 201
    problems = []
    for username in (name, _unique_name()):
        response = await _post(api, "login", {"username": username, "password": "wrong password"})
        _assert_problem(response, 401, "invalid_credentials")
        problems.append({**response.json, "request_id": None})
    assert problems[0] == problems[1]


async def test_repeated_failures_get_a_retry_time(api: ApiClient) -> None:
    credentials = {"username": _unique_name(), "password": "wrong password"}
    responses = [await _post(api, "login", credentials) for _ in range(6)]
    assert [response.status for response in responses] == [401] * 5 + [429]
    _assert_problem(responses[-1], 429, "too_many_logins")
    assert 1 <= int(responses[-1].headers["Retry-After"]) <= 10


async def test_a_refresh_token_is_exchanged_once(api: ApiClient) -> None:
    first = await _register_and_login(api)
    second = await _post(api, "refresh", {"refresh_token": first["refresh_token"]})
    assert second.status == 200
    assert second.json.keys() == first.keys()
    assert second.headers["Cache-Control"] == "no-store"
    third = await _post(api, "refresh", {"refresh_token": second.json["refresh_token"]})
    assert third.status == 200
    replayed = await _post(api, "refresh", {"refresh_token": first["refresh_token"]})
    _assert_problem(replayed, 401, "invalid_token")
    after_replay = await _post(api, "refresh", {"refresh_token": third.json["refresh_token"]})
    _assert_problem(after_replay, 401, "invalid_token")
    _assert_problem(
        await api.get("/api/v1/me", token=third.json["access_token"]), 401, "invalid_token"
    )


async def test_a_token_can_be_verified_by_body_or_as_the_bearer(api: ApiClient) -> None:
    session = await _register_and_login(api)
    by_body = await _post(api, "verify", {"token": session["access_token"]})
    as_bearer = await api.request("POST", "/api/v1/auth/verify", token=session["access_token"])
    assert by_body.status == as_bearer.status == 200
    assert by_body.json == as_bearer.json
    assert by_body.json["valid"] is True
    assert by_body.json["user"] == session["user"]
    _assert_problem(await _post(api, "verify", {"token": "no token"}), 401, "invalid_token")
    _assert_problem(await api.request("POST", "/api/v1/auth/verify"), 401, "token_missing")


async def test_after_logout_both_tokens_are_invalid(api: ApiClient) -> None:
    session = await _register_and_login(api)
    token = session["access_token"]
    logout = await api.request("POST", "/api/v1/auth/logout", token=token)
    assert (logout.status, logout.body) == (204, b"")
    assert logout.headers["Cache-Control"] == "no-store"
    _assert_problem(await api.get("/api/v1/me", token=token), 401, "invalid_token")
    _assert_problem(
        await api.request("POST", "/api/v1/auth/logout", token=token), 401, "invalid_token"
    )
    refreshed = await _post(api, "refresh", {"refresh_token": session["refresh_token"]})
    _assert_problem(refreshed, 401, "invalid_token")


def _make_unsigned(claims: dict[str, Any]) -> str:
    segments = ({"alg": "none", "typ": "at+jwt"}, claims)
    encoded = [
        base64.urlsafe_b64encode(json.dumps(segment).encode()).rstrip(b"=") for segment in segments
    ]
    return b".".join([*encoded, b""]).decode()


def _sign(claims: dict[str, Any], key: str = JWT_SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm, headers={"typ": "at+jwt"})


FORGERIES: dict[str, Callable[[dict[str, Any]], str]] = {
    "no algorithm": _make_unsigned,
    "another key": lambda claims: _sign(claims, key="x" * 40),
    "another algorithm": lambda claims: _sign(claims, algorithm="HS384"),
    "expired": lambda claims: _sign({**claims, "exp": int(time.time()) - 120}),
    "not valid yet": lambda claims: _sign({**claims, "nbf": int(time.time()) + 120}),
    "another audience": lambda claims: _sign({**claims, "aud": "others"}),
    "another issuer": lambda claims: _sign({**claims, "iss": "others"}),
    "an unknown user": lambda claims: _sign({**claims, "sub": str(uuid.uuid4())}),
    "an unknown session": lambda claims: _sign({**claims, "sid": str(uuid.uuid4())}),
    "a later version": lambda claims: _sign({**claims, "ver": claims["ver"] + 1}),
    "a refresh token": lambda claims: _sign({**claims, "typ": "refresh"}),
    "an ordinary JWT": lambda claims: jwt.encode(claims, JWT_SECRET, "HS256"),
    "larger than 4 kB": lambda claims: _sign({**claims, "padding": "x" * 4_096}),
}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_a_forged_token_is_rejected(api: ApiClient, name: str) -> None:
    session = await _register_and_login(api)
    genuine = jwt.decode(session["access_token"], options={"verify_signature": False})
    assert (await api.get("/api/v1/me", token=_sign(genuine))).status == 200
    response = await api.get("/api/v1/me", token=FORGERIES[name](genuine))
    _assert_problem(response, 401, "invalid_token")
    assert response.json["detail"] == "The token is invalid or has expired."


async def test_a_refresh_token_is_not_accepted_as_access_token(api: ApiClient) -> None:
    session = await _register_and_login(api)
    response = await api.get("/api/v1/me", token=session["refresh_token"])
    _assert_problem(response, 401, "invalid_token")


async def test_a_token_of_a_megabyte_is_rejected_and_the_service_keeps_running(
    api: ApiClient,
) -> None:
    huge_token = "x" * 1_000_000
    assert (await _post(api, "verify", {"token": huge_token})).status == 413
    async with api.session.get(
        "/api/v1/me", headers={"Authorization": f"Bearer {huge_token}"}
    ) as response:
        assert 400 <= response.status < 500
    assert (await api.get("/health/live")).status == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic cm9vdDpyb290", "x"])
async def test_a_request_without_a_bearer_token_is_rejected(api: ApiClient, header: str) -> None:
    response = await api.get("/api/v1/me", headers={"Authorization": header} if header else {})
    _assert_problem(response, 401, "token_missing")


async def test_the_log_contains_neither_passwords_nor_tokens(api: ApiClient) -> None:
    session = await _register_and_login(api)
    await api.get("/api/v1/me", token=session["access_token"])
    log = api.service.log.read_text()
    assert "/api/v1/me" in log
    for secret in (PASSWORD, session["access_token"], session["refresh_token"]):
        assert secret not in log


@pytest.mark.parametrize("field", ["username", "email"])
@pytest.mark.parametrize(
    "name", ["x" * 121, "x" * 254, "ß" * 130, "ﷺ" * 40, "a" * 64 + "@b.example"]
)
async def test_a_login_name_longer_than_any_account_is_refused_and_not_logged(
    api: ApiClient, field: str, name: str
) -> None:
    response = await api.request(
        "POST", "/api/v1/auth/login", json={field: name, "password": "a fine long password"}
    )
    assert (response.status, response.json["code"]) == (401, "invalid_credentials")
    assert name not in api.service.log.read_text()


NEW_PASSWORD = "a longer battery, stapled"


def _change(**changes: str) -> dict[str, str]:
    return {"current_password": PASSWORD, "new_password": NEW_PASSWORD, **changes}


async def test_a_changed_password_ends_all_other_sessions_and_keeps_this_one(
    api: ApiClient,
) -> None:
    session = await _register_and_login(api)
    name, token = session["user"]["username"], session["access_token"]
    other = (await _post(api, "login", {"username": name, "password": PASSWORD})).json
    changed = await _post(api, "password", _change(), token)
    assert (changed.status, changed.body) == (204, b"")
    assert changed.headers["Cache-Control"] == "no-store"
    assert (await api.get("/api/v1/me", token=token)).status == 200
    refreshed = await _post(api, "refresh", {"refresh_token": session["refresh_token"]})
    assert refreshed.status == 200
    assert (await api.get("/api/v1/me", token=refreshed.json["access_token"])).status == 200
    _assert_problem(await api.get("/api/v1/me", token=other["access_token"]), 401, "invalid_token")
    ended = await _post(api, "refresh", {"refresh_token": other["refresh_token"]})
    _assert_problem(ended, 401, "invalid_token")
    old = await _post(api, "login", {"username": name, "password": PASSWORD})
    _assert_problem(old, 401, "invalid_credentials")
    new = await _post(api, "login", {"username": name, "password": NEW_PASSWORD})
    assert new.status == 200


async def test_a_change_of_password_needs_the_present_one_and_a_login(api: ApiClient) -> None:
    session = await _register_and_login(api)
    wrong = await _post(
        api, "password", _change(current_password="another one"), session["access_token"]
    )
    _assert_problem(wrong, 422, "password_wrong")
    assert wrong.json["errors"] == [{"pointer": "/current_password", "detail": "is wrong"}]
    _assert_problem(await _post(api, "password", _change()), 401, "token_missing")
    name = session["user"]["username"]
    assert (await _post(api, "login", {"username": name, "password": PASSWORD})).status == 200


@pytest.mark.parametrize("new_password", ["short", "password123", PASSWORD, "{name}"])
async def test_a_weak_or_equal_new_password_is_refused_at_its_field(
    api: ApiClient, new_password: str
) -> None:
    session = await _register_and_login(api)
    change = _change(new_password=new_password.format(name=session["user"]["username"].upper()))
    response = await _post(api, "password", change, session["access_token"])
    _assert_problem(response, 422, "invalid")
    assert [error["pointer"] for error in response.json["errors"]] == ["/new_password"]


async def test_guesses_of_the_current_password_are_throttled_like_logins(api: ApiClient) -> None:
    session = await _register_and_login(api)
    change = _change(current_password="wrong password")
    responses = [await _post(api, "password", change, session["access_token"]) for _ in range(6)]
    assert [response.status for response in responses] == [422] * 5 + [429]
    _assert_problem(responses[-1], 429, "too_many_logins")
    credentials = {"username": session["user"]["username"], "password": PASSWORD}
    _assert_problem(await _post(api, "login", credentials), 429, "too_many_logins")


async def test_of_two_changes_at_once_only_one_succeeds(api: ApiClient) -> None:
    session = await _register_and_login(api)
    changes = [_change(new_password=f"{NEW_PASSWORD} {number}") for number in range(2)]
    responses = await asyncio.gather(
        *(_post(api, "password", change, session["access_token"]) for change in changes)
    )
    assert sorted(response.status for response in responses) == [204, 422]
    winner = changes[[response.status for response in responses].index(204)]
    credentials = {"username": session["user"]["username"], "password": winner["new_password"]}
    assert (await _post(api, "login", credentials)).status == 200


async def test_a_user_sees_where_the_account_is_used_and_ends_a_session(api: ApiClient) -> None:
    session = await _register_and_login(api)
    name = session["user"]["username"]
    credentials = {"username": name, "password": PASSWORD}
    other = await api.request(
        "POST", "/api/v1/auth/login", json=credentials, headers={"User-Agent": "Télé/1.0 \u20ac"}
    )
    listed = await api.get("/api/v1/me/sessions", token=session["access_token"])
    assert (listed.status, listed.headers["Cache-Control"]) == (200, "no-store")
    newest, oldest = listed.json["results"]
    assert (newest["is_current"], oldest["is_current"]) == (False, True)
    assert newest["client"].startswith("T") and newest["address"] == "127.0.0.1"
    assert newest.keys() == {
        *("id", "created_at", "last_seen_at", "expires_at", "address", "client", "is_current")
    }
    path = f"/api/v1/me/sessions/{newest['id']}"
    stranger = await _register_and_login(api)
    refused = await api.request("DELETE", path, token=stranger["access_token"])
    _assert_problem(refused, 404, "session_not_found")
    _assert_problem(await api.request("DELETE", path), 401, "token_missing")
    ended = await api.request("DELETE", path, token=session["access_token"])
    assert (ended.status, ended.body) == (204, b"")
    refreshed = await _post(api, "refresh", {"refresh_token": other.json["refresh_token"]})
    _assert_problem(refreshed, 401, "invalid_token")
    assert (await api.get("/api/v1/me", token=other.json["access_token"])).status == 401
