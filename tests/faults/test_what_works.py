"""What works without which part: try the same things with each part down in turn.

The table in the documentation is generated from the results.
"""

import os
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from tests.faults.conftest import ProxiedService
from tests.faults.plugin import Observations
from tests.faults.what_works import AWAY, LATER, MAKESHIFT, THINGS, WORKS, to_markdown
from tests.support.service_runner import ADMIN, ApiClient, Response, find_child_pids
from tests.support.waiting import wait_until

UNKNOWN = ["tt6751668", "tt0056801", "tt0087182", "tt1160419", "tt0903747", "tt0096697"]
"""Films that OMDb has and that no test has looked up yet."""

ENGINE_AWAY = {"search": MAKESHIFT, "suggest": MAKESHIFT, "find a new film": MAKESHIFT}
EXPECTED: dict[str, dict[str, str]] = {
    "PostgreSQL": dict.fromkeys(THINGS, "503 `database_unavailable`") | {"health": WORKS},
    "Elasticsearch": dict.fromkeys(THINGS, WORKS) | ENGINE_AWAY,
    "the indexer": dict.fromkeys(THINGS, WORKS) | {"find a new film": LATER},
    "Redis": dict.fromkeys(THINGS, WORKS),
    "S3": dict.fromkeys(THINGS, WORKS) | {"show a poster": "503 `posters_unavailable`"},
    "OMDb": dict.fromkeys(THINGS, WORKS) | {"look up an unknown film": "503 `omdb_unavailable`"},
}


class Visitor:
    """A client that tries everything."""

    def __init__(self, client: ApiClient, token: str, film_with_poster: str) -> None:
        self._client = client
        self._token = token
        self._film_with_poster = film_with_poster
        self._title = ""

    async def try_thing(self, thing: str) -> str:
        """Try one thing; return the outcome as a cell of the table."""
        attempts: dict[str, Callable[[], Awaitable[str]]] = {
            "health": self._health,
            "search": self._search,
            "suggest": self._suggest,
            "show a film": self._show,
            "write a film": self._write,
            "find a new film": self._find,
            "log in": self._log_in,
            "show a poster": self._poster,
            "look up an unknown film": self._look_up,
        }
        return await attempts[thing]()

    async def _health(self) -> str:
        return describe(await self._client.get("/health/live"))

    async def _search(self) -> str:
        return describe(await self._client.search(f"godfahter {uuid.uuid4().hex[:3]}"))

    async def _suggest(self) -> str:
        limit = 3 + uuid.uuid4().int % 7  # a response that is not cached
        return describe(await self._client.get(f"/api/v1/suggest?q=godf&limit={limit}"))

    async def _show(self) -> str:
        return describe(await self._client.get("/api/v1/movies/tt0073195"))

    async def _write(self) -> str:
        self._title = f"Away {uuid.uuid4().hex[:12]}"
        options = {"token": self._token, "json": {"title": self._title}}
        return describe(await self._client.request("POST", "/api/v1/movies", **options))

    async def _find(self) -> str:
        answer = await self._client.search(self._title, limit=1 + uuid.uuid4().int % 9)
        if answer.status != 200:
            return describe(answer)
        titles = [result["movie"]["title"] for result in answer.json["results"]]
        return describe(answer) if self._title in titles else LATER

    async def _log_in(self) -> str:
        credentials = {"username": ADMIN[0], "password": ADMIN[1]}
        return describe(await self._client.request("POST", "/api/v1/auth/login", json=credentials))

    async def _poster(self) -> str:
        answer = await self._client.get(f"/api/v1/movies/{self._film_with_poster}/poster")
        return describe(answer) if answer.headers["Content-Type"] != "image/svg+xml" else "a sheet"

    async def _look_up(self) -> str:
        how = describe(await self._client.get(f"/api/v1/movies/{UNKNOWN[0]}"))
        if how == WORKS:
            UNKNOWN.pop(0)
        return how


def describe(answer: Response) -> str:
    if answer.status >= 400:
        return f"{answer.status} `{answer.json['code']}`"
    return MAKESHIFT if answer.json and answer.json.get("degraded") else WORKS


@asynccontextmanager
async def without_indexer(proxied: ProxiedService) -> AsyncIterator[None]:
    """Freeze the indexer, and the parent that would replace it."""
    processes = [proxied.service.process.pid, find_child_pids(proxied.service)["indexer"]]
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


def disable_part(part: str, proxied: ProxiedService) -> AbstractAsyncContextManager[None]:
    proxies = {
        "PostgreSQL": proxied.database,
        "Elasticsearch": proxied.engine,
        "Redis": proxied.cache,
        "S3": proxied.bucket,
        "OMDb": proxied.upstream,
    }
    return without_indexer(proxied) if part == "the indexer" else proxies[part].disabled()


@pytest.fixture(scope="module")
def observed() -> dict[str, dict[str, str]]:
    return {}


@pytest.mark.chaos
@pytest.mark.parametrize("part", AWAY)
async def test_with_a_part_away_the_rest_works(
    part: str,
    client: ApiClient,
    healthy: ProxiedService,
    observed: dict[str, dict[str, str]],
    documented: dict[str, str],
    observations: Observations,
) -> None:
    async def has_poster() -> bool:
        film = await client.get("/api/v1/movies/tt0017136")
        return bool(film.json["poster"]["status"] == "stored")

    await wait_until(has_poster)
    visitor = Visitor(client, await client.admin_token(), "tt0017136")
    async with disable_part(part, healthy):
        outcomes = observed.setdefault(part, {})
        for thing in THINGS:

            async def is_as_expected(thing: str = thing) -> bool:
                outcomes[thing] = await visitor.try_thing(thing)
                return outcomes[thing] == EXPECTED[part][thing]

            try:
                await wait_until(is_as_expected, 60)
            except AssertionError:
                pytest.fail(
                    f"{thing} without {part}: {outcomes[thing]}, not {EXPECTED[part][thing]}"
                )
    await healthy.invariants.wait_until_restored()
    documented["what works without what"] = to_markdown(observed)
