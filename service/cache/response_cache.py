"""Answers that are made once and given to many.

A key carries its scope, the shape's version and the index's generation, so that a release or a
write puts older answers out of use without touching them. What comes back damaged, or was never
ours, counts as not there. While one caller finds or makes an answer, the others of this process
wait for that very task, and other processes wait a moment for its result. Nobody waits for an
answer to be kept.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from service.cache.base import Cache
from service.observability.metrics import CACHE_REQUESTS

log = structlog.get_logger()

FORMAT_VERSION = 4  # raise it when what is kept changes its form
CHECKSUM_BYTES = 8  # in front of each value, to recognize values written by others
MAX_WAIT_FOR_OTHERS = 0.25  # seconds to wait for another process's answer before making one's own
POLL_INTERVAL = 0.01  # seconds between two looks at it


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """An answer's bytes, and whether they were there already."""

    body: bytes
    status: Literal["hit", "miss"]

    def to_header(self) -> dict[str, str]:
        """`Cache-Status` as RFC 9211 writes it."""
        value = "movies; hit" if self.status == "hit" else "movies; fwd=miss"
        return {"Cache-Status": value}


class ResponseCache:
    """Bytes by scope and question, over any cache."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._in_flight: dict[str, asyncio.Task[CachedResponse]] = {}  # until they are kept
        self._storing: dict[str, asyncio.Task[None]] = {}

    async def get_or_make(
        self,
        scope: str,
        request_key: str,
        generation: int,
        ttl: float,
        make: Callable[[], Awaitable[Any]],
        *,
        encode: Callable[[Any], bytes] = bytes,
        is_cacheable: Callable[[bytes], bool] = lambda _: True,
    ) -> CachedResponse:
        """The answer to `question`, kept or made now; raises what `make` raises.

        Args:
            encode: turns what `make` returns into bytes.
            worth: whether an answer is worth keeping; told from its bytes, since callers share it.
        """
        key = cache_key(scope, request_key, generation)
        task = self._in_flight.get(key)
        if task is None:
            task = asyncio.create_task(self._load_or_make(key, make, encode, is_cacheable))
            self._in_flight[key] = task
            task.add_done_callback(lambda done: self._on_made(key, done, ttl, is_cacheable))
        elif task.done():  # it was made, and is being kept
            response = CachedResponse(task.result().body, "hit")
            CACHE_REQUESTS.labels(scope, response.status).inc()
            return response
        response = await asyncio.shield(task)
        CACHE_REQUESTS.labels(scope, response.status).inc()
        return response

    async def invalidate(self, scope: str, request_key: str, generation: int) -> None:
        """Drop one answer before its generation ends, for the reader of one's own write."""
        key = cache_key(scope, request_key, generation)
        if (storing := self._storing.get(key)) is not None:
            await asyncio.shield(storing)
        await self._cache.delete(key)

    async def wait_until_stored(self) -> None:
        """Wait until all that was made is kept; called before the cache closes."""
        while self._storing:
            await asyncio.wait(self._storing.values())

    async def _load_or_make(
        self,
        key: str,
        make: Callable[[], Awaitable[Any]],
        encode: Callable[[Any], bytes],
        is_cacheable: Callable[[bytes], bool],
    ) -> CachedResponse:
        found, claimed = await self._load_or_claim(key)
        if found is None and not claimed:
            found = await self._wait_for_other_process(key)
        if found is not None:
            return CachedResponse(found, "hit")
        stored = False
        try:
            body = encode(await make())
            stored = is_cacheable(body)
        finally:
            if claimed and not stored:  # nobody should wait for what will not come
                await self._cache.delete(key)
        return CachedResponse(body, "miss")

    async def _load_or_claim(self, key: str) -> tuple[bytes | None, bool]:
        """The answer, or whether it is ours to make."""
        for _ in range(2):  # what is not ours is in the way once
            value, claimed = await self._cache.get_or_claim(key, MAX_WAIT_FOR_OTHERS * 4)
            if value is None:
                return None, claimed
            if (body := await self._unpack(key, value)) is not None:
                return body, False
        return None, True

    async def _wait_for_other_process(self, key: str) -> bytes | None:
        for _ in range(round(MAX_WAIT_FOR_OTHERS / POLL_INTERVAL)):
            await asyncio.sleep(POLL_INTERVAL)
            if (value := await self._cache.get(key)) is not None:
                return await self._unpack(key, value)
        return None

    async def _unpack(self, key: str, value: bytes) -> bytes | None:
        """What was kept; damaged, or never ours, it is dropped."""
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
        """Keep what is new and worth it, while those who asked have their answer already."""
        if not task.cancelled() and not task.exception():
            response = task.result()
            if response.status == "miss" and is_cacheable(response.body):
                self._storing[key] = asyncio.create_task(self._store(key, response.body, ttl))
                return
        self._in_flight.pop(key, None)

    async def _store(self, key: str, body: bytes, ttl: float) -> None:
        await asyncio.sleep(0)  # the answers go out first
        try:
            await self._cache.put(key, _checksum(body) + body, ttl)
        finally:
            self._in_flight.pop(key, None)
            self._storing.pop(key, None)


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=CHECKSUM_BYTES).digest()


def cache_key(scope: str, request_key: str, generation: int) -> str:
    digest = hashlib.blake2b(request_key.encode(), digest_size=16).hexdigest()
    return f"v{FORMAT_VERSION}:{scope}:{generation}:{digest}"
