"""A cache in this process, for installations of one API worker."""

import time

from cachetools import TLRUCache

MOST_BYTES = 64 * 2**20  # of values; keys and bookkeeping come on top, some tenth of it


class MemoryCache:
    """Values in a bounded dictionary; the least used go first."""

    def __init__(self) -> None:
        self._values: TLRUCache[str, tuple[bytes, float]] = TLRUCache(
            maxsize=MOST_BYTES,
            ttu=lambda _key, value, now: now + value[1],
            timer=time.monotonic,
            getsizeof=lambda value: len(value[0]) + 100,
        )

    async def get(self, key: str) -> bytes | None:
        found = self._values.get(key)
        return found[0] if found else None

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        if len(value) < MOST_BYTES // 16:
            self._values[key] = (value, seconds)

    async def drop(self, *keys: str) -> None:
        for key in keys:
            self._values.pop(key, None)

    async def get_or_claim(self, key: str, seconds: float) -> tuple[bytes | None, bool]:
        found = await self.get(key)
        return found, found is None

    async def check(self) -> str:
        return f"memory of this process, {len(self._values)} answers kept"

    async def close(self) -> None:
        self._values.clear()
