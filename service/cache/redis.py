"""A cache in Redis, shared by all processes, that is given up on in an instant.

Redis only saves time here, so waiting for it would be absurd: every call has 50 ms, and after a
failure nobody asks for a second. What comes back and is not ours counts as not there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from service.errors import Unavailable
from service.limits import (
    CACHE_BREAKER_RESET,
    CACHE_CONNECTIONS,
    CACHE_TIMEOUT,
    HEALTH_CHECK_TIMEOUT,
)
from service.resilience.circuit_breaker import CircuitBreaker

log = structlog.get_logger()

PREFIX = "movies:"
TOO_OLD = ("2", "3", "4", "5", "6")
CLAIMED = b"claimed"  # stands where a value will be put


class RedisCache:
    """Values in Redis under `movies:`."""

    def __init__(self, url: str, deadline: float = CACHE_TIMEOUT) -> None:
        self._url = url
        self._deadline = deadline
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CACHE_CONNECTIONS,
            timeout=deadline,
            socket_timeout=deadline,
            socket_connect_timeout=deadline,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = Redis.from_pool(pool)
        self._breaker = CircuitBreaker(1, CACHE_BREAKER_RESET)

    async def get(self, key: str) -> bytes | None:
        name = PREFIX + key
        found = await self._tried(lambda: self._ours(name, lambda: self._redis.get(name)))
        return found if isinstance(found, bytes) and found != CLAIMED else None

    async def get_or_claim(self, key: str, seconds: float) -> tuple[bytes | None, bool]:
        name, lasting = PREFIX + key, int(seconds * 1000)

        async def claimed() -> object:  # one trip; before version 7 Redis refuses it
            return await self._redis.set(name, CLAIMED, nx=True, get=True, px=lasting)

        found = await self._tried(lambda: self._ours(name, claimed))
        if found == CLAIMED:
            return None, False
        return (found, False) if isinstance(found, bytes) else (None, True)

    async def _ours(self, name: str, ask: Callable[[], Awaitable[object]]) -> object:
        """What is said of the name; something else than bytes there is removed, since it is no
        fault of Redis that would be over in a second.
        """
        try:
            return await ask()
        except ResponseError as refusal:
            if not str(refusal).startswith("WRONGTYPE"):
                raise
            await self._redis.delete(name)
            return await ask()

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        lasting = max(1, int(seconds * 1000))
        await self._tried(lambda: self._redis.set(PREFIX + key, value, px=lasting))

    async def drop(self, *keys: str) -> None:
        if keys:
            await self._tried(lambda: self._redis.delete(*(PREFIX + key for key in keys)))

    async def check(self) -> str:
        """Asked over a connection of its own with more time: slow is not away."""
        try:
            async with (
                asyncio.timeout(HEALTH_CHECK_TIMEOUT),
                Redis.from_url(self._url, retry=Retry(NoBackoff(), 0)) as redis,
            ):
                facts = await redis.info("server")
        except (RedisError, OSError, TimeoutError) as fault:
            raise Unavailable(
                f"Redis does not answer ({type(fault).__name__}); check CACHE_URL and the server.",
                code="cache_unavailable",
            ) from None
        version = str(facts.get("redis_version"))
        if version.partition(".")[0] in TOO_OLD:
            raise Unavailable(
                f"Redis is {version}; the service needs version 7.", code="cache_unavailable"
            )
        return f"Redis {version} answers"

    async def close(self) -> None:
        await self._redis.aclose()

    async def _tried(self, call: Callable[[], Awaitable[Any]], otherwise: Any = None) -> Any:
        if self._breaker.wait_time() > 0:
            return otherwise
        try:
            async with asyncio.timeout(self._deadline):
                reply = await call()
        except (RedisError, OSError, TimeoutError) as fault:
            self._breaker.record_failure()
            log.warning("cache_skipped", reason=type(fault).__name__, seconds=CACHE_BREAKER_RESET)
            return otherwise
        self._breaker.record_success()
        return reply
