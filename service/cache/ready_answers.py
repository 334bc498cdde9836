"""Answers of this process as they were sent, found by what was asked, byte for byte.

A search that is asked again within seconds needs no parsing, no other cache and no compression. An
answer is given again only while the generation is the one under which it was made.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cachetools import TTLCache

MAX_BYTES = 16 * 2**20
MAX_AGE = 10.0  # seconds; clients may keep an answer for as long
OVERHEAD_BYTES = 1_500  # of one answer beside its body, its key included
MAX_KEY_LENGTH = 500  # characters; a longer query is no frequent one


@dataclass(frozen=True, slots=True)
class ReadyAnswer:
    """A body as it is sent, compressed or not, and its headers."""

    generation: int
    headers: Mapping[str, str]
    body: bytes


class ReadyAnswers:
    """A bounded number of the last answers."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._answers: TTLCache[tuple[str, ...], ReadyAnswer] = TTLCache(
            MAX_BYTES, MAX_AGE, clock, lambda answer: len(answer.body) + OVERHEAD_BYTES
        )

    def get(self, key: tuple[str, ...]) -> ReadyAnswer | None:
        """Return the answer for `key`; its generation may be over."""
        return self._answers.get(key)

    def put(self, key: tuple[str, ...], answer: ReadyAnswer) -> None:
        """Keep an answer, unless it or its key is large."""
        if len(answer.body) < MAX_BYTES // 16 and sum(map(len, key)) <= MAX_KEY_LENGTH:
            self._answers[key] = answer

    def clear(self) -> None:
        """Forget all answers."""
        self._answers.clear()
