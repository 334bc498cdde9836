"""Refuse new passwords that are easy to guess, and say why."""

import asyncio
import re
import unicodedata
from typing import Any

from service.errors import FieldError, Invalid, TooMany
from service.resilience.line_process import WORKER_FAILED, LineProcess

MIN_SCORE = 3  # of zxcvbn, 0 to 4: more than 10^8 guesses
MAX_CHECKED_LENGTH = 72  # characters; the time grows with the square of the length
MIN_WORD_LENGTH = 3  # characters; shorter parts of an address say nothing about a person
ESTIMATE_TIMEOUT = 5.0  # seconds; the worst known passwords take 0.3 s
MAX_WAITING = 32  # requests
RETRY_AFTER = 2.0  # seconds


class PasswordStrength:
    """Estimates passwords in a worker process, one after the other."""

    def __init__(self) -> None:
        self._worker = LineProcess("service.accounts.strength_worker", ESTIMATE_TIMEOUT)
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
        score, reasons = await self._estimate(text, personal_words(username, email))
        if score < MIN_SCORE:
            reason = " ".join(["is easy to guess.", *reasons])
            name = pointer.strip("/")
            raise Invalid(f"Invalid: {name}.", errors=(FieldError(pointer, reason),))

    async def close(self) -> None:
        """End the worker; safe to repeat."""
        async with self._lock:
            await self._worker.kill()

    async def _estimate(self, text: str, words: list[str]) -> tuple[int, list[str]]:
        """Ask the worker; a cancelled caller does not interrupt it."""
        if self._waiting >= MAX_WAITING:
            raise _busy_error()
        self._waiting += 1
        task = asyncio.create_task(self._ask(text, words))
        self._tasks.add(task)
        task.add_done_callback(self._forget_task)
        return await asyncio.shield(task)

    async def _ask(self, text: str, words: list[str]) -> tuple[int, list[str]]:
        async with self._lock:
            try:
                score, reasons = await self._ask_worker(text, words)
            except WORKER_FAILED:
                await self._worker.kill()
                raise _busy_error() from None
        return int(score), [str(reason) for reason in reasons]

    async def _ask_worker(self, text: str, words: list[str]) -> Any:
        """Ask; a worker that has died since the last request is replaced."""
        try:
            return await self._worker.ask([text, words])
        except (ConnectionResetError, BrokenPipeError):
            await self._worker.kill()
            return await self._worker.ask([text, words])

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


def _busy_error() -> TooMany:
    return TooMany(
        "Too many passwords are being checked at the moment.",
        code="too_busy",
        retry_after=RETRY_AFTER,
    )
