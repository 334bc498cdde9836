"""What clients of other services get while PostgreSQL is away: their own errors, or no address."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.proxy import Proxy
from tests.support import service_runner
from tests.support.backends import require_backend, temporary_database
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

FAULT = {"status": "ERROR", "database": "Not connected", "error": "unavailable"}
REASON = "The database does not answer."


@asynccontextmanager
async def open_service(folder: Path, **settings: str) -> AsyncIterator[tuple[ApiClient, Proxy]]:
    """Yield a client of a service of its own, and the proxy before its database."""
    async with AsyncExitStack() as exits:
        database = await anext(urls := temporary_database())
        exits.push_async_callback(anext, urls, None)
        proxy = await Proxy.create(require_backend("toxiproxy"), database)
        exits.push_async_callback(proxy.remove)
        environment = {
            **service_runner.embedded_settings(folder),
            "DATABASE_URL": proxy.rewrite(database.split("?")[0]),
            "INDEXER": "external",
            **settings,
        }
        running = service_runner.open_in_thread(service_runner.run_service(environment))
        service = await exits.enter_async_context(running)
        api = await exits.enter_async_context(ApiClient.connect(service))
        yield api, proxy


@pytest.fixture(autouse=True)
def need_proxy(stack: str) -> None:
    if stack != "full":
        pytest.skip("a file has no proxy before it")


async def test_each_client_is_told_in_the_shape_that_it_knows(tmp_path: Path) -> None:
    async with open_service(tmp_path) as (api, proxy):
        await check_answers(api, proxy)


async def check_answers(api: ApiClient, proxy: Proxy) -> None:
    credentials = {"username": "ada", "password": "correct horse battery"}
    async with proxy.disabled():
        for part in ("auth", "movies"):
            status = await api.get(f"/api/{part}/status")
            assert (status.status, status.json) == (500, FAULT)
        login = await api.request("POST", "/api/v1/login", json=credentials)
        assert (login.status, login.json) == (503, {"message": REASON})
        token = await api.request("POST", "/api/v1/auth/token/", json=credentials)
        assert (token.status, token.json) == (503, {"detail": REASON})
        manifest = await api.get("/stremio/manifest.json")
        assert (manifest.status, manifest.json) == (503, {"err": REASON})
        feed = await api.get("/lists/watchlist.json?apikey=mvk_" + "x" * 43)
        assert (feed.status, feed.json["code"]) == (503, "database_unavailable")

    async def is_connected() -> bool:
        return (await api.get("/api/movies/status")).status == 200

    assert await wait_until(is_connected)


async def test_what_is_not_enabled_is_an_unknown_address_without_a_query(tmp_path: Path) -> None:
    key = "mvk_" + "x" * 43
    requests = [
        ("GET", f"/omdb/?i=tt0073195&apikey={key}"),
        ("GET", f"/omdb?s=jaws&apikey={key}"),
        ("GET", f"/omdb/img?i=tt0073195&apikey={key}"),
        ("GET", f"/lists/watchlist.json?apikey={key}"),
        ("GET", "/lists/popular.json"),
        ("GET", "/stremio/manifest.json"),
        ("GET", f"/stremio/{key}/catalog/movie/watchlist.json"),
        ("GET", "/stremio/meta/movie/tt0073195.json"),
        ("GET", "/ws"),
        ("GET", "/api/movies"),
        ("GET", "/api/movies/status"),
        ("POST", "/api/auth/login"),
        ("POST", "/api/v1/register"),
        ("POST", "/api/v1/signup"),
        ("POST", "/api/v1/login"),
        ("POST", "/api/v1/add_movie"),
        ("POST", "/api/v1/search_movie"),
        ("POST", "/api/v1/auth/token/"),
    ]
    async with open_service(tmp_path, COMPAT="off") as (api, proxy), proxy.disabled():
        assert (await api.get("/api/v1/movies")).json["code"] == "database_unavailable"
        for method, path in requests:
            answer = await api.request(method, path, headers={"X-API-Key": key})
            assert (answer.status, answer.json["code"]) == (404, "route_not_found"), path
            assert answer.headers["Content-Type"] == "application/problem+json"
