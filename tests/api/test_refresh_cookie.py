"""The refresh token as a cookie: how it is set, who may send it, what it is good for."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from http.cookies import Morsel, SimpleCookie

import pytest

from tests.support.service_runner import ADMIN, ApiClient, Response, Service, run_sample_service

LOGIN = {"username": ADMIN[0], "password": ADMIN[1], "cookie": True}
AUTH = "/api/v1/auth"
AS_PROXY = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


def _get_cookie(response: Response) -> "Morsel[str]":
    """Return the only cookie that the response sets."""
    [header] = response.headers.getall("Set-Cookie")
    [morsel] = SimpleCookie(header).values()
    return morsel


async def _post(api: ApiClient, path: str, cookie: str = "", **options: object) -> Response:
    """Send a request as a page of the service would; without the session's own cookies."""
    headers = {"Origin": api.service.url, **options.pop("headers", {})}
    api.session.cookie_jar.clear()
    if cookie:
        headers["Cookie"] = cookie
    return await api.request("POST", f"{AUTH}/{path}", headers=headers, **options)


async def _log_in(api: ApiClient) -> tuple[str, Response]:
    """Return the cookie of a new session as a request sends it, and the login's response."""
    response = await _post(api, "login", json=LOGIN)
    assert response.status == 200, response.json
    cookie = _get_cookie(response)
    return f"{cookie.key}={cookie.value}", response


async def test_a_login_with_cookie_sets_a_cookie_and_keeps_the_token_out_of_the_body(
    api: ApiClient,
) -> None:
    _, response = await _log_in(api)
    cookie = _get_cookie(response)
    assert (cookie.key, cookie["path"], cookie["samesite"]) == ("refresh", AUTH, "Strict")
    assert cookie["httponly"]
    assert not cookie["secure"]
    assert int(cookie["max-age"]) == 30 * 86_400
    assert response.json["refresh_token"] is None
    assert cookie.value not in response.body.decode()
    me = await api.get("/api/v1/me", token=response.json["access_token"])
    assert me.json["username"] == ADMIN[0]


async def test_a_login_without_cookie_sets_none(api: ApiClient) -> None:
    response = await _post(api, "login", json={**LOGIN, "cookie": False})
    assert "Set-Cookie" not in response.headers
    assert response.json["refresh_token"]


async def test_the_cookie_is_exchanged_for_the_next_one(api: ApiClient) -> None:
    cookie, _ = await _log_in(api)
    refreshed = await _post(api, "refresh", cookie, json={"cookie": True})
    assert refreshed.status == 200, refreshed.json
    assert refreshed.json["refresh_token"] is None
    successor = _get_cookie(refreshed)
    assert (successor.key, successor["path"]) == ("refresh", AUTH)
    assert f"refresh={successor.value}" != cookie
    me = await api.get("/api/v1/me", token=refreshed.json["access_token"])
    assert me.status == 200


async def test_two_tabs_that_refresh_at_once_both_stay_logged_in(api: ApiClient) -> None:
    cookie, _ = await _log_in(api)
    tabs = await asyncio.gather(
        *(_post(api, "refresh", cookie, json={"cookie": True}) for _ in range(4))
    )
    assert [tab.status for tab in tabs] == [200] * 4
    assert len({_get_cookie(tab).value for tab in tabs}) == 1
    following = await _post(
        api, "refresh", f"refresh={_get_cookie(tabs[0]).value}", json={"cookie": True}
    )
    assert following.status == 200
    for tab in tabs:
        assert (await api.get("/api/v1/me", token=tab.json["access_token"])).status == 200


async def test_a_token_in_the_body_can_be_exchanged_for_a_cookie(api: ApiClient) -> None:
    session = (await _post(api, "login", json={**LOGIN, "cookie": False})).json
    body = {"refresh_token": session["refresh_token"], "cookie": True}
    refreshed = await _post(api, "refresh", json=body)
    assert (refreshed.status, refreshed.json["refresh_token"]) == (200, None)
    assert _get_cookie(refreshed).value


async def test_a_refresh_without_any_token_says_what_is_missing(api: ApiClient) -> None:
    without_cookie = await _post(api, "refresh", json={"cookie": True})
    assert (without_cookie.status, without_cookie.json["code"]) == (401, "token_missing")
    cookie, _ = await _log_in(api)
    empty = await _post(api, "refresh", cookie, json={})
    assert empty.status == 422
    assert [error["pointer"] for error in empty.json["errors"]] == ["/refresh_token"]


@pytest.mark.parametrize(
    "origin", [None, "null", "", "https://films.example", "http://localhost", "{https}", "{port}"]
)
@pytest.mark.parametrize("path", ["refresh", "logout"])
async def test_the_cookie_is_refused_from_another_origin(
    api: ApiClient, path: str, origin: str | None
) -> None:
    cookie, _ = await _log_in(api)
    url = api.service.url
    foreign = {"{https}": url.replace("http:", "https:"), "{port}": url.rpartition(":")[0]}
    headers = {"Cookie": cookie}
    if origin is not None:
        headers["Origin"] = foreign.get(origin, origin)
    api.session.cookie_jar.clear()
    response = await api.request(
        "POST",
        f"{AUTH}/{path}",
        headers=headers,
        json={"cookie": True} if path != "logout" else None,
    )
    assert (response.status, response.json["code"]) == (403, "origin_foreign")
    assert "Set-Cookie" not in response.headers
    still_valid = await _post(api, "refresh", cookie, json={"cookie": True})
    assert still_valid.status == 200


async def test_a_login_with_cookie_is_refused_from_another_origin(api: ApiClient) -> None:
    headers = {"Origin": "https://films.example"}
    response = await _post(api, "login", json=LOGIN, headers=headers)
    assert (response.status, response.json["code"]) == (403, "origin_foreign")


async def test_the_cookie_alone_opens_no_other_route(api: ApiClient) -> None:
    cookie, _ = await _log_in(api)
    for method, path in [("GET", "/api/v1/me"), ("POST", f"{AUTH}/logout-all")]:
        response = await api.request(
            method, path, headers={"Cookie": cookie, "Origin": api.service.url}
        )
        assert (response.status, response.json["code"]) == (401, "token_missing"), path


async def test_a_logout_by_cookie_ends_the_session_and_clears_the_cookie(api: ApiClient) -> None:
    cookie, login = await _log_in(api)
    logout = await _post(api, "logout", cookie)
    assert (logout.status, logout.body) == (204, b"")
    cleared = _get_cookie(logout)
    assert (cleared.key, cleared.value, cleared["path"], cleared["max-age"]) == (
        "refresh",
        "",
        AUTH,
        "0",
    )
    assert (await api.get("/api/v1/me", token=login.json["access_token"])).status == 401
    assert (await _post(api, "refresh", cookie, json={"cookie": True})).status == 401
    assert (await _post(api, "logout", cookie)).status == 204


async def test_a_logout_ends_the_sessions_of_the_token_and_of_the_cookie(api: ApiClient) -> None:
    cookie, login = await _log_in(api)
    _, other = await _log_in(api)
    assert (await _post(api, "logout", cookie, token=other.json["access_token"])).status == 204
    for session in (login, other):
        assert (await api.get("/api/v1/me", token=session.json["access_token"])).status == 401


async def test_a_logout_everywhere_ends_all_sessions_and_clears_the_cookie(api: ApiClient) -> None:
    name = f"user-{uuid.uuid4().hex[:12]}"
    account = {"username": name, "email": f"{name}@example.org", "password": ADMIN[1]}
    assert (await _post(api, "register", json=account)).status == 201
    logins = [await _post(api, "login", json={**LOGIN, "username": name}) for _ in range(2)]
    response = await _post(api, "logout-all", token=logins[0].json["access_token"])
    assert (response.status, _get_cookie(response)["max-age"]) == (204, "0")
    for login in logins:
        assert (await api.get("/api/v1/me", token=login.json["access_token"])).status == 401
        cookie = f"refresh={_get_cookie(login).value}"
        assert (await _post(api, "refresh", cookie, json={"cookie": True})).status == 401
    assert (await _post(api, "login", json={**LOGIN, "username": name})).status == 200


@pytest.fixture(scope="module")
async def proxied(
    service_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """Yield a service of its own that believes one proxy."""
    folder = tmp_path_factory.mktemp("proxied")
    own = {
        **service_environment,
        "DATABASE_URL": f"sqlite://{folder}/movies.db",
        "SEARCH_URL": f"tantivy://{folder}/index",
        "CACHE_URL": "memory://",
        "POSTERS_URL": f"file://{folder}/posters",
        "TRUSTED_PROXIES": "1",
        "INDEXER": "external",
    }
    with run_sample_service(own) as service:
        yield service


@pytest.mark.once
async def test_on_https_the_cookie_has_the_host_prefix_and_is_secure(proxied: Service) -> None:
    async with ApiClient.connect(proxied) as api:
        headers = {**AS_PROXY, "Origin": proxied.url.replace("http:", "https:")}
        login = await _post(api, "login", json=LOGIN, headers=headers)
        cookie = _get_cookie(login)
        assert (cookie.key, cookie["path"]) == ("__Host-refresh", "/")
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["domain"] == ""
        sent = f"__Host-refresh={cookie.value}"
        plain = await _post(api, "refresh", sent, json={"cookie": True})
        assert plain.json["code"] == "token_missing", "plain http must not read the secure cookie"
        refreshed = await _post(api, "refresh", sent, json={"cookie": True}, headers=headers)
        assert refreshed.status == 200, refreshed.json
        other_host = {**headers, "Origin": "https://films.example"}
        assert (await _post(api, "logout", sent, headers=other_host)).status == 403
        by_host = {**other_host, "X-Forwarded-Host": "films.example"}
        assert (await _post(api, "logout", sent, headers=by_host)).status == 403
        by_host = {**other_host, "Host": "films.example"}
        assert (await _post(api, "logout", sent, headers=by_host)).status == 204


async def test_an_untrusted_proxy_header_makes_no_secure_cookie(api: ApiClient) -> None:
    login = await _post(api, "login", json=LOGIN, headers=AS_PROXY)
    assert _get_cookie(login).key == "refresh"
