"""Remember requests by their `Idempotency-Key`, so that a retry creates nothing twice.

A request claims its key in one statement, for a few seconds: a process that is killed in between
does not block the key for longer. When the request has succeeded, its answer takes the place of the
claim and is kept for a day. A request that failed has created nothing, so its key is released, and
a retry runs again.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

import orjson

from service.clock import epoch_ms
from service.database import sql
from service.database.sql import fetch_rows
from service.errors import Conflict, Invalid
from service.limits import REQUEST_TIMEOUT

ANSWER_LIFETIME: Final = 24 * 3600.0  # seconds for which a retry gets the first answer
CLAIM_LIFETIME: Final = 2.0 * REQUEST_TIMEOUT  # of a request in flight; then its process is dead
RETRY_AFTER = 1.0  # seconds, for a client whose first request is still in flight

_CLAIM = """
INSERT INTO idempotent_requests (key, fingerprint, claim, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, claim = excluded.claim,
    expires_at = excluded.expires_at, status = NULL, headers = NULL, body = NULL
WHERE idempotent_requests.expires_at <= $5
RETURNING claim
"""
_SELECT = "SELECT fingerprint, status, headers, body FROM idempotent_requests WHERE key = $1"
_COMPLETE = """
UPDATE idempotent_requests SET status = $3, headers = $4, body = $5, expires_at = $6
WHERE key = $1 AND claim = $2
"""
_RELEASE = "DELETE FROM idempotent_requests WHERE key = $1 AND claim = $2"
_DELETE_EXPIRED = "DELETE FROM idempotent_requests WHERE expires_at <= $1"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What the first request with a key was answered with."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run the request of a key, unless it outlasts `CLAIM_LIFETIME`."""

    key: str
    token: str


class IdempotentRequests:
    """The keys of all processes, in the database.

    Args:
        secret: the key with which keys and bodies are hashed.
        now: the clock, aware UTC.
        claim_lifetime: seconds after which a request in flight counts as lost.
    """

    def __init__(
        self, secret: str, now: Callable[[], datetime], claim_lifetime: float = CLAIM_LIFETIME
    ) -> None:
        # A separate key, so that nothing signed elsewhere can pass for one of these hashes.
        self._secret = hmac.digest(secret.encode(), b"idempotent-requests", "sha256")
        self._now = now
        self._claim_lifetime_ms = int(claim_lifetime * 1000)

    def hash_text(self, *parts: str | bytes) -> str:
        """Return the keyed hash of these texts; where one ends and the next begins counts."""
        digest = hmac.new(self._secret, digestmod="sha256")
        for part in parts:
            encoded = part.encode() if isinstance(part, str) else part
            digest.update(len(encoded).to_bytes(8) + encoded)
        return digest.hexdigest()

    async def claim(self, key: str, fingerprint: str) -> Claim | StoredAnswer:
        """Return the right to run the request, or the answer that it has had before.

        Args:
            key: the hash of the caller, the address and the key.
            fingerprint: the hash of what was sent.

        Raises:
            Invalid: `idempotency_key_reused`; the key came with something else before.
            Conflict: `idempotency_key_in_use`; the first request is still in flight.
        """
        claim = Claim(key, uuid4().hex)
        while True:
            now_ms = epoch_ms(self._now())
            until_ms = now_ms + self._claim_lifetime_ms
            if await fetch_rows(_CLAIM, key, fingerprint, claim.token, until_ms, now_ms):
                return claim
            for row in await fetch_rows(_SELECT, key):  # none if it was released in between
                return _to_answer(row, fingerprint)

    async def complete(self, claim: Claim, answer: StoredAnswer) -> None:
        """Keep the answer for retries."""
        now_ms = epoch_ms(self._now())
        await fetch_rows(
            _COMPLETE,
            claim.key,
            claim.token,
            answer.status,
            orjson.dumps(answer.headers).decode(),
            answer.body,
            now_ms + int(ANSWER_LIFETIME * 1000),
        )

    async def release(self, claim: Claim) -> None:
        """Let a retry run again, since this request created nothing."""
        await fetch_rows(_RELEASE, claim.key, claim.token)


async def delete_expired_requests() -> None:
    """Delete the answers that no retry gets any more, and the claims of dead processes."""
    await fetch_rows(_DELETE_EXPIRED, await sql.now_ms())


def _to_answer(row: dict[str, object], fingerprint: str) -> StoredAnswer:
    if not hmac.compare_digest(str(row["fingerprint"]), fingerprint):
        raise Invalid(
            "This Idempotency-Key came with another body before.", code="idempotency_key_reused"
        )
    if row["status"] is None:
        raise Conflict(
            "The first request with this Idempotency-Key is still in flight.",
            code="idempotency_key_in_use",
            retry_after=RETRY_AFTER,
        )
    headers: dict[str, str] = orjson.loads(str(row["headers"]))
    return StoredAnswer(int(str(row["status"])), headers, str(row["body"]))
