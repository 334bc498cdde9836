"""Slows down those who guess passwords, by the name they try and by the address they come from.

A few failures cost nothing, for people mistype. From then on each one closes the door for twice
as long as the one before. Names that nobody has are counted like others, or the difference would
tell who has an account. What is counted is the failure, after the fact and in one statement, and
a verdict is only given to those who find the door open then: a thousand guesses sent at once
learn no more than the same few sent one after the other.
"""

import hashlib
import hmac
import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.accounts.models import LoginFailure
from service.clock import epoch_ms
from service.database.sql import fetch_rows
from service.errors import TooMany

MAX_NAME_FAILURES = 5  # in a row; a person who needs more has forgotten the password
MAX_ADDRESS_FAILURES = 30  # in a row; a household or an office may share one address
INITIAL_DELAY_MS = 10_000  # ms
MAX_DELAY_MS = 900_000  # ms: some hundred guesses a day, and an owner waits 15 min at worst
FAILURE_LIFETIME_MS = 3_600_000  # ms after the last failure
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
    """One login under way: the keys under which its failure would count."""

    name_key: str
    address_key: str


class LoginThrottle:
    """Counts failed logins, and refuses while there were too many.

    Args:
        secret: what the keys in the table are hashed with.
        now: the clock, aware UTC.
    """

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret = secret.encode()
        self._now = now

    def create_attempt(self, name: str, address: str) -> LoginAttempt:
        """A login under `name` (already folded) from the client's `address`."""
        return LoginAttempt(
            self._hash_key("name", name), self._hash_key("address", _client_network(address))
        )

    async def admit(self, attempt: LoginAttempt) -> None:
        """Return if the attempt counts at this moment.

        Raises:
            TooMany: there were too many failures; `retry_after` says when the next one counts.
        """
        now = epoch_ms(self._now())
        blocked_until = await self._blocked_until(attempt)
        if blocked_until > now:
            raise _too_many_logins(blocked_until - now)

    async def record_failure(self, attempt: LoginAttempt) -> None:
        """Count a wrong password. Raises `TooMany` if the attempt came too late to count."""
        now = epoch_ms(self._now())
        begun = False
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
            begun = begun or rows[0]["failures"] == 1
        if begun:
            # Each new row pays for the removal of old ones, so the table stays small by itself.
            await LoginFailure.filter(forgotten_at__lte=now).delete()

    async def record_success(self, attempt: LoginAttempt) -> None:
        """Forget the name's failures; the address's stay, or one's own account would clear it."""
        await LoginFailure.filter(
            key=attempt.name_key, blocked_until__lte=epoch_ms(self._now())
        ).delete()

    async def _blocked_until(self, attempt: LoginAttempt) -> int:
        until: int | None = (
            await fetch_rows(FIND_BLOCKED_UNTIL, attempt.name_key, attempt.address_key)
        )[0]["until"]
        return until or 0

    def _hash_key(self, kind: str, value: str) -> str:
        message = f"login-failure:{kind}:{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()


def _too_many_logins(wait_ms: int) -> TooMany:
    """The refusal of an attempt that may be repeated in `wait` ms."""
    return TooMany(
        "There were too many failed logins.",
        code="too_many_logins",
        retry_after=max(1, math.ceil(wait_ms / 1000)),
    )


def _client_network(address: str) -> str:
    """What one client commands: one IPv4 address, or a whole /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
