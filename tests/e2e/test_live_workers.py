"""Live events of several API workers: through Redis, also when it is restarted, or not at all."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from websockets.asyncio.client import ClientConnection, connect

from tests.support import ROOT, service_runner
from tests.support.backends import require_backend, temporary_database, temporary_index
from tests.support.members import Member
from tests.support.service_runner import ADMIN, ApiClient
from tests.support.waiting import wait_until

LISTENERS, AUTHORS = 6, 12


@dataclass
class OwnRedis:
    """A Redis that a test may kill."""

    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        options = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "")
        self.process = subprocess.Popen(
            [shutil.which("redis-server") or "redis-server", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert await wait_until(self._answers)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)

    async def _answers(self) -> bool:
        async with Redis.from_url(self.url) as redis:
            try:
                return bool(await redis.ping())
            except (RedisError, OSError):
                return False


def find_port() -> int:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.fixture
async def redis() -> AsyncIterator[OwnRedis]:
    require_backend("redis")
    redis = OwnRedis(find_port())
    try:
        await redis.start()
        yield redis
    finally:
        redis.kill()


@pytest.fixture
async def stack_parts(stack: str, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Yield settings with a database and an index of the test's own, of this run's stack."""
    embedded = service_runner.embedded_settings(tmp_path)
    if stack == "embedded":
        yield embedded
        return
    async for database_url in temporary_database():
        async for search_url in temporary_index("live", "&timeout=60"):
            yield {**embedded, "DATABASE_URL": database_url, "SEARCH_URL": search_url}


@contextmanager
def run_indexer(settings: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "service", "indexer"]
    environment = service_runner.process_environment(settings)
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as indexer:
        try:
            yield
        finally:
            indexer.terminate()


def create_settings(parts: dict[str, str], cache_url: str) -> dict[str, str]:
    settings = {
        **parts,
        "CACHE_URL": cache_url,
        "WORKERS": "2",
        "INDEXER": "external",
        "RATE_LIMITS": "off",
    }
    created = service_runner.run_command(settings, "create-admin", ADMIN[0], stdin=f"{ADMIN[1]}\n")
    assert created.returncode == 0, created.stderr
    return settings


@dataclass
class Listener:
    """A client that reads all reviews anew whenever it is told to."""

    member: Member
    film_id: str
    reviews: set[str] = field(default_factory=set)

    async def listen(self, connection: ClientConnection, joined: asyncio.Event) -> None:
        async for text in connection:
            event: dict[str, Any] = json.loads(text)
            if event["event"] == "join_notification" and event.get("own"):
                joined.set()
            elif event["event"] == "new_review":
                self.reviews.add(event["review_id"])
            elif event["event"] == "resync":
                page = await self.member.get(f"/movies/{self.film_id}/reviews?limit=100")
                self.reviews |= {review["id"] for review in page["results"]}


async def open_listener(stack: AsyncExitStack, member: Member, film_id: str) -> Listener:
    ticket = (await member.send("POST", "/auth/ws-ticket")).json["ticket"]
    url = f"{member.api.service.url.replace('http', 'ws')}/api/v1/ws?ticket={ticket}"
    connection = await stack.enter_async_context(connect(url, proxy=None))
    listener, joined = Listener(member, film_id), asyncio.Event()
    listening = asyncio.create_task(listener.listen(connection, joined))
    stack.callback(listening.cancel)
    await connection.send(json.dumps({"event": "join_notification", "room_id": film_id}))
    async with asyncio.timeout(30):
        await joined.wait()
    return listener


async def review(member: Member, film_id: str) -> str:
    draft = {"title": "Sharp", "body": "It bites."}
    response = await member.send("POST", f"/movies/{film_id}/reviews", draft)
    assert response.status == 201, response.json
    return str(response.json["id"])


async def test_no_review_is_missed_without_a_resync_while_redis_is_restarted(
    stack_parts: dict[str, str], redis: OwnRedis
) -> None:
    settings = create_settings(stack_parts, redis.url)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(service_runner.open_in_thread(run_indexer(settings)))
        service = await stack.enter_async_context(
            service_runner.open_in_thread(service_runner.run_service(settings))
        )
        api = await stack.enter_async_context(ApiClient.connect(service))
        film = await api.request(
            "POST", "/api/v1/movies", token=await api.admin_token(), json={"title": "Jaws"}
        )
        film_id = str(film.json["id"])
        authors = [await Member.join(api) for _ in range(AUTHORS)]
        listener = await Member.join(api)
        listeners = [await open_listener(stack, listener, film_id) for _ in range(LISTENERS)]
        first = {await review(author, film_id) for author in authors[:3]}
        await wait_for_reviews(listeners, first)
        meanwhile = asyncio.gather(*(review(author, film_id) for author in authors[3:6]))
        await asyncio.to_thread(redis.kill)
        without_redis = {await review(author, film_id) for author in authors[6:9]}
        afterwards = asyncio.gather(*(review(author, film_id) for author in authors[9:]))
        await redis.start()
        written = first | without_redis | {*await meanwhile, *await afterwards}
        await wait_for_reviews(listeners, written)

        async def is_found() -> bool:
            return "Jaws" in await api.search_titles("jaws")

        assert await wait_until(is_found), "an indexer works"


async def wait_for_reviews(listeners: list[Listener], reviews: set[str]) -> None:
    async def have_all() -> bool:
        return all(reviews <= listener.reviews for listener in listeners)

    assert await wait_until(have_all)


@pytest.mark.once
async def test_several_workers_without_redis_have_no_live_events(tmp_path: Path) -> None:
    settings = create_settings(service_runner.embedded_settings(tmp_path), "memory://")
    async with (
        service_runner.open_in_thread(service_runner.run_service(settings)) as service,
        ApiClient.connect(service) as api,
    ):
        member = await Member.join(api)
        for method, path in (("POST", "/auth/ws-ticket"), ("GET", "/ws?ticket=x")):
            headers = {"Upgrade": "websocket"}
            response = await member.send(method, path, headers=headers)
            assert (response.status, response.json["code"]) == (503, "live_needs_redis")
