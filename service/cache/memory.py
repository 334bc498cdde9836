"""A cache in this process's memory, for installations with one API worker."""

import time

from cachetools import TLRUCache

MAX_BYTES = 64 * 2**20  # of values; keys and bookkeeping add about a tenth


class MemoryCache:
    """Keep values in a bounded dictionary and evict the least recently used ones."""

    def __init__(self) -> None:
        self._values: TLRUCache[str, tuple[bytes, float]] = TLRUCache(
            maxsize=MAX_BYTES,
            ttu=lambda _key, entry, now: now + entry[1],
            timer=time.monotonic,
            getsizeof=lambda entry: len(entry[0]) + 100,
        )

    async def get(self, key: str) -> bytes | None:
        entry = self._values.get(key)
        return entry[0] if entry else None

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        if len(value) < MAX_BYTES // 16:
            self._values[key] = (value, ttl)

    async def delete(self, *keys: str) -> None:
        for key in keys:
            self._values.pop(key, None)

    async def delete_all(self, prefix: str) -> int:
        keys = [key for key in self._values if key.startswith(prefix)]
        await self.delete(*keys)
        return len(keys)

    async def get_or_claim(self, key: str, ttl: float) -> tuple[bytes | None, bool]:
        value = await self.get(key)
        return value, value is None

    async def check(self) -> str:
        return f"memory of this process, {len(self._values)} entries"

    async def close(self) -> None:
        self._values.clear()
