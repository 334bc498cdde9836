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

    def header(self) -> dict[str, str]:
        """`Cache-Status` as RFC 9211 writes it."""
        said = "movies; hit" if self.status == "hit" else "movies; fwd=miss"
        return {"Cache-Status": said}


class ResponseCache:
    """Bytes by scope and question, over any cache."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._making: dict[str, asyncio.Task[CachedResponse]] = {}  # until they are kept
        self._keeping: dict[str, asyncio.Task[None]] = {}

    async def get_or_make(
        self,
        scope: str,
        question: str,
        generation: int,
        seconds: float,
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
        key = cache_key(scope, question, generation)
        task = self._making.get(key)
        if task is None:
            task = asyncio.create_task(self._found_or_made(key, make, encode, is_cacheable))
            self._making[key] = task
            task.add_done_callback(lambda done: self._made(key, done, seconds, is_cacheable))
        elif task.done():  # it was made, and is being kept
            kept = CachedResponse(task.result().body, "hit")
            CACHE_REQUESTS.labels(scope, kept.status).inc()
            return kept
        kept = await asyncio.shield(task)
        CACHE_REQUESTS.labels(scope, kept.status).inc()
        return kept

    async def drop(self, scope: str, question: str, generation: int) -> None:
        """Drop one answer before its generation ends, for the reader of one's own write."""
        key = cache_key(scope, question, generation)
        if (keeping := self._keeping.get(key)) is not None:
            await asyncio.shield(keeping)
        await self._cache.drop(key)

    async def wait_until_stored(self) -> None:
        """Wait until all that was made is kept; called before the cache closes."""
        while self._keeping:
            await asyncio.wait(self._keeping.values())

    async def _found_or_made(
        self,
        key: str,
        make: Callable[[], Awaitable[Any]],
        encode: Callable[[Any], bytes],
        worth: Callable[[bytes], bool],
    ) -> CachedResponse:
        found, claimed = await self._found_or_claimed(key)
        if found is None and not claimed:
            found = await self._others(key)
        if found is not None:
            return CachedResponse(found, "hit")
        lasting = False
        try:
            body = encode(await make())
            lasting = worth(body)
        finally:
            if claimed and not lasting:  # nobody should wait for what will not come
                await self._cache.drop(key)
        return CachedResponse(body, "miss")

    async def _found_or_claimed(self, key: str) -> tuple[bytes | None, bool]:
        """The answer, or whether it is ours to make."""
        for _ in range(2):  # what is not ours is in the way once
            found, claimed = await self._cache.get_or_claim(key, MAX_WAIT_FOR_OTHERS * 4)
            if found is None:
                return None, claimed
            if (body := await self._opened(key, found)) is not None:
                return body, False
        return None, True

    async def _others(self, key: str) -> bytes | None:
        for _ in range(round(MAX_WAIT_FOR_OTHERS / POLL_INTERVAL)):
            await asyncio.sleep(POLL_INTERVAL)
            if (found := await self._cache.get(key)) is not None:
                return await self._opened(key, found)
        return None

    async def _opened(self, key: str, found: bytes) -> bytes | None:
        """What was kept; damaged, or never ours, it is dropped."""
        seal, body = found[:CHECKSUM_BYTES], found[CHECKSUM_BYTES:]
        if seal == _seal(body):
            return body
        log.warning("cache_garbage", key=key, size=len(found))
        await self._cache.drop(key)
        return None

    def _made(
        self,
        key: str,
        task: asyncio.Task[CachedResponse],
        seconds: float,
        worth: Callable[[bytes], bool],
    ) -> None:
        """Keep what is new and worth it, while those who asked have their answer already."""
        if not task.cancelled() and not task.exception():
            made = task.result()
            if made.status == "miss" and worth(made.body):
                self._keeping[key] = asyncio.create_task(self._keep(key, made.body, seconds))
                return
        self._making.pop(key, None)

    async def _keep(self, key: str, body: bytes, seconds: float) -> None:
        await asyncio.sleep(0)  # the answers go out first
        try:
            await self._cache.put(key, _seal(body) + body, seconds)
        finally:
            self._making.pop(key, None)
            self._keeping.pop(key, None)


def _seal(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=CHECKSUM_BYTES).digest()


def cache_key(scope: str, question: str, generation: int) -> str:
    digest = hashlib.blake2b(question.encode(), digest_size=16).hexdigest()
    return f"v{FORMAT_VERSION}:{scope}:{generation}:{digest}"
