"""What clients of other services are told, in their own shapes, while PostgreSQL is away."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.faults.proxy import Proxy
from tests.support import service_runner
from tests.support.backends import require_backend, temporary_database
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

FAULT = {"status": "ERROR", "database": "Not connected", "error": "unavailable"}
REASON = "The database does not answer."


@pytest.fixture(scope="module")
async def parts(
    stack: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[ApiClient, Proxy]]:
    """Yield a client of a service of its own, and the proxy before its database."""
    if stack != "full":
        pytest.skip("a file has no proxy before it")
    folder: Path = tmp_path_factory.mktemp("away")
    async with AsyncExitStack() as exits:
        database = await anext(urls := temporary_database())
        exits.push_async_callback(anext, urls, None)
        proxy = await Proxy.create(require_backend("toxiproxy"), database)
        exits.push_async_callback(proxy.remove)
        settings = {
            **service_runner.embedded_settings(folder),
            "DATABASE_URL": proxy.rewrite(database.split("?")[0]),
            "INDEXER": "external",
        }
        running = service_runner.open_in_thread(service_runner.run_service(settings))
        service = await exits.enter_async_context(running)
        api = await exits.enter_async_context(ApiClient.connect(service))
        yield api, proxy


async def test_each_client_is_told_in_the_shape_that_it_knows(
    parts: tuple[ApiClient, Proxy],
) -> None:
    api, proxy = parts
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
