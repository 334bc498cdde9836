"""The words that typos are expanded with while no engine answers.

They are those that the indexer has stored; where no indexer has run yet, those of the films' own
texts, read once in the background.
"""

import asyncio
import contextlib

from service.films.search_text import ACTOR_PREFIX, WRITER_PREFIX, parse_name_words
from service.search.engines.sql import DatabaseEngine
from service.search.index.term_kinds import TermKind
from service.search.vocabulary.vocabulary import Vocabulary

PLAINTEXT_KINDS = (
    TermKind.TITLE,
    TermKind.ALIAS,
    TermKind.DIRECTOR,
    TermKind.JOINED,
    TermKind.FULL_TITLE,
)
"""The term kinds that a word of `plaintext` may have."""

NAME_KINDS = {TermKind.WRITER: WRITER_PREFIX, TermKind.CAST: ACTOR_PREFIX}
"""The term kinds in `nametext`, with their prefixes there."""


class DatabaseWords:
    """The stored vocabulary, or one of this process if nothing is stored."""

    def __init__(self, stored: Vocabulary, engine: DatabaseEngine) -> None:
        self._stored = stored
        self._own = Vocabulary()
        self._engine = engine
        self._learning: asyncio.Task[None] | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """The words as far as they are known."""
        return self._stored if len(self._stored) else self._own

    async def learn(self, timeout: float) -> None:
        """Read words if none are stored; wait `timeout` seconds for them, then go on without."""
        if len(self.vocabulary):
            return
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._read())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._learning), timeout)

    async def _read(self) -> None:
        words: set[str] = set()
        names: dict[TermKind, set[str]] = {kind: set() for kind in NAME_KINDS}
        async for text, nametext in self._engine.read_texts():
            words.update(text.split())
            for kind, prefix in NAME_KINDS.items():
                names[kind].update(parse_name_words(nametext, prefix))

        def add_words() -> None:
            self._own.add(kind + word for word in sorted(words) for kind in PLAINTEXT_KINDS)
            for kind, kind_words in names.items():
                self._own.add(kind + word for word in sorted(kind_words))
            self._own.merge_pending()

        await asyncio.to_thread(add_words)
