"""Slow down password guessing, per account and client network.

A few failures cost nothing, because people mistype. From then on each failure doubles the pause,
for this account from this network alone: nobody can lock somebody else out. Against guesses from
many networks, an account is paused for all after many failures in an hour, except for networks that
logged in to it lately, where its owner most likely is.

Unknown names are counted like known ones; otherwise the difference would reveal who has an account.
A failure is counted after the password check, in one statement, and the result is only revealed if
the attempt is not blocked at that moment: a thousand concurrent guesses learn no more than the same
few guesses in sequence. The database counts, for all processes.
"""

import hashlib
import hmac
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from service.accounts.models import KnownNetwork, LoginFailure, User, account_subject
from service.addresses import client_network
from service.audit.log import record
from service.clock import epoch_ms
from service.database.sql import fetch_rows, to_id_parameter
from service.database.transactions import run_uncancelled
from service.errors import TooMany

MAX_FREE_FAILURES = 5  # in a row without a pause; a person who needs more forgot the password
INITIAL_PAUSE_MS = 10_000
MAX_PAUSE_MS = 900_000  # allows about a hundred guesses a day; the owner waits 15 min at most
FAILURE_LIFETIME_MS = 3_600_000  # after the last failure of an account from a network
MAX_DOUBLINGS = (MAX_PAUSE_MS // INITIAL_PAUSE_MS).bit_length()
MAX_ACCOUNT_FAILURES = 50  # in an hour, from all networks together
ACCOUNT_WINDOW_MS = 3_600_000
KNOWN_NETWORK_LIFETIME = timedelta(days=30)  # after the last login from there

COUNT_FAILURE = """
    INSERT INTO login_failures (key, account_key, failures, blocked_until, forgotten_at)
    VALUES ($1, $2, 1, 0, $4), ($2, $2, 1, 0, $5)
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE
            WHEN login_failures.forgotten_at <= $3 THEN 1
            ELSE login_failures.failures + 1 END,
        blocked_until = CASE
            WHEN login_failures.forgotten_at <= $3 THEN 0
            WHEN login_failures.key = login_failures.account_key THEN CASE
                WHEN login_failures.failures + 1 < CAST($6 AS INT) THEN 0
                ELSE login_failures.forgotten_at END
            WHEN login_failures.failures + 1 < CAST($7 AS INT) THEN 0
            WHEN login_failures.failures + 1 - CAST($7 AS INT) >= CAST($9 AS INT)
                THEN CAST($3 AS BIGINT) + CAST($10 AS BIGINT)
            ELSE CAST($3 AS BIGINT)
                + (CAST($8 AS BIGINT) << (login_failures.failures + 1 - CAST($7 AS INT))) END,
        forgotten_at = CASE
            WHEN login_failures.key = login_failures.account_key
                AND login_failures.forgotten_at > $3 THEN login_failures.forgotten_at
            ELSE excluded.forgotten_at END
    WHERE login_failures.blocked_until <= $3
    RETURNING key, failures, blocked_until
"""
"""Counts in the row of account and network, and in that of the account, whose hour begins with its
first failure. A row that is blocked is not returned."""

NOTE_LOGIN = """
    INSERT INTO known_networks (key, user_id, logged_in_at) VALUES ($1, $2, $3)
    ON CONFLICT (key) DO UPDATE SET logged_in_at = excluded.logged_in_at
"""
FIND_PAUSES = """
    SELECT
        (SELECT blocked_until FROM login_failures WHERE key = $1) AS pair_until,
        (SELECT blocked_until FROM login_failures WHERE key = $2) AS account_until,
        (SELECT logged_in_at FROM known_networks WHERE key = $3) AS logged_in_at
"""


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A login in progress, and the keys under which its failure is counted."""

    user: User | None
    pair_key: str
    account_key: str
    network_key: str
    """Names the account and the network among those that logged in to it."""


class LoginThrottle:
    """Count failed logins, and refuse further ones while there are too many.

    Args:
        secret: the key with which the tables' keys are hashed.
        now: the clock, aware UTC.
    """

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret = secret.encode()
        self._now = now

    def create_attempt(self, user: User | None, name: str, address: str) -> LoginAttempt:
        """Return the attempt to log in as `user` from the client's `address`.

        Args:
            user: the account of this name or address; None if there is none.
            name: what the client calls the account, folded.
        """
        account = f"name:{name}" if user is None else f"id:{user.id}"
        network = client_network(address)
        return LoginAttempt(
            user,
            pair_key=self._hash_key("pair", f"{network} {account}"),
            account_key=self._hash_key("account", account),
            network_key=self._hash_key("known", f"{network} {account}"),
        )

    async def admit(self, attempt: LoginAttempt) -> None:
        """Return if the attempt is not blocked at this moment.

        Raises:
            TooMany: there were too many failures; `retry_after` says when the pause ends.
        """
        self._require_past(max(await self._find_pauses(attempt)))

    async def record_failure(self, attempt: LoginAttempt) -> None:
        """Count a wrong password.

        Nothing comes before the one statement that counts: the next attempt may have succeeded.

        Raises:
            TooMany: the attempt has been blocked in the meantime.
        """
        now_ms = epoch_ms(self._now())
        rows = await self._count(attempt, now_ms)
        counted = {row["key"] for row in rows}
        if counted != {attempt.pair_key, attempt.account_key}:
            pair_until, account_until = await self._find_pauses(attempt)
            # This failure itself may have begun the pause of the network.
            is_pair_counted = attempt.pair_key in counted
            self._require_past(account_until if is_pair_counted else max(pair_until, account_until))
        for row in rows:
            if row["blocked_until"] > now_ms:
                is_account = row["key"] == attempt.account_key
                await _record_pause(attempt, is_account, row["blocked_until"] - now_ms)
        if any(row["failures"] == 1 for row in rows):
            # Each new row triggers the removal of expired ones, so the table stays small.
            await self._delete_expired(now_ms)

    async def record_success(self, attempt: LoginAttempt) -> None:
        """Forget the failures from this network, and note that it is the owner's.

        Those of other networks stay; otherwise each login of the owner would help an attacker.
        """
        now_ms = epoch_ms(self._now())
        await LoginFailure.filter(key=attempt.pair_key, blocked_until__lte=now_ms).delete()
        if attempt.user is not None:
            user_id = to_id_parameter(attempt.user.id)
            with suppress(IntegrityError):  # the user has just been deleted
                await fetch_rows(NOTE_LOGIN, attempt.network_key, user_id, now_ms)

    async def clear(self, user_id: UUID) -> None:
        """Forget all failures of an account, whose owner has set a new password."""
        account_key = self._hash_key("account", f"id:{user_id}")
        await LoginFailure.filter(account_key=account_key).delete()

    @run_uncancelled
    async def _count(self, attempt: LoginAttempt, now_ms: int) -> list[dict[str, Any]]:
        return await fetch_rows(
            COUNT_FAILURE,
            attempt.pair_key,
            attempt.account_key,
            now_ms,
            now_ms + FAILURE_LIFETIME_MS,
            now_ms + ACCOUNT_WINDOW_MS,
            MAX_ACCOUNT_FAILURES,
            MAX_FREE_FAILURES,
            INITIAL_PAUSE_MS,
            MAX_DOUBLINGS,
            MAX_PAUSE_MS,
        )

    @run_uncancelled
    async def _delete_expired(self, now_ms: int) -> None:
        await LoginFailure.filter(forgotten_at__lte=now_ms).delete()

    async def _find_pauses(self, attempt: LoginAttempt) -> tuple[int, int]:
        """Return when the pause of account and network ends, and that of the account; else 0.

        The pause of an account does not concern a network that is known.
        """
        (row,) = await fetch_rows(
            FIND_PAUSES, attempt.pair_key, attempt.account_key, attempt.network_key
        )
        known_since = epoch_ms(self._now() - KNOWN_NETWORK_LIFETIME)
        is_known_network = (row["logged_in_at"] or 0) > known_since
        return row["pair_until"] or 0, 0 if is_known_network else row["account_until"] or 0

    def _require_past(self, blocked_until: int) -> None:
        """Return if a pause has ended. Raises TooMany."""
        wait_ms = blocked_until - epoch_ms(self._now())
        if wait_ms > 0:
            raise TooMany(
                "There were too many failed logins.",
                code="too_many_logins",
                retry_after=max(1, math.ceil(wait_ms / 1000)),
            )

    def _hash_key(self, kind: str, value: str) -> str:
        message = f"login-failure:{kind}:{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()


async def delete_expired_networks(now: datetime) -> None:
    """Delete the networks from which nobody has logged in lately."""
    await KnownNetwork.filter(logged_in_at__lte=epoch_ms(now - KNOWN_NETWORK_LIFETIME)).delete()


async def _record_pause(attempt: LoginAttempt, is_account: bool, pause_ms: int) -> None:
    """Record that a pause begins; of a name without an account, the name may be a password."""
    subject = account_subject(attempt.user) if attempt.user else None
    scope = "account" if is_account else "network"
    await record("login_paused", subject, scope=scope, seconds=math.ceil(pause_ms / 1000))
