"""Films into what an engine is sent: the part of a rebuild that costs, in processes of its own.

Working out a film's terms takes some 0.1 ms of Python, which is as long as an engine takes to store
them. In the indexer's own process it would go by turns with everything else there, the live index
first of all; beside it, it goes on while the engine, the database and the worker have theirs. Few
films are not worth a process's start, and are prepared in a thread.
"""

import asyncio
import contextlib
import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from service.errors import Unavailable
from service.search.engines.base import SerializedDocument, Serializer, WriteError
from service.search.index.document import DOCUMENT_ERRORS, MovieDocument
from service.search.index.index_row import IndexRow, parse_index_row

MIN_FILMS_FOR_PROCESSES = 20_000  # films; fewer are prepared before processes would have started
MAX_PROCESSES = 4  # some 40 MB each; an engine takes no more than four can prepare
NICENESS = 5  # a third of the engine's share where all want a core: they are ahead of it anyway
BROKEN = "A process that prepared films has died; was there too little memory?"


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """Some films as an engine is sent them, their words if wanted, and what cannot be sent."""

    documents: tuple[SerializedDocument, ...]
    words: frozenset[str]
    broken: tuple[WriteError, ...]


def prepare_page(pack: Serializer, with_words: bool, rows: Sequence[IndexRow]) -> PreparedPage:
    """The films of these rows, prepared; runs in any process."""
    documents, broken = [], []
    words: set[str] = set()
    for row in rows:
        try:
            made = MovieDocument.from_film(parse_index_row(row))
            documents.append(SerializedDocument.of(made, pack))
            if with_words:
                words |= made.vocabulary_words()
        except (*DOCUMENT_ERRORS, OverflowError) as error:
            reason = f"cannot become a document: {error}"
            broken.append(WriteError(row["id"], reason, retryable=False))
    return PreparedPage(tuple(documents), frozenset(words), tuple(broken))


class DocumentPool:
    """Prepares pages of films, several at a time."""

    def __init__(self, pack: Serializer, with_words: bool, executor: Executor | None) -> None:
        self._prepared = partial(prepare_page, pack, with_words)
        self._executor = executor

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls, pack: Serializer, with_words: bool, films: int
    ) -> "AsyncIterator[DocumentPool]":
        """Ready for so many films; its processes end with it."""
        if films < MIN_FILMS_FOR_PROCESSES:
            yield cls(pack, with_words, None)
            return
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(processes(), context, _begin)
        try:
            yield cls(pack, with_words, pool)
        finally:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    async def prepare(self, rows: Sequence[IndexRow]) -> PreparedPage:
        """These films, prepared. Raises `Unavailable` when a process has died."""
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, self._prepared, rows)
        except BrokenExecutor as error:
            raise Unavailable(BROKEN) from error


def processes() -> int:
    """One for each core, since whoever has to wait leaves it to the database and the engine."""
    return min(MAX_PROCESSES, os.cpu_count() or 1)


def _begin() -> None:
    """Let others go first, leave Ctrl-C to the indexer, and end with it, however it ends.

    Documents hold no circles, so looking for some would only take a tenth of the time.
    """
    gc.freeze()
    gc.disable()
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    indexer = multiprocessing.parent_process()
    if indexer is not None:
        indexer.join()
        os._exit(1)
