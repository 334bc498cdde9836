"""A cache in Redis, shared by all processes, with a very short timeout.

Redis only saves time here, so waiting for it would defeat its purpose: every call has 50 ms, and
after a failure no call is made for a second. Values that are not ours count as missing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from service.errors import Unavailable
from service.limits import (
    CACHE_BREAKER_RESET,
    CACHE_CONNECTIONS,
    CACHE_TIMEOUT,
    HEALTH_CHECK_TIMEOUT,
)
from service.resilience.causes import describe_cause
from service.resilience.circuit_breaker import CircuitBreaker

log = structlog.get_logger()

KEY_PREFIX = "movies:"
UNSUPPORTED_MAJOR_VERSIONS = ("2", "3", "4", "5", "6")
DELETE_ALL_TIMEOUT = 5.0  # seconds to look through all keys
SCAN_COUNT = 1_000  # keys that Redis looks at in one step
CLAIM_MARKER = b"claimed"  # the placeholder of a value that is being made


class RedisCache:
    """Store values in Redis under `movies:`."""

    def __init__(self, url: str, timeout: float = CACHE_TIMEOUT) -> None:
        self._url = url
        self._timeout = timeout
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CACHE_CONNECTIONS,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = Redis.from_pool(pool)
        self._breaker = CircuitBreaker(1, CACHE_BREAKER_RESET)

    async def get(self, key: str) -> bytes | None:
        name = KEY_PREFIX + key
        value = await self._call(lambda: self._read_bytes(name, lambda: self._redis.get(name)))
        return value if isinstance(value, bytes) and value != CLAIM_MARKER else None

    async def get_or_claim(self, key: str, ttl: float) -> tuple[bytes | None, bool]:
        name, ttl_ms = KEY_PREFIX + key, int(ttl * 1000)

        async def get_or_set_marker() -> (
            object
        ):  # one round trip; Redis before version 7 rejects it
            return await self._redis.set(name, CLAIM_MARKER, nx=True, get=True, px=ttl_ms)

        value = await self._call(lambda: self._read_bytes(name, get_or_set_marker))
        if value == CLAIM_MARKER:
            return None, False
        return (value, False) if isinstance(value, bytes) else (None, True)

    async def _read_bytes(self, name: str, read: Callable[[], Awaitable[object]]) -> object:
        """Return what `read` returns; a key of another type is deleted first.

        Such a key is no fault of Redis, so it must not open the circuit breaker.
        """
        try:
            return await read()
        except ResponseError as error:
            if not str(error).startswith("WRONGTYPE"):
                raise
            await self._redis.delete(name)
            return await read()

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        ttl_ms = max(1, int(ttl * 1000))
        await self._call(lambda: self._redis.set(KEY_PREFIX + key, value, px=ttl_ms))

    async def delete(self, *keys: str) -> None:
        if keys:
            await self._call(lambda: self._redis.delete(*(KEY_PREFIX + key for key in keys)))

    async def delete_all(self, prefix: str) -> int:
        """Delete every key that begins with `prefix`; return their number.

        Raises:
            Unavailable: Redis does not answer.
        """
        deleted = 0
        async with self._patient_connection(DELETE_ALL_TIMEOUT) as redis:
            async for name in redis.scan_iter(match=f"{KEY_PREFIX}{prefix}*", count=SCAN_COUNT):
                deleted += await redis.unlink(name)
        return deleted

    async def check(self) -> str:
        """Return Redis's version.

        Raises:
            Unavailable: Redis does not answer, or is too old.
        """
        async with self._patient_connection(HEALTH_CHECK_TIMEOUT) as redis:
            server_info = await redis.info("server")
        version = str(server_info.get("redis_version"))
        if version.partition(".")[0] in UNSUPPORTED_MAJOR_VERSIONS:
            raise Unavailable(
                f"Redis is {version}; the service needs version 7.", code="cache_unavailable"
            )
        return f"Redis {version} answers"

    @asynccontextmanager
    async def _patient_connection(self, timeout: float) -> AsyncIterator["Redis"]:
        """Open a connection of its own with a longer timeout: a slow Redis still works.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            async with (
                asyncio.timeout(timeout),
                Redis.from_url(self._url, retry=Retry(NoBackoff(), 0)) as redis,
            ):
                yield redis
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(
                f"Redis does not answer: {_describe(error)}",
                code="cache_unavailable",
            ) from None

    async def close(self) -> None:
        await self._redis.aclose()

    async def _call(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Return the command's reply, or None if it fails or the circuit breaker is open."""
        if self._breaker.wait_time() > 0:
            return None
        try:
            async with asyncio.timeout(self._timeout):
                reply = await command()
        except (RedisError, OSError, TimeoutError) as error:
            self._breaker.record_failure()
            log.warning("cache_skipped", reason=_describe(error), seconds=CACHE_BREAKER_RESET)
            return None
        self._breaker.record_success()
        return reply


def _describe(error: Exception) -> str:
    """Return the cause and the next step."""
    if isinstance(error, AuthenticationError) or "NOAUTH" in str(error):
        return "it rejects the user or password; correct CACHE_URL"
    if "DB index is out of range" in str(error):
        return "it has no database of that number; correct CACHE_URL"
    return describe_cause(error, "check CACHE_URL and the server", "ssl_ca_certs=FILE in CACHE_URL")
