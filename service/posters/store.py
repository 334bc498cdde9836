"""Where finished posters lie, as a promise that a folder and a bucket both keep.

Keys hold the content's hash, so an object never changes, and writing it twice is harmless.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.errors import Misconfigured, Unavailable

RETRY_AFTER = 5.0  # seconds; told to clients while the store is away


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a store and when it was last written."""

    key: str
    written_at: datetime


class PosterStore(Protocol):
    """Bytes under keys like `<hash>/w342.jpg`.

    Every method raises `Unavailable`, or `Misconfigured` where asking again does not help; never
    a driver's error.
    """

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Keep `data`, whole or not at all; what was there under `key` is replaced."""

    async def get(self, key: str) -> bytes | None:
        """What lies under `key`, if anything does."""

    async def delete(self, key: str) -> None:
        """Forget `key`; it need not be there."""

    def objects(self) -> AsyncIterator[StoredObject]:
        """All objects, in no order."""

    async def check(self) -> str:
        """One line that says where posters go; the errors say why they cannot."""

    async def close(self) -> None:
        """Give up connections; safe to repeat."""


def object_key(key: str, size: str) -> str:
    """Where a size of the poster `key` lies in any store."""
    return f"{key}/{size}.jpg"


def store_unavailable(reason: str) -> Unavailable:
    """The store does not answer; later it may."""
    return Unavailable(
        f"The posters' store does not answer ({reason}).",
        code="posters_unavailable",
        retry_after=RETRY_AFTER,
    )


def store_misconfigured(reason: str) -> Misconfigured:
    """The store will not have us until an operator changes something."""
    return Misconfigured(f"The posters' store cannot be used: {reason}.", code="posters_refused")
