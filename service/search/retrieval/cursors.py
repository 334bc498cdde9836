"""Where a walk through a list stands, sealed into a text that the client brings back.

The server keeps nothing. A place is what the last film was ordered by, its votes and its id, so
films that come and go elsewhere move nothing. The first hundred results stand in the order of the
second look, which is no engine's: until they are all shown, the walk also carries which of them
were, five bytes each. The seal covers the question and the time until which the walk may go on.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import orjson

from service.errors import FieldError, Malformed
from service.search.criteria.sorting import SortKey

CURSOR_LIFETIME = 3_600  # seconds that a walk may rest
MAX_CURSOR_LENGTH = 4_000  # characters of a cursor; one by title holds a title of any script
FINGERPRINT_BYTES = 5  # bytes of an id; among a hundred films two are the same once in 10⁸ walks
SIGNATURE_BYTES = 16  # bytes

MatchStage = Literal["exact", "guessed", "loose"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How to go on: by which plan, after which place, past how many films.

    `shown` has the marks of those of the first hits that were shown; then `place` is where the
    first hits end."""

    stage: MatchStage
    sort_key: SortKey
    count: int
    shown: bytes = b""

    def has_returned(self, film_id: str) -> bool:
        """Whether the film is among those that were shown."""
        found = id_fingerprint(film_id)
        return any(
            self.shown[i : i + FINGERPRINT_BYTES] == found
            for i in range(0, len(self.shown), FINGERPRINT_BYTES)
        )


def id_fingerprint(film_id: str) -> bytes:
    """The end of an id, which is random."""
    return UUID(film_id).bytes[-FINGERPRINT_BYTES:]


class CursorCodec:
    """Seals and opens walks. The key is made from `secret`; the clock is given."""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._key = hashlib.sha256(b"cursors of lists:" + secret.encode()).digest()
        self._now = now

    def encode(self, walk: Cursor, question: str) -> str:
        """The walk through the answers to `question` as a text for an address."""
        shown = base64.b64encode(walk.shown).decode()
        until = int(self._now().timestamp()) + CURSOR_LIFETIME
        packed = orjson.dumps([walk.stage, walk.sort_key, walk.count, shown, until])
        sealed = self._sign(packed, question) + packed
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def decode(self, cursor: str, question: str) -> Cursor:
        """The walk that was sealed.

        Raises:
            Malformed: the text is not one of ours, or was given for another question
                (`cursor_invalid`), or is too old (`cursor_expired`).
        """
        try:
            sealed = base64.urlsafe_b64decode(cursor[:MAX_CURSOR_LENGTH] + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            sealed = b""
        seal, packed = sealed[:SIGNATURE_BYTES], sealed[SIGNATURE_BYTES:]
        if not hmac.compare_digest(seal, self._sign(packed, question)):
            raise _refused("The cursor is not one of this list.", "cursor_invalid")
        rung, place, count, shown, until = orjson.loads(packed)
        if until < self._now().timestamp():
            raise _refused("The cursor is too old; start again.", "cursor_expired")
        return Cursor(rung, tuple(place), count, base64.b64decode(shown))

    def _sign(self, packed: bytes, question: str) -> bytes:
        asked = hashlib.blake2b(question.encode(), digest_size=16).digest()
        return hashlib.blake2b(asked + packed, key=self._key, digest_size=SIGNATURE_BYTES).digest()


def _refused(detail: str, code: str) -> Malformed:
    return Malformed(detail, code=code, errors=(FieldError("cursor", detail),))
