"""The contract of every cache, checked for memory and Redis, and of the response cache on both."""

import asyncio
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from service.cache.base import Cache
from service.cache.memory import MemoryCache
from service.cache.redis import RedisCache
from service.cache.response_cache import CachedResponse, ResponseCache, cache_key
from service.errors import NotFound, Unavailable
from service.search.index.generation import Generation, advance
from service.search.index.models import IndexState
from tests.support.backends import require_backend
from tests.support.waiting import wait_until


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    cache = (
        MemoryCache()
        if request.param == "memory"
        else RedisCache(require_backend("redis"), timeout=5)
    )
    yield cache
    await cache.close()


def unique_key() -> str:
    return uuid.uuid4().hex


async def test_a_stored_value_is_there_until_it_is_deleted(cache: Cache) -> None:
    key = unique_key()
    assert await cache.get(key) is None
    await cache.put(key, b"\x00\xff bytes", 60)
    assert await cache.get(key) == b"\x00\xff bytes"
    await cache.delete(key, unique_key())
    assert await cache.get(key) is None


async def test_all_values_of_a_prefix_are_deleted_and_no_others(cache: Cache) -> None:
    prefix = unique_key()
    keys = [f"{prefix}:a:{number}" for number in range(5)]
    for key in (*keys, f"{prefix}:b:1"):
        await cache.put(key, b"value", 60)
    assert await cache.delete_all(f"{prefix}:a:") == 5
    assert [await cache.get(key) for key in keys] == [None] * 5
    assert await cache.get(f"{prefix}:b:1") == b"value"
    assert await cache.delete_all(f"{prefix}:a:") == 0


async def test_redis_that_does_not_answer_is_reported_when_all_is_to_be_deleted() -> None:
    cache = RedisCache("redis://127.0.0.1:1/0")
    with pytest.raises(Unavailable):
        await cache.delete_all("v1:")


async def test_a_stored_value_expires(cache: Cache) -> None:
    key = unique_key()
    await cache.put(key, b"short-lived", 0.05)
    deadline = time.monotonic() + 5
    while await cache.get(key) is not None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_missing_key_is_claimed_once_until_it_is_stored_or_deleted() -> None:
    cache, key = RedisCache(require_backend("redis"), timeout=5), unique_key()
    for end_claim in (cache.delete(key), cache.put(key, b"value", 60)):
        assert await cache.get_or_claim(key, 60) == (None, True)
        assert await cache.get_or_claim(key, 60) == (None, False)
        assert await cache.get(key) is None
        await end_claim
    assert await cache.get_or_claim(key, 60) == (b"value", False)
    await cache.close()


async def test_a_claim_expires(cache: Cache) -> None:
    key = unique_key()
    assert await cache.get_or_claim(key, 0.05) == (None, True)

    async def is_claimable() -> bool:
        return await cache.get_or_claim(key, 0.05) == (None, True)

    await wait_until(is_claimable, interval=0.01)


async def test_the_check_describes_a_working_cache(cache: Cache) -> None:
    assert await cache.check()


async def test_concurrent_callers_share_one_response(cache: Cache) -> None:
    responses, request_key, calls = ResponseCache(cache), unique_key(), []

    async def make() -> bytes:
        calls.append(1)
        await asyncio.sleep(0.02)
        return b"response"

    results = await asyncio.gather(
        *(responses.get_or_make("test", request_key, 1, 60, make) for _ in range(100))
    )
    assert {result.body for result in results} == {b"response"}
    assert len(calls) == 1
    again = await responses.get_or_make("test", request_key, 1, 60, make)
    assert (again.status, len(calls)) == ("hit", 1)


async def test_a_new_generation_makes_a_new_response(cache: Cache) -> None:
    responses, request_key = ResponseCache(cache), unique_key()
    for generation in (1, 2):

        async def make(generation: int = generation) -> bytes:
            return str(generation).encode()

        response = await responses.get_or_make("test", request_key, generation, 60, make)
        assert response.body == str(generation).encode()


@pytest.mark.fault("cache-stampede")
async def test_processes_that_share_a_cache_make_one_response() -> None:
    caches = [RedisCache(require_backend("redis"), timeout=5) for _ in range(3)]
    processes = [ResponseCache(cache, max_wait_for_others=30.0) for cache in caches]
    request_key, calls = unique_key(), []

    async def make() -> bytes:
        calls.append(1)
        await asyncio.sleep(0.05)
        return b"response"

    requests = (
        p.get_or_make("test", request_key, 1, 60, make) for p in processes for _ in range(30)
    )
    assert {response.body for response in await asyncio.gather(*requests)} == {b"response"}
    assert len(calls) == 1
    for cache in caches:
        await cache.close()


async def test_after_waiting_for_a_dead_process_the_caller_makes_the_response() -> None:
    cache, request_key = RedisCache(require_backend("redis"), timeout=5), unique_key()
    assert await cache.get_or_claim(cache_key("test", request_key, 1), 60) == (None, True)

    async def make() -> bytes:
        return b"response"

    responses = ResponseCache(cache, max_wait_for_others=0.05)
    response = await responses.get_or_make("test", request_key, 1, 60, make)
    assert response.body == b"response"
    await cache.close()


@pytest.mark.fault("stale-cache-write")
async def test_a_response_made_before_a_change_is_not_served_after_it(
    cache: Cache, database: str
) -> None:
    """Even if it is stored after the change, and after the newer response."""
    responses, generation, request_key = ResponseCache(cache), Generation(), unique_key()
    facts, has_read, may_continue = ["old"], asyncio.Event(), asyncio.Event()

    async def make() -> bytes:
        return facts[-1].encode()

    async def make_slowly() -> bytes:
        body = await make()
        has_read.set()
        await may_continue.wait()
        return body

    async def request(make: Callable[[], Awaitable[bytes]] = make) -> CachedResponse:
        return await responses.get_or_make(
            "test", request_key, await generation.refresh(), 60, make
        )

    slow = asyncio.create_task(request(make_slowly))
    await has_read.wait()
    facts.append("new")
    await advance()
    assert (await request()).body == b"new"
    may_continue.set()
    assert (await slow).body == b"old", "a request from before the change may get the old response"
    assert await request() == CachedResponse(b"new", "hit")


async def test_a_restored_database_does_not_serve_responses_from_after_its_backup(
    cache: Cache, database: str
) -> None:
    responses, generation, request_key = ResponseCache(cache), Generation(), unique_key()

    async def request(fact: str) -> bytes:
        async def make() -> bytes:
            return fact.encode()

        return (
            await responses.get_or_make("test", request_key, await generation.refresh(), 60, make)
        ).body

    await advance()
    [backup] = await IndexState.all().values("name", "generation")
    for day in ("lost day 1", "lost day 2"):
        await advance()
        assert await request(day) == day.encode()
    await IndexState.filter(name=backup["name"]).update(generation=backup["generation"])
    for day in ("new day 1", "new day 2"):
        await advance()
        assert await request(day) == day.encode()


@pytest.mark.fault("cache-garbage")
@pytest.mark.parametrize(
    "garbage", [b"", b"\xff\x00", b'{"Cache-Control": "no-store"}\n{}', b"x" * 100_000]
)
async def test_a_value_that_is_not_ours_counts_as_missing_and_is_replaced(
    cache: Cache, garbage: bytes
) -> None:
    responses, request_key = ResponseCache(cache), unique_key()

    async def make() -> bytes:
        return b"response"

    key = cache_key("test", request_key, 1)
    await cache.put(key, garbage, 60)
    assert await responses.get_or_make("test", request_key, 1, 60, make) == CachedResponse(
        b"response", "miss"
    )
    assert await responses.get_or_make("test", request_key, 1, 60, make) == CachedResponse(
        b"response", "hit"
    )
    await responses.wait_until_stored()
    value = await cache.get(key)
    assert value is not None
    await cache.put(key, value[:-1] + b"?", 60)
    assert (await responses.get_or_make("test", request_key, 1, 60, make)).status == "miss"


@pytest.mark.fault("cache-garbage")
async def test_a_key_of_another_type_is_replaced_and_does_not_open_the_breaker() -> None:
    url, key = require_backend("redis"), unique_key()
    async with Redis.from_url(url) as redis:
        await redis.rpush(f"movies:{key}", "a list")
        cache = RedisCache(url, timeout=5)
        assert await cache.get(key) is None
        await redis.rpush(f"movies:{key}", "a list")
        assert await cache.get_or_claim(key, 60) == (None, True)
        await cache.put(key, b"bytes", 60)
        assert await cache.get(key) == b"bytes"
        await cache.close()


class SlowCache(MemoryCache):
    """Store values only once a test allows it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_store = asyncio.Event()

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await self.may_store.wait()
        await super().put(key, value, ttl)


async def test_no_caller_waits_until_a_response_is_stored() -> None:
    cache, calls = SlowCache(), []
    responses = ResponseCache(cache)

    async def make() -> bytes:
        calls.append(1)
        return b"response"

    async with asyncio.timeout(30):
        assert await responses.get_or_make("test", "q", 1, 60, make) == CachedResponse(
            b"response", "miss"
        )
        assert await responses.get_or_make("test", "q", 1, 60, make) == CachedResponse(
            b"response", "hit"
        )
    cache.may_store.set()
    await responses.wait_until_stored()
    assert await cache.get(cache_key("test", "q", 1)) is not None
    assert await responses.get_or_make("test", "q", 1, 60, make) == CachedResponse(
        b"response", "hit"
    )
    assert len(calls) == 1


async def test_a_response_invalidated_while_it_is_stored_stays_invalid() -> None:
    cache = SlowCache()
    responses = ResponseCache(cache)

    async def make() -> bytes:
        return b"response"

    await responses.get_or_make("test", "q", 1, 60, make)
    invalidation = asyncio.create_task(responses.invalidate("test", "q", 1))
    await asyncio.sleep(0)
    cache.may_store.set()
    await invalidation
    assert (await responses.get_or_make("test", "q", 1, 60, make)).status == "miss"


async def test_an_error_reaches_every_caller_and_is_not_cached(cache: Cache) -> None:
    responses, request_key = ResponseCache(cache), unique_key()

    async def fail() -> bytes:
        raise NotFound("nothing")

    async def make() -> bytes:
        return b"now"

    results = await asyncio.gather(
        *(responses.get_or_make("test", request_key, 1, 60, fail) for _ in range(5)),
        return_exceptions=True,
    )
    assert all(isinstance(result, NotFound) for result in results)
    assert (await responses.get_or_make("test", request_key, 1, 60, make)).body == b"now"


async def test_a_cancelled_caller_does_not_affect_the_others(cache: Cache) -> None:
    responses, request_key = ResponseCache(cache), unique_key()

    async def make() -> bytes:
        await asyncio.sleep(0.05)
        return b"response"

    cancelled = asyncio.create_task(responses.get_or_make("test", request_key, 1, 60, make))
    waiting = asyncio.create_task(responses.get_or_make("test", request_key, 1, 60, make))
    await asyncio.sleep(0.01)
    cancelled.cancel()
    assert (await waiting).body == b"response"


async def test_a_redis_that_is_down_or_silent_costs_little_time_and_no_error() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for port in (1, silent.getsockname()[1]):
            cache = RedisCache(f"redis://127.0.0.1:{port}/0")
            started_at = time.monotonic()
            for _ in range(200):
                assert await cache.get("x") is None
                await cache.put("x", b"y", 1)
                assert await cache.get_or_claim("x", 1) == (None, True)
            assert time.monotonic() - started_at < 15, (
                "a call takes 50 ms, then none is made for a second"
            )
            with pytest.raises(Unavailable):
                await cache.check()
            await cache.close()


async def test_an_unsupported_redis_version_is_reported() -> None:
    info = b"# Server\r\nredis_version:6.2.14\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while commands := await reader.read(1000):
            for _ in range(commands.count(b"*")):
                is_info = b"INFO\r\n" in commands.upper()
                writer.write(b"$%d\r\n%s\r\n" % (len(info), info) if is_info else b"-ERR\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        cache = RedisCache(f"redis://127.0.0.1:{port}/0?protocol=2")
        with pytest.raises(Unavailable, match=r"Redis is 6.2.14; the service needs version 7"):
            await cache.check()
        await cache.close()
