"""The position in a list of results, signed into a text that the client sends back.

The server keeps no state. The signature covers the list that the position belongs to and the time
at which it expires.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from service.errors import ErrorCode, FieldError, Malformed

CURSOR_LIFETIME = 3_600  # seconds from one page to the next
MAX_CURSOR_LENGTH = 4_000  # characters; sorting by title carries a title of any script
SIGNATURE_BYTES = 16


class SignedCursors:
    """Encode and decode positions, each a list of values that JSON has.

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

    def encode(self, position: list[Any], list_key: str) -> str:
        """Return `position` as a URL-safe text, bound to the list that `list_key` names."""
        expires_at = int(self._now().timestamp()) + CURSOR_LIFETIME
        payload = orjson.dumps([*position, expires_at])
        signed = _sign(payload, list_key, self._key) + payload
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    def decode(self, text: str, list_key: str) -> list[Any]:
        """Return the position that `text` encodes.

        Raises:
            Malformed: the signature does not fit this list (`cursor_invalid`), or the cursor is
                too old (`cursor_expired`).
        """
        try:
            signed = base64.urlsafe_b64decode(text[:MAX_CURSOR_LENGTH] + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            signed = b""
        signature, payload = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
        if not any(
            hmac.compare_digest(signature, _sign(payload, list_key, key))
            for key in self._accepted_keys
        ):
            raise _cursor_error("The cursor does not belong to this list.", "cursor_invalid")
        *position, expires_at = orjson.loads(payload)
        if expires_at < self._now().timestamp():
            raise _cursor_error("The cursor has expired; start again.", "cursor_expired")
        return list(position)


def _derive_key(secret: str) -> bytes:
    return hashlib.sha256(b"cursors of lists:" + secret.encode()).digest()


def _sign(payload: bytes, list_key: str, key: bytes) -> bytes:
    list_hash = hashlib.blake2b(list_key.encode(), digest_size=16).digest()
    keyed = hashlib.blake2b(list_hash + payload, key=key, digest_size=SIGNATURE_BYTES)
    return keyed.digest()


def _cursor_error(detail: str, code: ErrorCode) -> Malformed:
    return Malformed(detail, code=code, errors=(FieldError("cursor", detail),))
