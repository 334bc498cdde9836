"""Rendered responses that are made once and served to many callers.

A key holds its scope, the format version and the index generation, so a release or an index write
outdates older responses without touching them. Values that are damaged or not ours count as
missing. While one caller loads or makes a response, other callers of this process wait for the
same task, and other processes wait a moment for its result. No caller waits until a response is
stored.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from service.cache.base import Cache
from service.cache.ready_answers import ReadyAnswers
from service.observability.metrics import CACHE_REQUESTS

log = structlog.get_logger()

FORMAT_VERSION = 5  # raise it when the format of stored responses changes
CHECKSUM_BYTES = 8  # in front of each body; they tell our values from others
MAX_WAIT_FOR_OTHERS = 0.25  # seconds to wait for another process before making the response here
POLL_INTERVAL = 0.01  # seconds between two reads while waiting


CacheScope = Literal[
    "browse",
    "directors",
    "film",
    "genres",
    "omdb",
    "popular",
    "search",
    "similar",
    "suggest",
    "trending",
]
"""What responses are cached for; the routes of each share one key space."""


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A response body, and whether it came from the cache."""

    body: bytes
    status: Literal["hit", "miss"]

    def to_header(self) -> dict[str, str]:
        """Return the `Cache-Status` header (RFC 9211)."""
        value = "movies; hit" if self.status == "hit" else "movies; fwd=miss"
        return {"Cache-Status": value}


class ResponseCache:
    """Cache response bodies by scope, request and generation.

    Args:
        cache: where bodies are stored.
        max_wait_for_others: seconds to wait for another process that is making the response.

    Attributes:
        ready: the last answers of this process as they were sent.
    """

    def __init__(self, cache: Cache, max_wait_for_others: float = MAX_WAIT_FOR_OTHERS) -> None:
        self._cache = cache
        self._max_wait_for_others = max_wait_for_others
        self._in_flight: dict[str, asyncio.Task[CachedResponse]] = {}  # until they are stored
        self._storing: dict[str, asyncio.Task[None]] = {}
        self.ready = ReadyAnswers()

    async def get_or_make(
        self,
        scope: CacheScope,
        request_key: str,
        generation: int,
        ttl: float,
        make: Callable[[], Awaitable[Any]],
        *,
        encode: Callable[[Any], bytes] = bytes,
        is_cacheable: Callable[[bytes], bool] = lambda _: True,
    ) -> CachedResponse:
        """Return the cached response, or make it; raise what `make` raises.

        Args:
            ttl: seconds to keep the response.
            encode: turns what `make` returns into bytes.
            is_cacheable: whether to store a body. It sees only the body, because callers share it.
        """
        key = cache_key(scope, request_key, generation)
        task = self._in_flight.get(key)
        if task is None:
            task = asyncio.create_task(self._load_or_make(key, make, encode, is_cacheable))
            self._in_flight[key] = task
            task.add_done_callback(lambda task: self._on_made(key, task, ttl, is_cacheable))
        elif task.done():  # the response is made and being stored
            response = CachedResponse(task.result().body, "hit")
            CACHE_REQUESTS.labels(scope, response.status).inc()
            return response
        response = await asyncio.shield(task)
        CACHE_REQUESTS.labels(scope, response.status).inc()
        return response

    async def invalidate(self, scope: CacheScope, request_key: str, generation: int) -> None:
        """Delete one response before its generation ends, so that writers read their own write."""
        key = cache_key(scope, request_key, generation)
        if (storing := self._storing.get(key)) is not None:
            await asyncio.shield(storing)
        await self._cache.delete(key)

    async def clear(self, scope: CacheScope | None = None) -> int:
        """Delete all responses of a scope, or all; return their number. Raises Unavailable."""
        await self.wait_until_stored()
        self.ready.clear()
        return await self._cache.delete_all(f"v{FORMAT_VERSION}:{f'{scope}:' if scope else ''}")

    async def wait_until_stored(self) -> None:
        """Wait until every response that was made is stored; called before the cache closes."""
        while self._storing:
            await asyncio.wait(self._storing.values())

    async def _load_or_make(
        self,
        key: str,
        make: Callable[[], Awaitable[Any]],
        encode: Callable[[Any], bytes],
        is_cacheable: Callable[[bytes], bool],
    ) -> CachedResponse:
        cached, claimed = await self._load_or_claim(key)
        if cached is None and not claimed:
            cached = await self._wait_for_other_process(key)
        if cached is not None:
            return CachedResponse(cached, "hit")
        will_be_stored = False
        try:
            body = encode(await make())
            will_be_stored = is_cacheable(body)
        finally:
            if claimed and not will_be_stored:  # other processes must not wait in vain
                await self._cache.delete(key)
        return CachedResponse(body, "miss")

    async def _load_or_claim(self, key: str) -> tuple[bytes | None, bool]:
        """Return (body, claimed): the cached body, or None and whether this process makes it."""
        for _ in range(2):  # a value that is not ours is in the way once
            value, claimed = await self._cache.get_or_claim(key, self._max_wait_for_others * 4)
            if value is None:
                return None, claimed
            if (body := await self._unpack(key, value)) is not None:
                return body, False
        return None, True

    async def _wait_for_other_process(self, key: str) -> bytes | None:
        for _ in range(round(self._max_wait_for_others / POLL_INTERVAL)):
            await asyncio.sleep(POLL_INTERVAL)
            if (value := await self._cache.get(key)) is not None:
                return await self._unpack(key, value)
        return None

    async def _unpack(self, key: str, value: bytes) -> bytes | None:
        """Return the body; delete a value that is damaged or not ours and return None."""
        checksum, body = value[:CHECKSUM_BYTES], value[CHECKSUM_BYTES:]
        if checksum == _checksum(body):
            return body
        log.warning("cache_garbage", key=key, size=len(value))
        await self._cache.delete(key)
        return None

    def _on_made(
        self,
        key: str,
        task: asyncio.Task[CachedResponse],
        ttl: float,
        is_cacheable: Callable[[bytes], bool],
    ) -> None:
        """Start storing a new, cacheable response; the callers have it already."""
        if not task.cancelled() and not task.exception():
            response = task.result()
            if response.status == "miss" and is_cacheable(response.body):
                self._storing[key] = asyncio.create_task(self._store(key, response.body, ttl))
                return
        self._in_flight.pop(key, None)

    async def _store(self, key: str, body: bytes, ttl: float) -> None:
        await asyncio.sleep(0)  # send the responses first
        try:
            await self._cache.put(key, _checksum(body) + body, ttl)
        finally:
            self._in_flight.pop(key, None)
            self._storing.pop(key, None)


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=CHECKSUM_BYTES).digest()


def cache_key(scope: str, request_key: str, generation: int) -> str:
    """Return the key under which a response is stored."""
    digest = hashlib.blake2b(request_key.encode(), digest_size=16).hexdigest()
    return f"v{FORMAT_VERSION}:{scope}:{generation}:{digest}"
