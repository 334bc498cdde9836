"""What works without what: with each part away in turn, the service is asked the same things.

The table in the documentation is made from what it answered.
"""

import os
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from tests.e2e.test_supervision import pids
from tests.faults.conftest import Beset
from tests.faults.plugin import Observations
from tests.faults.what_works import AWAY, LATER, MAKESHIFT, THINGS, WORKS, to_markdown
from tests.support.service_runner import ADMIN, ApiClient, Response
from tests.support.waiting import wait_until

UNKNOWN = ["tt6751668", "tt0056801", "tt0087182", "tt1160419", "tt0903747", "tt0096697"]
"""Films that OMDb knows and that nobody has asked for yet."""

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
    """Somebody who tries everything."""

    def __init__(self, client: ApiClient, token: str, pictured: str) -> None:
        self._client = client
        self._token = token
        self._pictured = pictured
        self._title = ""

    async def tries(self, thing: str) -> str:
        """In few words, how it went."""
        tried: dict[str, Callable[[], Awaitable[str]]] = {
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
        return await tried[thing]()

    async def _health(self) -> str:
        return told(await self._client.get("/health/live"))

    async def _search(self) -> str:
        return told(await self._client.search(f"godfahter {uuid.uuid4().hex[:3]}"))

    async def _suggest(self) -> str:
        limit = 3 + uuid.uuid4().int % 7  # so that the answer is not one that was kept
        return told(await self._client.get(f"/api/v1/suggest?q=godf&limit={limit}"))

    async def _show(self) -> str:
        return told(await self._client.get("/api/v1/movies/tt0073195"))

    async def _write(self) -> str:
        self._title = f"Away {uuid.uuid4().hex[:12]}"
        given = {"token": self._token, "json": {"title": self._title}}
        return told(await self._client.request("POST", "/api/v1/movies", **given))

    async def _find(self) -> str:
        answer = await self._client.search(self._title, limit=1 + uuid.uuid4().int % 9)
        if answer.status != 200:
            return told(answer)
        found = [result["movie"]["title"] for result in answer.json["results"]]
        return told(answer) if self._title in found else LATER

    async def _log_in(self) -> str:
        given = {"username": ADMIN[0], "password": ADMIN[1]}
        return told(await self._client.request("POST", "/api/v1/auth/login", json=given))

    async def _poster(self) -> str:
        answer = await self._client.get(f"/api/v1/movies/{self._pictured}/poster")
        return told(answer) if answer.headers["Content-Type"] != "image/svg+xml" else "a sheet"

    async def _look_up(self) -> str:
        how = told(await self._client.get(f"/api/v1/movies/{UNKNOWN[0]}"))
        if how == WORKS:
            UNKNOWN.pop(0)
        return how


def told(answer: Response) -> str:
    if answer.status >= 400:
        return f"{answer.status} `{answer.json['code']}`"
    return MAKESHIFT if answer.json and answer.json.get("degraded") else WORKS


@asynccontextmanager
async def without_indexer(beset: Beset) -> AsyncIterator[None]:
    """Freeze the indexer, and the parent that would replace it."""
    held = [beset.service.process.pid, pids(beset.service)["indexer"]]
    for process in held:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in held:
            os.kill(process, signal.SIGCONT)


def away(part: str, beset: Beset) -> AbstractAsyncContextManager[None]:
    proxies = {
        "PostgreSQL": beset.database,
        "Elasticsearch": beset.engine,
        "Redis": beset.cache,
        "S3": beset.bucket,
        "OMDb": beset.upstream,
    }
    return without_indexer(beset) if part == "the indexer" else proxies[part].away()


@pytest.fixture(scope="module")
def observed() -> dict[str, dict[str, str]]:
    return {}


@pytest.mark.chaos
@pytest.mark.parametrize("part", AWAY)
async def test_with_a_part_away_the_rest_works(
    part: str,
    client: ApiClient,
    sound: Beset,
    observed: dict[str, dict[str, str]],
    documented: dict[str, str],
    observations: Observations,
) -> None:
    async def pictured() -> bool:
        film = await client.get("/api/v1/movies/tt0017136")
        return bool(film.json["poster"]["status"] == "stored")

    await wait_until(pictured)
    visitor = Visitor(client, await client.admin_token(), "tt0017136")
    async with away(part, sound):
        found = observed.setdefault(part, {})
        for thing in THINGS:

            async def as_expected(thing: str = thing) -> bool:
                found[thing] = await visitor.tries(thing)
                return found[thing] == EXPECTED[part][thing]

            try:
                await wait_until(as_expected, 60)
            except AssertionError:
                pytest.fail(f"{thing} without {part}: {found[thing]}, not {EXPECTED[part][thing]}")
    await sound.invariants.hold()
    documented["what works without what"] = to_markdown(observed)
