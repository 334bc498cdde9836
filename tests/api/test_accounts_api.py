"""Accounts from outside: the doors, their refusals, and tokens that somebody made up."""

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


def _name() -> str:
    return f"user-{uuid.uuid4().hex[:12]}"


def _form(name: str, **changed: object) -> dict[str, object]:
    return {
        "username": name,
        "email": f"{name}@example.org",
        "password": PASSWORD,
        "confirm_password": PASSWORD,
        **changed,
    }


async def _post(api: ApiClient, path: str, given: object, token: str | None = None) -> Response:
    return await api.request("POST", f"/api/v1/auth/{path}", json=given, token=token)


async def _joined(api: ApiClient) -> dict[str, Any]:
    """A session of somebody new."""
    name = _name()
    assert (await _post(api, "register", _form(name))).status == 201
    answer = await _post(api, "login", {"username": name, "password": PASSWORD})
    assert answer.status == 200, answer.json
    session: dict[str, Any] = answer.json
    return session


def _refused(answer: Response, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.json
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_from_registration_to_ones_own_page(api: ApiClient) -> None:
    name = _name()
    made = await _post(api, "register", _form(name))
    assert made.status == 201
    assert made.json.keys() == {"id", "username", "email", "is_admin", "created_at"}
    assert made.json["username"] == name
    assert made.json["is_admin"] is False
    session = await _post(api, "login", {"email": f"{name}@example.org", "password": PASSWORD})
    assert session.status == 200
    assert session.json["token_type"] == "Bearer"
    assert session.json["expires_in"] == 600
    assert session.json["user"] == made.json
    me = await api.get("/api/v1/me", token=session.json["access_token"])
    assert (me.status, me.json) == (200, made.json)
    for answer in (made, session, me):
        assert answer.headers["Cache-Control"] == "no-store"
        assert PASSWORD.encode() not in answer.body


async def test_who_asks_to_be_an_admin_gets_no_account(api: ApiClient) -> None:
    name = _name()
    session = await _joined(api)
    for token in (None, session["access_token"]):
        answer = await _post(api, "register", _form(name, is_admin=True), token)
        _refused(answer, 403, "admin_required")
    assert (await _post(api, "register", _form(name))).json["is_admin"] is False


async def test_an_admin_makes_an_admin(api: ApiClient) -> None:
    made = await _post(api, "register", _form(_name(), is_admin=True), await api.admin_token())
    assert (made.status, made.json["is_admin"]) == (201, True)


async def test_a_name_and_an_address_are_taken_once(api: ApiClient) -> None:
    name, other = _name(), _name()
    assert (await _post(api, "register", _form(name))).status == 201
    again = await _post(api, "register", _form(name.upper(), email=f"{other}@example.org"))
    _refused(again, 409, "username_taken")
    again = await _post(api, "register", _form(other, email=f"{name}@EXAMPLE.org"))
    _refused(again, 409, "email_taken")


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"role": "admin"}, "/role"),
        ({"id": "0198a000-0000-7000-8000-000000000001"}, "/id"),
        ({"password": "short"}, "/password"),
        ({"password": "password123"}, "/password"),
        ({"password": "x" * 1_025}, "/password"),
        ({"confirm_password": "another one"}, "/confirm_password"),
        ({"username": "a b"}, "/username"),
        ({"username": "nul\0nul"}, "/username"),
        ({"email": "nobody"}, "/email"),
        ({"email": None}, "/email"),
        ({"is_admin": "true"}, "/is_admin"),
    ],
)
async def test_a_faulty_registration_is_told_its_fault(
    api: ApiClient, changed: dict[str, object], pointer: str
) -> None:
    answer = await _post(api, "register", _form(_name(), **changed))
    _refused(answer, 422, "invalid")
    assert pointer in [fault["pointer"] for fault in answer.json["errors"]]
    assert PASSWORD.encode() not in answer.body


@pytest.mark.parametrize("path", ["register", "login", "refresh", "verify"])
@pytest.mark.parametrize(
    ("body", "kind", "status"),
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
async def test_a_body_that_is_no_form_is_refused(
    api: ApiClient, path: str, body: bytes, kind: str, status: int
) -> None:
    headers = {"Content-Type": kind}
    answer = await api.request("POST", f"/api/v1/auth/{path}", data=body, headers=headers)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_an_unknown_name_and_a_wrong_password_get_the_same_bytes(api: ApiClient) -> None:
    name = _name()
    assert (await _post(api, "register", _form(name))).status == 201
    told = []
    for who in (name, _name()):
        answer = await _post(api, "login", {"username": who, "password": "wrong password"})
        _refused(answer, 401, "invalid_credentials")
        told.append({**answer.json, "request_id": None})
    assert told[0] == told[1]


async def test_failing_again_and_again_is_told_when_to_come_back(api: ApiClient) -> None:
    given = {"username": _name(), "password": "wrong password"}
    answers = [await _post(api, "login", given) for _ in range(6)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    _refused(answers[-1], 429, "too_many_logins")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10


async def test_a_refresh_token_is_exchanged_once(api: ApiClient) -> None:
    first = await _joined(api)
    second = await _post(api, "refresh", {"refresh_token": first["refresh_token"]})
    assert second.status == 200
    assert second.json.keys() == first.keys()
    assert second.headers["Cache-Control"] == "no-store"
    third = await _post(api, "refresh", {"refresh_token": second.json["refresh_token"]})
    assert third.status == 200
    replayed = await _post(api, "refresh", {"refresh_token": first["refresh_token"]})
    _refused(replayed, 401, "invalid_token")
    ended = await _post(api, "refresh", {"refresh_token": third.json["refresh_token"]})
    _refused(ended, 401, "invalid_token")
    _refused(await api.get("/api/v1/me", token=third.json["access_token"]), 401, "invalid_token")


async def test_a_token_can_be_verified_by_body_or_as_the_bearer(api: ApiClient) -> None:
    session = await _joined(api)
    by_body = await _post(api, "verify", {"token": session["access_token"]})
    as_bearer = await api.request("POST", "/api/v1/auth/verify", token=session["access_token"])
    assert by_body.status == as_bearer.status == 200
    assert by_body.json == as_bearer.json
    assert by_body.json["valid"] is True
    assert by_body.json["user"] == session["user"]
    _refused(await _post(api, "verify", {"token": "no token"}), 401, "invalid_token")
    _refused(await api.request("POST", "/api/v1/auth/verify"), 401, "token_missing")


async def test_after_logging_out_neither_token_is_good(api: ApiClient) -> None:
    session = await _joined(api)
    token = session["access_token"]
    left = await api.request("POST", "/api/v1/auth/logout", token=token)
    assert (left.status, left.body) == (204, b"")
    assert left.headers["Cache-Control"] == "no-store"
    _refused(await api.get("/api/v1/me", token=token), 401, "invalid_token")
    _refused(await api.request("POST", "/api/v1/auth/logout", token=token), 401, "invalid_token")
    refreshed = await _post(api, "refresh", {"refresh_token": session["refresh_token"]})
    _refused(refreshed, 401, "invalid_token")


def _unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "at+jwt"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*encoded, b""]).decode()


def _signed(claims: dict[str, Any], key: str = JWT_SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm, headers={"typ": "at+jwt"})


FORGERIES: dict[str, Callable[[dict[str, Any]], str]] = {
    "no algorithm": _unsigned,
    "another key": lambda claims: _signed(claims, key="x" * 40),
    "another algorithm": lambda claims: _signed(claims, algorithm="HS384"),
    "expired": lambda claims: _signed({**claims, "exp": int(time.time()) - 120}),
    "not yet good": lambda claims: _signed({**claims, "nbf": int(time.time()) + 120}),
    "another audience": lambda claims: _signed({**claims, "aud": "others"}),
    "another issuer": lambda claims: _signed({**claims, "iss": "others"}),
    "a user who never was": lambda claims: _signed({**claims, "sub": str(uuid.uuid4())}),
    "a session that never was": lambda claims: _signed({**claims, "sid": str(uuid.uuid4())}),
    "a later version": lambda claims: _signed({**claims, "ver": claims["ver"] + 1}),
    "made for refreshing": lambda claims: _signed({**claims, "typ": "refresh"}),
    "an ordinary JWT": lambda claims: jwt.encode(claims, JWT_SECRET, "HS256"),
    "larger than 4 kB": lambda claims: _signed({**claims, "padding": "x" * 4_096}),
}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_a_forged_token_opens_no_door(api: ApiClient, name: str) -> None:
    session = await _joined(api)
    genuine = jwt.decode(session["access_token"], options={"verify_signature": False})
    assert (await api.get("/api/v1/me", token=_signed(genuine))).status == 200
    answer = await api.get("/api/v1/me", token=FORGERIES[name](genuine))
    _refused(answer, 401, "invalid_token")
    assert answer.json["detail"] == "The token is not good, or no longer."


async def test_a_refresh_token_opens_no_door(api: ApiClient) -> None:
    session = await _joined(api)
    answer = await api.get("/api/v1/me", token=session["refresh_token"])
    _refused(answer, 401, "invalid_token")


async def test_a_token_of_a_megabyte_is_turned_away_and_the_service_goes_on(api: ApiClient) -> None:
    endless = "x" * 1_000_000
    assert (await _post(api, "verify", {"token": endless})).status == 413
    async with api.session.get(
        "/api/v1/me", headers={"Authorization": f"Bearer {endless}"}
    ) as response:
        assert 400 <= response.status < 500
    assert (await api.get("/health/live")).status == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic cm9vdDpyb290", "x"])
async def test_who_shows_no_token_is_asked_for_one(api: ApiClient, header: str) -> None:
    answer = await api.get("/api/v1/me", headers={"Authorization": header} if header else {})
    _refused(answer, 401, "token_missing")


async def test_the_log_holds_neither_passwords_nor_tokens(api: ApiClient) -> None:
    session = await _joined(api)
    await api.get("/api/v1/me", token=session["access_token"])
    written = api.service.log.read_text()
    assert "/api/v1/me" in written
    for secret in (PASSWORD, session["access_token"], session["refresh_token"]):
        assert secret not in written
