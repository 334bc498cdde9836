"""Password rules, hashing and verification.

Argon2 is slow and needs memory by design. So it runs in its own threads, never in the event loop
or in the shared thread pool, and only a limited number of hashes may be pending: further callers
get an error with a retry time, instead of making everybody wait and the machine swap. Logins have
threads and places of their own, so that many registrations do not keep people from logging in.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TypeVar

from argon2.low_level import Type, hash_secret_raw
from passlib.context import CryptContext

from service.errors import TooMany

T = TypeVar("T")

MIN_LENGTH = 8  # characters: the minimum of NIST SP 800-63B for a password as the only factor
MAX_BYTES = 1_024  # a longer password adds no strength, only work
MEMORY_KIB = 19_456  # for each hash; with the next two OWASP's minimum for argon2id
ITERATIONS = 2
PARALLELISM = 1  # more would take the cores that requests need
LOGIN_THREADS = 2  # concurrent checks in one process, each with its `MEMORY_KIB`
NEW_HASH_THREADS = 1  # the same for hashes of new passwords
MAX_PENDING_LOGINS = 64  # checks in progress or queued: about two seconds of work
MAX_PENDING_NEW_HASHES = 32  # the same for hashes of new passwords
BUSY_RETRY_AFTER = 2.0  # seconds in which a full queue drains


def validate_new_password(password: str) -> str:
    """Return a new password unchanged; whether it is easy to guess, `CredentialChecks` finds out.

    Raises:
        ValueError: it is too long or too short.
    """
    if len(_normalize(validate_password(password))) < MIN_LENGTH:
        raise ValueError(f"must have at least {MIN_LENGTH} characters")
    return password


def validate_password(password: str) -> str:
    """Return any password unchanged, new or existing.

    Raises:
        ValueError: it has more than 1,024 bytes, or characters that UTF-8 cannot encode.
    """
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        raise ValueError("must be text that UTF-8 can encode") from None
    if size > MAX_BYTES:
        raise ValueError(f"must have at most {MAX_BYTES:,} bytes")
    return password


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """Whether a password was correct; `new_hash` replaces an outdated hash."""

    is_correct: bool
    new_hash: str | None = None


class HashQueue:
    """Threads that hash, and how many hashes may be in progress or queued."""

    def __init__(self, threads: int, max_pending: int, name: str) -> None:
        self._slots = BoundedSemaphore(max_pending)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread.

        Raises:
            TooMany: the queue is full.
        """
        if not self._slots.acquire(blocking=False):
            raise TooMany(
                "Too many passwords are being checked at the moment.",
                code="too_busy",
                retry_after=BUSY_RETRY_AFTER,
            )
        try:
            future = self._executor.submit(work)
        except RuntimeError:
            self._slots.release()
            raise
        # Release the slot when the hash is done, not when a caller stops waiting for it.
        future.add_done_callback(lambda _: self._slots.release())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """End the threads and drop queued work; safe to repeat."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class PasswordHasher:
    """Hash and verify passwords, a few at a time.

    Args:
        memory_kib: KiB for each hash; hashes of other costs are replaced at the next login.
        max_pending_logins: how many checks of logins may be in progress or queued.
        max_pending_new: how many hashes of new passwords may be.
    """

    def __init__(
        self,
        memory_kib: int = MEMORY_KIB,
        max_pending_logins: int = MAX_PENDING_LOGINS,
        max_pending_new: int = MAX_PENDING_NEW_HASHES,
    ) -> None:
        self._context = CryptContext(
            schemes=["argon2"],
            argon2__type="ID",
            argon2__memory_cost=memory_kib,
            argon2__time_cost=ITERATIONS,
            argon2__parallelism=PARALLELISM,
        )
        self._memory_kib = memory_kib
        self.logins = HashQueue(LOGIN_THREADS, max_pending_logins, "argon2-login")
        self.new_hashes = HashQueue(NEW_HASH_THREADS, max_pending_new, "argon2-new")

    async def hash(self, password: str) -> str:
        """Return the hash of `password` to store.

        Raises:
            TooMany: the queue is full.
        """
        return await self.new_hashes.run(lambda: self._hash(password))

    async def verify(self, password: str, stored_hash: str | None) -> PasswordCheck:
        """Return whether `stored_hash` is the hash of `password`.

        Without a stored hash (there is no such user) the password is hashed anyway, so that the
        response time does not reveal who has an account.

        Raises:
            TooMany: the queue is full.
        """
        if stored_hash is None:
            await self.logins.run(lambda: self._hash(password))
            return PasswordCheck(is_correct=False)
        is_correct, new_hash = await self.logins.run(
            lambda: self._context.verify_and_update(_normalize(password), stored_hash)
        )
        return PasswordCheck(is_correct, new_hash)

    async def derive_digest(self, text: str, salt: str) -> str:
        """Return a digest of `text`, the same for the same salt, as slow to guess as a password.

        Raises:
            TooMany: the queue is full.
        """
        digest = await self.new_hashes.run(
            lambda: hash_secret_raw(
                text.encode(),
                salt.encode(),
                time_cost=ITERATIONS,
                memory_cost=self._memory_kib,
                parallelism=PARALLELISM,
                hash_len=32,
                type=Type.ID,
            )
        )
        return digest.hex()

    def close(self) -> None:
        """End the threads and drop queued work; safe to repeat."""
        self.logins.close()
        self.new_hashes.close()

    def _hash(self, password: str) -> str:
        return str(self._context.hash(_normalize(password)))


def _normalize(password: str) -> str:
    """Return one encoding of what different keyboards send for a letter (RFC 8265, 4.2)."""
    return unicodedata.normalize("NFC", password)
