"""The interface of the poster store, which a folder and a bucket implement.

Keys contain the content's hash, so an object never changes, and writing it twice is harmless.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.errors import Misconfigured, Unavailable

RETRY_AFTER = 5.0  # seconds; sent to clients while the store is unavailable


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a store, and when it was last written."""

    key: str
    written_at: datetime


class PosterStore(Protocol):
    """Bytes under keys like `<hash>/w342.jpg`.

    Every method raises `Unavailable`, or `Misconfigured` if retrying cannot help; never an error
    of the driver.
    """

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store `data` atomically; replace what was there under `key`."""

    async def get(self, key: str) -> bytes | None:
        """Return the bytes under `key`, or None if there are none."""

    async def delete(self, key: str) -> None:
        """Delete `key`; it need not exist."""

    def list_objects(self) -> AsyncIterator[StoredObject]:
        """Yield all objects, in no particular order."""

    async def check(self) -> str:
        """Return one line that says where posters are kept; raise if they cannot be."""

    async def close(self) -> None:
        """Close the connections; safe to repeat."""


def object_key(poster_key: str, size: str) -> str:
    """Return the store's key for one size of a poster."""
    return f"{poster_key}/{size}.jpg"


def store_unavailable(reason: str) -> Unavailable:
    """Return the error for a store that does not answer but may later."""
    return Unavailable(
        f"The poster store is unavailable: {reason}.",
        code="posters_unavailable",
        retry_after=RETRY_AFTER,
    )


def store_misconfigured(reason: str) -> Misconfigured:
    """Return the error for a store that rejects the credentials or the bucket.

    Retrying cannot help; an operator must change something.
    """
    return Misconfigured(f"The poster store cannot be used: {reason}.", code="posters_refused")
