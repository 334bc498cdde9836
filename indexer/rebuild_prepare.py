"""Prepare films for an engine in processes of their own: the expensive part of a rebuild.

Computing a film's terms takes about 0.1 ms of Python, as long as an engine takes to store them. In
the indexer's own process this would compete with everything else there, the live index first of
all. In other processes it runs beside the engine, the database and the index worker. A small
catalogue is not worth starting processes, and is prepared in a thread.
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

MIN_FILMS_FOR_PROCESSES = 20_000  # fewer films are prepared before processes would have started
MAX_PROCESSES = 4  # about 40 MB each; an engine takes no more than four can prepare
NICENESS = 5  # a third of the engine's share when all want a core: they are ahead of it anyway
POOL_BROKEN = "A process that prepared films has died; was there too little memory?"


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """Serialized films, their terms if requested, and errors for films that have no document."""

    documents: tuple[SerializedDocument, ...]
    terms: frozenset[str]
    errors: tuple[WriteError, ...]


def prepare_page(serialize: Serializer, with_terms: bool, rows: Sequence[IndexRow]) -> PreparedPage:
    """Build and serialize the documents of these rows; runs in any process."""
    documents, errors = [], []
    terms: set[str] = set()
    for row in rows:
        try:
            document = MovieDocument.from_film(parse_index_row(row))
            documents.append(SerializedDocument.of(document, serialize))
            if with_terms:
                terms |= document.vocabulary_words()
        except (*DOCUMENT_ERRORS, OverflowError) as error:
            reason = f"cannot become a document: {error}"
            errors.append(WriteError(row["id"], reason, retryable=False))
    return PreparedPage(tuple(documents), frozenset(terms), tuple(errors))


class DocumentPool:
    """Prepares pages of films, several at a time."""

    def __init__(self, serialize: Serializer, with_terms: bool, executor: Executor | None) -> None:
        self._prepare_page = partial(prepare_page, serialize, with_terms)
        self._executor = executor

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        serialize: Serializer,
        with_terms: bool,
        films: int,
        min_films_for_processes: int = MIN_FILMS_FOR_PROCESSES,
    ) -> "AsyncIterator[DocumentPool]":
        """Start a pool that suits this number of films; its processes end with the context."""
        if films < min_films_for_processes:
            yield cls(serialize, with_terms, None)
            return
        context = multiprocessing.get_context("spawn")
        executor = ProcessPoolExecutor(count_processes(), context, _initialize_process)
        try:
            yield cls(serialize, with_terms, executor)
        finally:
            await asyncio.to_thread(executor.shutdown, wait=True, cancel_futures=True)

    async def prepare(self, rows: Sequence[IndexRow]) -> PreparedPage:
        """Prepare one page. Raises `Unavailable` when a process has died."""
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, self._prepare_page, rows)
        except BrokenExecutor as error:
            raise Unavailable(POOL_BROKEN) from error


def count_processes() -> int:
    """Return one process per core, at most `MAX_PROCESSES`; their niceness lets others go first."""
    return min(MAX_PROCESSES, os.cpu_count() or 1)


def _initialize_process() -> None:
    """Lower this process's priority, leave Ctrl-C to the indexer, and end when the indexer ends.

    Documents hold no reference cycles, so the garbage collector would only cost a tenth of the
    time.
    """
    gc.freeze()
    gc.disable()
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    indexer = multiprocessing.parent_process()
    if indexer is not None:
        indexer.join()
        os._exit(1)
