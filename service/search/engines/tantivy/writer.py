"""Writes to the embedded index by one process at a time, which holds the folder's lock.

tantivy has no document versions. So the writer looks up the version that an index holds before it
replaces a document, and skips older ones, as Elasticsearch does with external versions.
"""

import asyncio
import fcntl
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import orjson
import tantivy

from service.errors import Unavailable
from service.private_files import make_private_folder, open_private_file
from service.resilience.causes import describe_cause
from service.search.engines.base import (
    FIRST_INDEX,
    SerializedDocument,
    Serializer,
    WriteError,
    serialize_all,
)
from service.search.engines.tantivy import schema
from service.search.engines.tantivy.folder import (
    LOCK_FILE,
    POINTER_FILE,
    list_index_names,
    read_pointer,
    write_fingerprint,
    write_pointer,
)
from service.search.engines.tantivy.queries import CURRENT_QUERIES
from service.search.engines.tantivy.serializer import columns_to_id, serialize
from service.search.index.document import MovieDocument

T = TypeVar("T")

HEAP_BYTES = 64_000_000  # documents held in memory before a segment is written
VERSION_COLUMNS = ("id_high", "id_low", "version")


class _WritableIndex:
    """One index that is open for writing."""

    def __init__(self, folder: Path) -> None:
        self._index = schema.open_index(folder)
        self._writer = self._index.writer(HEAP_BYTES, 1)
        self._is_current = self._index.schema == schema.SCHEMA
        self._uncommitted: dict[str, int] = {}
        """The versions of films that the searcher does not see yet."""

    def add(self, documents: Sequence[SerializedDocument]) -> tuple[WriteError, ...]:
        """Add documents, except outdated ones; `commit_added` makes them durable."""
        if not self._is_current:
            reason = "an earlier release made the index; a rebuild takes this document in"
            return tuple(WriteError(d.film_id, reason, retryable=True) for d in documents)
        errors = []
        film_ids = [document.film_id for document in documents]
        committed = _read_versions(self._index.searcher(), film_ids)
        for document in documents:
            film_id, version = document.film_id, document.version
            present = self._uncommitted.get(film_id) or committed.get(film_id)
            if present is not None and present > version:
                continue
            try:
                self._add(document, replace=present is not None)
            except (ValueError, OverflowError) as error:
                errors.append(WriteError(film_id, str(error), retryable=False))
                continue
            self._uncommitted[film_id] = version
        return tuple(errors)

    def commit_added(self) -> None:
        """Commit if documents were added."""
        if self._uncommitted:
            self._commit()

    def purge_tombstones(self, film_ids: Sequence[str]) -> None:
        """Remove the tombstones of these films."""
        searcher = self._index.searcher()
        for film_id in film_ids:
            if self._is_current and CURRENT_QUERIES.has_tombstone(searcher, film_id):
                self._writer.delete_documents_by_term("id", film_id)
        self._commit()

    def count(self) -> int:
        """Commit, and count the films without tombstones."""
        self.commit_added()
        searcher = self._index.searcher()
        tombstones = searcher.search(CURRENT_QUERIES.tombstones, limit=1)
        return int(searcher.num_docs - tombstones.count)  # type: ignore[attr-defined]  # no stub

    def close(self) -> None:
        self._writer.wait_merging_threads()

    def _add(self, document: SerializedDocument, replace: bool) -> None:
        """Add a document. Remove the one it replaces only once tantivy has accepted the new one."""
        if replace:
            new = tantivy.Document.from_dict(orjson.loads(document.body), schema.SCHEMA)
            self._writer.delete_documents_by_term("id", document.film_id)
            self._writer.add_document(new)
        else:
            self._writer.add_json(document.body.decode())

    def _commit(self) -> None:
        """Make all changes durable, and see them."""
        self._writer.commit()
        self._index.reload()
        self._uncommitted.clear()


class TantivyWriter:
    """The writer of a folder; one at a time.

    `open` raises `Unavailable` with the code `index_locked` while another process writes.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tantivy-writer")
        self._lock: int | None = None
        self._indexes: dict[str, _WritableIndex] = {}

    async def open(self) -> None:
        await self._run(self._open)

    async def close(self) -> None:
        if self._lock is not None:
            await self._run(self._close)
        self._thread.shutdown(wait=True)

    async def write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        return await self._run(partial(self._write, documents))

    async def add(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        return await self._run(partial(self._add, documents))

    async def show(self) -> None:
        await self._run(lambda: self._get_live_index().commit_added())

    @property
    def serialize(self) -> Serializer:
        return serialize

    async def create(self, name: str) -> None:
        await self._run(partial(self._create_index, name))

    async def fill(
        self, name: str, documents: Sequence[SerializedDocument]
    ) -> tuple[WriteError, ...]:
        return await self._run(lambda: self._get_index(name).add(documents))

    async def commit(self, name: str) -> None:
        await self._run(lambda: self._get_index(name).commit_added())

    async def count(self, name: str) -> int:
        return await self._run(lambda: self._get_index(name).count())

    async def promote(self, name: str) -> None:
        await self._run(partial(self._promote, name))

    async def live_index(self) -> str | None:
        return await self._run(partial(read_pointer, self._root))

    async def list_indexes(self) -> list[str]:
        return await self._run(partial(list_index_names, self._root))

    async def drop(self, name: str) -> None:
        await self._run(partial(self._drop, name))

    async def purge_tombstones(self, film_ids: Sequence[str]) -> None:
        await self._run(lambda: self._get_live_index().purge_tombstones(film_ids))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (OSError, ValueError, RuntimeError) as error:
            raise Unavailable(
                f"The search index in {self._root} cannot be written: "
                f"{describe_cause(error, str(error))}.",
                code="search_unavailable",
                retry_after=1,
            ) from error

    def _open(self) -> None:
        make_private_folder(self._root)
        if self._lock is None:
            self._lock = _acquire_lock(self._root / LOCK_FILE)
        # An index that was live and is gone is not replaced by an empty one, which would answer.
        if not (self._root / POINTER_FILE).exists():
            self._create_index(FIRST_INDEX)
            write_pointer(self._root, FIRST_INDEX)

    def _close(self) -> None:
        for index in self._indexes.values():
            index.close()
        self._indexes.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        errors = self._add(documents)
        self._get_live_index().commit_added()
        return errors

    def _add(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        serialized, errors = serialize_all(documents, serialize)
        return errors + self._get_live_index().add(serialized)

    def _create_index(self, name: str) -> None:
        self._restore_root()
        self._drop(name)
        folder = self._root / name
        folder.mkdir()
        write_fingerprint(folder, schema.FINGERPRINT)  # first: it marks what a clean-up may remove
        schema.create_index(folder)

    def _restore_root(self) -> None:
        """Create the folder and its lock again if somebody deleted them meanwhile."""
        if self._lock is None or (self._root / LOCK_FILE).exists():
            return
        make_private_folder(self._root)
        lock = _acquire_lock(self._root / LOCK_FILE)
        os.close(self._lock)  # of a deleted file, which keeps nobody out
        self._lock = lock

    def _promote(self, name: str) -> None:
        if not tantivy.Index.exists(str(self._root / name)):
            raise OSError(f"there is no index {name}")
        self._get_index(name).commit_added()
        write_pointer(self._root, name)

    def _drop(self, name: str) -> None:
        if name == read_pointer(self._root):
            raise ValueError(f"{name} is the live index")
        if (index := self._indexes.pop(name, None)) is not None:
            index.close()
        shutil.rmtree(self._root / name, ignore_errors=True)

    def _get_live_index(self) -> _WritableIndex:
        name = read_pointer(self._root)
        if name is None:
            raise OSError("no index is live")
        return self._get_index(name)

    def _get_index(self, name: str) -> _WritableIndex:
        if self._lock is None:
            raise OSError("the writer is not open")
        if name not in self._indexes:
            self._indexes[name] = _WritableIndex(self._root / name)
        return self._indexes[name]


def _read_versions(searcher: tantivy.Searcher, film_ids: list[str]) -> dict[str, int]:
    """Return the versions of the films that the index holds, by film id.

    One query for all takes a third of the time of a query for each.
    """
    if not film_ids:
        return {}
    query = tantivy.Query.term_set_query(schema.SCHEMA, "id", film_ids)
    hits = searcher.search(query, limit=len(film_ids), count=False).hits
    addresses = [address for _, address in hits]
    columns = (searcher.fast_field_values(name, addresses) for name in VERSION_COLUMNS)
    return {columns_to_id(high, low): version for high, low, version in zip(*columns, strict=True)}


def _acquire_lock(path: Path) -> int:
    """Return the descriptor of the locked file. Raise `Unavailable` if another process has it."""
    descriptor = open_private_file(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Unavailable(
            "Another process writes the search index; this one waits for its turn.",
            code="index_locked",
            retry_after=1,
        ) from error
    return descriptor
