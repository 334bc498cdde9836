"""What any cache promises, held against memory and Redis."""

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
    made = (
        MemoryCache()
        if request.param == "memory"
        else RedisCache(require_backend("redis"), timeout=5)
    )
    yield made
    await made.close()


def key() -> str:
    return uuid.uuid4().hex


async def test_what_was_put_is_there_until_dropped(cache: Cache) -> None:
    name = key()
    assert await cache.get(name) is None
    await cache.put(name, b"\x00\xff bytes", 60)
    assert await cache.get(name) == b"\x00\xff bytes"
    await cache.delete(name, key())
    assert await cache.get(name) is None


async def test_what_was_put_for_a_moment_is_gone_after_it(cache: Cache) -> None:
    name = key()
    await cache.put(name, b"soon gone", 0.05)
    deadline = time.monotonic() + 5
    while await cache.get(name) is not None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_what_is_not_there_is_claimed_once_until_it_is_put_or_dropped() -> None:
    cache, name = RedisCache(require_backend("redis"), timeout=5), key()
    for ends in (cache.delete(name), cache.put(name, b"value", 60)):
        assert await cache.get_or_claim(name, 60) == (None, True)
        assert await cache.get_or_claim(name, 60) == (None, False)
        assert await cache.get(name) is None
        await ends
    assert await cache.get_or_claim(name, 60) == (b"value", False)
    await cache.close()


async def test_a_claim_ends_with_its_time(cache: Cache) -> None:
    name = key()
    assert await cache.get_or_claim(name, 0.05) == (None, True)

    async def free() -> bool:
        return await cache.get_or_claim(name, 0.05) == (None, True)

    await wait_until(free, timeout=5, interval=0.01)


async def test_it_says_that_it_works(cache: Cache) -> None:
    assert await cache.check()


async def test_one_of_many_who_ask_at_once_makes_the_answer(cache: Cache) -> None:
    answers, question, made = ResponseCache(cache), key(), []

    async def make() -> bytes:
        made.append(1)
        await asyncio.sleep(0.02)
        return b"answer"

    kept = await asyncio.gather(
        *(answers.get_or_make("test", question, 1, 60, make) for _ in range(100))
    )
    assert {one.body for one in kept} == {b"answer"}
    assert len(made) == 1
    again = await answers.get_or_make("test", question, 1, 60, make)
    assert (again.status, len(made)) == ("hit", 1)


async def test_a_new_generation_asks_anew(cache: Cache) -> None:
    answers, question = ResponseCache(cache), key()
    for generation in (1, 2):

        async def make(said: int = generation) -> bytes:
            return str(said).encode()

        kept = await answers.get_or_make("test", question, generation, 60, make)
        assert kept.body == str(generation).encode()


@pytest.mark.fault(31, "a stampede on a hot key")
async def test_processes_that_share_a_cache_make_one_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.cache.response_cache.MAX_WAIT_FOR_OTHERS", 30.0)
    caches = [RedisCache(require_backend("redis"), timeout=5) for _ in range(3)]
    processes, question, made = [ResponseCache(cache) for cache in caches], key(), []

    async def make() -> bytes:
        made.append(1)
        await asyncio.sleep(0.05)
        return b"answer"

    asked = (p.get_or_make("test", question, 1, 60, make) for p in processes for _ in range(30))
    assert {kept.body for kept in await asyncio.gather(*asked)} == {b"answer"}
    assert len(made) == 1
    for cache in caches:
        await cache.close()


async def test_who_waits_for_a_process_that_died_makes_the_answer_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.cache.response_cache.MAX_WAIT_FOR_OTHERS", 0.05)
    cache, question = RedisCache(require_backend("redis"), timeout=5), key()
    assert await cache.get_or_claim(cache_key("test", question, 1), 60) == (None, True)

    async def make() -> bytes:
        return b"answer"

    assert (await ResponseCache(cache).get_or_make("test", question, 1, 60, make)).body == b"answer"
    await cache.close()


@pytest.mark.fault(35, "an answer made before a change")
async def test_an_answer_made_before_a_change_is_not_given_after_it(
    cache: Cache, database: str
) -> None:
    """Though it is put into the cache after the change, and after the newer answer."""
    answers, generation, question = ResponseCache(cache), Generation(), key()
    facts, read, goes_on = ["old"], asyncio.Event(), asyncio.Event()

    async def make() -> bytes:
        return facts[-1].encode()

    async def make_slowly() -> bytes:
        found = await make()
        read.set()
        await goes_on.wait()
        return found

    async def ask(making: Callable[[], Awaitable[bytes]] = make) -> CachedResponse:
        return await answers.get_or_make("test", question, await generation.refresh(), 60, making)

    slow = asyncio.create_task(ask(make_slowly))
    await read.wait()
    facts.append("new")
    await advance()
    assert (await ask()).body == b"new"
    goes_on.set()
    assert (await slow).body == b"old", "who asked before the change may be told what was before"
    assert await ask() == CachedResponse(b"new", "hit")


async def test_a_database_from_a_backup_does_not_give_answers_of_its_lost_days(
    cache: Cache, database: str
) -> None:
    answers, generation, question = ResponseCache(cache), Generation(), key()

    async def ask(fact: str) -> bytes:
        async def make() -> bytes:
            return fact.encode()

        return (
            await answers.get_or_make("test", question, await generation.refresh(), 60, make)
        ).body

    await advance()
    [backup] = await IndexState.all().values("name", "generation")
    for day in ("first lost day", "second lost day"):
        await advance()
        assert await ask(day) == day.encode()
    await IndexState.filter(name=backup["name"]).update(generation=backup["generation"])
    for day in ("another day", "and another"):
        await advance()
        assert await ask(day) == day.encode()


@pytest.mark.fault(32, "garbage in the cache")
@pytest.mark.parametrize(
    "garbage", [b"", b"\xff\x00", b'{"Cache-Control": "no-store"}\n{}', b"x" * 100_000]
)
async def test_what_is_not_ours_counts_as_not_there_and_is_replaced(
    cache: Cache, garbage: bytes
) -> None:
    answers, question = ResponseCache(cache), key()

    async def make() -> bytes:
        return b"answer"

    where = cache_key("test", question, 1)
    await cache.put(where, garbage, 60)
    assert await answers.get_or_make("test", question, 1, 60, make) == CachedResponse(
        b"answer", "miss"
    )
    assert await answers.get_or_make("test", question, 1, 60, make) == CachedResponse(
        b"answer", "hit"
    )
    await answers.wait_until_stored()
    kept = await cache.get(where)
    assert kept is not None
    await cache.put(where, kept[:-1] + b"?", 60)
    assert (await answers.get_or_make("test", question, 1, 60, make)).status == "miss"


@pytest.mark.fault(32, "garbage in the cache")
async def test_a_key_of_another_kind_is_replaced_and_stops_nothing() -> None:
    url, name = require_backend("redis"), key()
    async with Redis.from_url(url) as redis:
        await redis.rpush(f"movies:{name}", "a list")
        cache = RedisCache(url, timeout=5)
        assert await cache.get(name) is None
        await redis.rpush(f"movies:{name}", "a list")
        assert await cache.get_or_claim(name, 60) == (None, True)
        await cache.put(name, b"bytes", 60)
        assert await cache.get(name) == b"bytes"
        await cache.close()


class Slow(MemoryCache):
    """Keeps something when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self.goes_on.wait()
        await super().put(key, value, seconds)


async def test_nobody_waits_until_an_answer_is_kept() -> None:
    cache, made = Slow(), []
    answers = ResponseCache(cache)

    async def make() -> bytes:
        made.append(1)
        return b"answer"

    async with asyncio.timeout(30):
        assert await answers.get_or_make("test", "q", 1, 60, make) == CachedResponse(
            b"answer", "miss"
        )
        assert await answers.get_or_make("test", "q", 1, 60, make) == CachedResponse(
            b"answer", "hit"
        )
    cache.goes_on.set()
    await answers.wait_until_stored()
    assert await cache.get(cache_key("test", "q", 1)) is not None
    assert await answers.get_or_make("test", "q", 1, 60, make) == CachedResponse(b"answer", "hit")
    assert len(made) == 1


async def test_what_is_forgotten_while_it_is_being_kept_stays_forgotten() -> None:
    cache = Slow()
    answers = ResponseCache(cache)

    async def make() -> bytes:
        return b"answer"

    await answers.get_or_make("test", "q", 1, 60, make)
    forgetting = asyncio.create_task(answers.invalidate("test", "q", 1))
    await asyncio.sleep(0)
    cache.goes_on.set()
    await forgetting
    assert (await answers.get_or_make("test", "q", 1, 60, make)).status == "miss"


async def test_an_error_reaches_every_caller_and_is_not_kept(cache: Cache) -> None:
    answers, question = ResponseCache(cache), key()

    async def fail() -> bytes:
        raise NotFound("nothing")

    async def make() -> bytes:
        return b"now"

    results = await asyncio.gather(
        *(answers.get_or_make("test", question, 1, 60, fail) for _ in range(5)),
        return_exceptions=True,
    )
    assert all(isinstance(result, NotFound) for result in results)
    assert (await answers.get_or_make("test", question, 1, 60, make)).body == b"now"


async def test_a_caller_that_gives_up_takes_the_answer_from_nobody(cache: Cache) -> None:
    answers, question = ResponseCache(cache), key()

    async def make() -> bytes:
        await asyncio.sleep(0.05)
        return b"answer"

    hasty = asyncio.create_task(answers.get_or_make("test", question, 1, 60, make))
    patient = asyncio.create_task(answers.get_or_make("test", question, 1, 60, make))
    await asyncio.sleep(0.01)
    hasty.cancel()
    assert (await patient).body == b"answer"


async def test_a_redis_that_is_down_or_silent_costs_a_moment_and_no_error() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for port in (1, silent.getsockname()[1]):
            cache = RedisCache(f"redis://127.0.0.1:{port}/0")
            began = time.monotonic()
            for _ in range(200):
                assert await cache.get("x") is None
                await cache.put("x", b"y", 1)
                assert await cache.get_or_claim("x", 1) == (None, True)
            assert time.monotonic() - began < 5, "each call may take 50 ms, then a second's rest"
            with pytest.raises(Unavailable):
                await cache.check()
            await cache.close()


async def test_a_redis_that_is_too_old_is_told_so() -> None:
    told = b"# Server\r\nredis_version:6.2.14\r\n"

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while asked := await reader.read(1000):
            for _ in range(asked.count(b"*")):
                says_version = b"INFO\r\n" in asked.upper()
                writer.write(b"$%d\r\n%s\r\n" % (len(told), told) if says_version else b"-ERR\r\n")
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        cache = RedisCache(f"redis://127.0.0.1:{port}/0?protocol=2")
        with pytest.raises(Unavailable, match=r"Redis is 6.2.14; the service needs version 7"):
            await cache.check()
        await cache.close()
