"""What every cache promises: it may lose values, and it never makes a caller wait or fail."""

from typing import Protocol


class Cache(Protocol):
    """Store bytes under keys for some seconds. Only `check` and `delete_all` raise."""

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None if it is missing or not available within 50 ms."""

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Store the value for about `ttl` seconds, if that is possible within 50 ms."""

    async def delete(self, *keys: str) -> None:
        """Delete these keys."""

    async def delete_all(self, prefix: str) -> int:
        """Delete every key that begins with `prefix`; return their number.

        Raises:
            Unavailable: the cache does not answer, so that some may be left.
        """

    async def get_or_claim(self, key: str, ttl: float) -> tuple[bytes | None, bool]:
        """Return (value, claimed).

        At most one caller claims a missing key per `ttl` seconds, unless the key is deleted. If the
        cache cannot tell, for instance because it is down, every caller claims the key.
        """

    async def check(self) -> str:
        """Return one line that describes the working cache.

        Raises:
            Unavailable: the cache does not work.
        """

    async def close(self) -> None:
        """Close connections; safe to repeat."""
