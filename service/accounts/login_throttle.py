"""Slow down password guessing, per login name and per client network.

A few failures cost nothing, because people mistype. From then on each failure doubles the delay.
Unknown names are counted like known ones; otherwise the difference would reveal who has an
account. A failure is counted after the password check, in one statement, and the result is only
revealed if the attempt is not blocked at that moment: a thousand concurrent guesses learn no more
than the same few guesses in sequence.
"""

import hashlib
import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.accounts.models import LoginFailure
from service.addresses import client_network
from service.clock import epoch_ms
from service.database.sql import fetch_rows
from service.errors import TooMany

MAX_NAME_FAILURES = 5  # in a row without a delay; a person who needs more forgot the password
MAX_ADDRESS_FAILURES = 30  # in a row; a household or an office may share one address
INITIAL_DELAY_MS = 10_000
MAX_DELAY_MS = 900_000  # allows about a hundred guesses a day; the owner waits 15 min at most
FAILURE_LIFETIME_MS = 3_600_000  # after the last failure
MAX_DOUBLINGS = (MAX_DELAY_MS // INITIAL_DELAY_MS).bit_length()

COUNT_FAILURE = """
    INSERT INTO login_failures (key, failures, blocked_until, forgotten_at)
    VALUES ($1, 1, 0, $3)
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE
            WHEN login_failures.forgotten_at <= $2 THEN 1
            ELSE login_failures.failures + 1 END,
        blocked_until = CASE
            WHEN login_failures.forgotten_at <= $2 THEN 0
            WHEN login_failures.failures + 1 < CAST($4 AS INT) THEN 0
            WHEN login_failures.failures + 1 - CAST($4 AS INT) >= CAST($6 AS INT)
                THEN CAST($2 AS BIGINT) + CAST($7 AS BIGINT)
            ELSE CAST($2 AS BIGINT)
                + (CAST($5 AS BIGINT) << (login_failures.failures + 1 - CAST($4 AS INT))) END,
        forgotten_at = $3
    WHERE login_failures.blocked_until <= $2
    RETURNING failures
"""
FIND_BLOCKED_UNTIL = "SELECT MAX(blocked_until) AS until FROM login_failures WHERE key IN ($1, $2)"


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A login in progress: the keys under which its failure is counted."""

    name_key: str
    address_key: str


class LoginThrottle:
    """Count failed logins, and refuse further ones while there are too many.

    Args:
        secret: the key with which the table's keys are hashed.
        now: the clock, aware UTC.
    """

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret = secret.encode()
        self._now = now

    def create_attempt(self, name: str, address: str) -> LoginAttempt:
        """Return the attempt to log in as `name` (already folded) from the client's `address`."""
        network = client_network(address)
        return LoginAttempt(self._hash_key("name", name), self._hash_key("address", network))

    async def admit(self, attempt: LoginAttempt) -> None:
        """Return if the attempt is not blocked at this moment.

        Raises:
            TooMany: there were too many failures; `retry_after` says when the block ends.
        """
        now = epoch_ms(self._now())
        blocked_until = await self._blocked_until(attempt)
        if blocked_until > now:
            raise _too_many_logins(blocked_until - now)

    async def record_failure(self, attempt: LoginAttempt) -> None:
        """Count a wrong password.

        Raises:
            TooMany: the attempt has been blocked in the meantime, so it is not counted.
        """
        now = epoch_ms(self._now())
        has_new_row = False
        for key, max_failures in (
            (attempt.name_key, MAX_NAME_FAILURES),
            (attempt.address_key, MAX_ADDRESS_FAILURES),
        ):
            rows = await fetch_rows(
                COUNT_FAILURE,
                key,
                now,
                now + FAILURE_LIFETIME_MS,
                max_failures,
                INITIAL_DELAY_MS,
                MAX_DOUBLINGS,
                MAX_DELAY_MS,
            )
            if not rows:
                raise _too_many_logins(await self._blocked_until(attempt) - now)
            has_new_row = has_new_row or rows[0]["failures"] == 1
        if has_new_row:
            # Each new row triggers the removal of expired ones, so the table stays small.
            await LoginFailure.filter(forgotten_at__lte=now).delete()

    async def record_success(self, attempt: LoginAttempt) -> None:
        """Forget the name's failures.

        The address's failures stay; otherwise attackers could clear them with their own account.
        """
        await LoginFailure.filter(
            key=attempt.name_key, blocked_until__lte=epoch_ms(self._now())
        ).delete()

    async def _blocked_until(self, attempt: LoginAttempt) -> int:
        rows = await fetch_rows(FIND_BLOCKED_UNTIL, attempt.name_key, attempt.address_key)
        return rows[0]["until"] or 0

    def _hash_key(self, kind: str, value: str) -> str:
        message = f"login-failure:{kind}:{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()


def _too_many_logins(wait_ms: int) -> TooMany:
    return TooMany(
        "There were too many failed logins.",
        code="too_many_logins",
        retry_after=max(1, math.ceil(wait_ms / 1000)),
    )
