"""Refuse new passwords that are easy to guess, and names that mix scripts; compare names."""

import asyncio
import re
import unicodedata
from typing import Any

from service.errors import FieldError, Invalid, TooMany
from service.resilience.line_process import WORKER_FAILED, LineProcess

MIN_SCORE = 3  # of zxcvbn, 0 to 4: more than 10^8 guesses
MAX_CHECKED_LENGTH = 72  # characters; the time grows with the square of the length
MIN_WORD_LENGTH = 3  # characters; shorter parts of an address say nothing about a person
CHECK_TIMEOUT = 5.0  # seconds; the worst known passwords take 0.3 s
MAX_WAITING = 32  # requests
RETRY_AFTER = 2.0  # seconds


class CredentialChecks:
    """Rates passwords and compares names in a worker process, one after the other."""

    def __init__(self) -> None:
        self._worker = LineProcess("service.accounts.passwords.check_worker", CHECK_TIMEOUT)
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def require_strong(
        self, password: str, username: str, email: str | None, pointer: str
    ) -> None:
        """Return if `password` is hard to guess, even for who knows the name and the address.

        Args:
            pointer: the field of the password, for the error.

        Raises:
            Invalid: it is easy to guess; the error says why.
            TooMany: too many passwords are being checked.
        """
        text = unicodedata.normalize("NFC", password)[:MAX_CHECKED_LENGTH]
        score, reasons = await self._ask("password", text, personal_words(username, email))
        if score < MIN_SCORE:
            raise _field_error(pointer, " ".join(["is easy to guess.", *reasons]))

    async def make_skeleton(self, username: str, pointer: str) -> str:
        """Return what is equal for names that look alike.

        Args:
            pointer: the field of the name, for the error.

        Raises:
            Invalid: the name mixes scripts.
            TooMany: too many names and passwords are being checked.
        """
        is_one_script, skeleton = await self._ask("name", username)
        if not is_one_script:
            raise _field_error(pointer, "must not mix letters of several scripts")
        return str(skeleton)

    async def close(self) -> None:
        """End the worker; safe to repeat."""
        async with self._lock:
            await self._worker.kill()

    async def _ask(self, kind: str, *arguments: object) -> Any:
        """Ask the worker; a cancelled caller does not interrupt it. Raises TooMany."""
        if self._waiting >= MAX_WAITING:
            raise _busy_error()
        self._waiting += 1
        task = asyncio.create_task(self._ask_in_turn([kind, *arguments]))
        self._tasks.add(task)
        task.add_done_callback(self._forget_task)
        return await asyncio.shield(task)

    async def _ask_in_turn(self, request: list[object]) -> Any:
        async with self._lock:
            try:
                return await self._ask_worker(request)
            except WORKER_FAILED:
                await self._worker.kill()
                raise _busy_error() from None

    async def _ask_worker(self, request: list[object]) -> Any:
        """Ask; a worker that has died since the last request is replaced."""
        try:
            return await self._worker.ask(request)
        except (ConnectionResetError, BrokenPipeError):
            await self._worker.kill()
            return await self._worker.ask(request)

    def _forget_task(self, task: asyncio.Task[Any]) -> None:
        self._waiting -= 1
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # mark it as retrieved: a cancelled caller does not read it


def personal_words(username: str, email: str | None) -> list[str]:
    """Return what everybody who knows a person would try first."""
    texts = [text.lower() for text in (username, email) if text]
    parts = [part for text in texts for part in re.split(r"[^\w]|_", text)]
    words = [*texts, *(part for part in parts if len(part) >= MIN_WORD_LENGTH)]
    return list(dict.fromkeys(words))


def _field_error(pointer: str, reason: str) -> Invalid:
    return Invalid(f"Invalid: {pointer.strip('/')}.", errors=(FieldError(pointer, reason),))


def _busy_error() -> TooMany:
    return TooMany(
        "Too many names and passwords are being checked at the moment.",
        code="too_busy",
        retry_after=RETRY_AFTER,
    )
