"""The position in a list of results, signed into a text that the client sends back.

The server keeps no state. A sort key is what the last film was ordered by, its votes and its id, so
films that come and go elsewhere move nothing. The rerank window is not in any engine's order: until
all of it has been returned, the cursor also carries which of its films were, five bytes each. The
signature covers the search that the cursor belongs to and the time at which it expires.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import orjson

from service.errors import ErrorCode, FieldError, Malformed
from service.search.criteria.sorting import SortKey

CURSOR_LIFETIME = 3_600  # seconds from one page to the next
MAX_CURSOR_LENGTH = 4_000  # characters; sorting by title carries a title of any script
FINGERPRINT_BYTES = 5  # of an id; among a hundred films two collide once in 10⁸ lists
SIGNATURE_BYTES = 16


class MatchStage(StrEnum):
    """How far a plan departs from the words as typed. The values are written into cursors."""

    EXACT = "exact"
    FUZZY = "guessed"
    RELAXED = "loose"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where to continue: in which stage, behind which sort key, after how many films.

    `returned` holds the fingerprints of those films of the rerank window that were returned; while
    it is set, `sort_key` is the end of the window.
    """

    stage: MatchStage
    sort_key: SortKey
    count: int
    returned: bytes = b""

    def has_returned(self, film_id: str) -> bool:
        """Return whether the film of the rerank window was returned already."""
        fingerprint = id_fingerprint(film_id)
        return any(
            self.returned[start : start + FINGERPRINT_BYTES] == fingerprint
            for start in range(0, len(self.returned), FINGERPRINT_BYTES)
        )


def id_fingerprint(film_id: str) -> bytes:
    """Return the last bytes of an id, which are random."""
    return UUID(film_id).bytes[-FINGERPRINT_BYTES:]


class CursorCodec:
    """Encode and decode signed cursors.

    Args:
        secret: the signing key is derived from it.
        now: the time, aware.
        previous_secret: the secret before this one, whose cursors stay valid.
    """

    def __init__(
        self, secret: str, now: Callable[[], datetime], previous_secret: str | None = None
    ) -> None:
        self._key = _derive_key(secret)
        self._accepted_keys = (
            (self._key, _derive_key(previous_secret)) if previous_secret else (self._key,)
        )
        self._now = now

    def encode(self, cursor: Cursor, search_key: str) -> str:
        """Return `cursor` as a URL-safe text, bound to the search that `search_key` names."""
        returned = base64.b64encode(cursor.returned).decode()
        expires_at = int(self._now().timestamp()) + CURSOR_LIFETIME
        payload = orjson.dumps([cursor.stage, cursor.sort_key, cursor.count, returned, expires_at])
        signed = _sign(payload, search_key, self._key) + payload
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    def decode(self, text: str, search_key: str) -> Cursor:
        """Return the cursor that `text` encodes.

        Raises:
            Malformed: the signature does not fit this search (`cursor_invalid`), or the cursor is
                too old (`cursor_expired`).
        """
        try:
            signed = base64.urlsafe_b64decode(text[:MAX_CURSOR_LENGTH] + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            signed = b""
        signature, payload = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
        if not any(
            hmac.compare_digest(signature, _sign(payload, search_key, key))
            for key in self._accepted_keys
        ):
            raise _cursor_error("The cursor does not belong to this list.", "cursor_invalid")
        stage, sort_key, count, returned, expires_at = orjson.loads(payload)
        if expires_at < self._now().timestamp():
            raise _cursor_error("The cursor has expired; start again.", "cursor_expired")
        return Cursor(MatchStage(stage), tuple(sort_key), count, base64.b64decode(returned))


def _derive_key(secret: str) -> bytes:
    return hashlib.sha256(b"cursors of lists:" + secret.encode()).digest()


def _sign(payload: bytes, search_key: str, key: bytes) -> bytes:
    search_hash = hashlib.blake2b(search_key.encode(), digest_size=16).digest()
    keyed = hashlib.blake2b(search_hash + payload, key=key, digest_size=SIGNATURE_BYTES)
    return keyed.digest()


def _cursor_error(detail: str, code: ErrorCode) -> Malformed:
    return Malformed(detail, code=code, errors=(FieldError("cursor", detail),))
