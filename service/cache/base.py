"""What a cache promises: little. It may forget, and it never makes anybody wait or fail."""

from typing import Protocol


class Cache(Protocol):
    """Bytes under keys, for some seconds. No method but `check` raises."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None if it is not there or cannot be had within 50 ms."""

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep the value for about `seconds`, if that can be done within 50 ms."""

    async def delete(self, *keys: str) -> None:
        """Forget these."""

    async def get_or_claim(self, key: str, ttl: float) -> tuple[bytes | None, bool]:
        """The value, and whether the caller is the one to put it there because there is none: of
        all who ask within `seconds`, or until it is dropped, one is. Who cannot be told is, too.
        """

    async def check(self) -> str:
        """One line on what this is and that it works. Raises `Unavailable`."""

    async def close(self) -> None:
        """Let go of connections; safe to repeat."""
