"""Writing the embedded index: one process at a time, which holds the folder's lock.

tantivy knows no versions, so the writer looks up what it has before it replaces anything: a
document that is older than the index's is left out, as Elasticsearch does with external versions.
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
from service.search.engines.base import SerializedDocument, Serializer, WriteError, serialize_all
from service.search.engines.tantivy import schema as layout
from service.search.engines.tantivy.queries import NOW
from service.search.index.document import MovieDocument

T = TypeVar("T")

HEAP = 64_000_000  # bytes of documents kept in memory before a segment is written
FIRST = "movies-1"
KEY = ("id_high", "id_low", "version")


class _Store:
    """One index that is being written."""

    def __init__(self, folder: Path) -> None:
        self.index = layout.opened(folder)
        self.writer = self.index.writer(HEAP, 1)
        self.fits = self.index.schema == layout.SCHEMA
        self.added: dict[str, int] = {}
        """The versions of films that the searcher does not know yet."""

    def put(self, documents: Sequence[SerializedDocument]) -> tuple[WriteError, ...]:
        """Add what is newer than what is there; `keep` makes it last, and shows it."""
        if not self.fits:
            reason = "the index was made by another release; a rebuild takes this in"
            return tuple(WriteError(d.film_id, reason, retryable=True) for d in documents)
        refused = []
        there = _versions(self.index.searcher(), [document.film_id for document in documents])
        for document in documents:
            film_id, version = document.film_id, document.version
            held = self.added.get(film_id) or there.get(film_id)
            if held is not None and held > version:
                continue
            try:
                self._add(document, replacing=held is not None)
            except (ValueError, OverflowError) as error:
                refused.append(WriteError(film_id, str(error), retryable=False))
                continue
            self.added[film_id] = version
        return tuple(refused)

    def _add(self, document: SerializedDocument, replacing: bool) -> None:
        """What is replaced goes only once it is sure that the new one can be taken."""
        if replacing:
            ready = tantivy.Document.from_dict(orjson.loads(document.body), layout.SCHEMA)
            self.writer.delete_documents_by_term("id", document.film_id)
            self.writer.add_document(ready)
        else:
            self.writer.add_json(document.body.decode())

    def keep(self) -> None:
        """Commit what was added."""
        if self.added:
            self.commit()

    def commit(self) -> None:
        """Make all changes last, and see them."""
        self.writer.commit()
        self.index.reload()
        self.added.clear()

    def bury(self, film_ids: Sequence[str]) -> None:
        """Remove the tombstones among these."""
        searcher = self.index.searcher()
        for film_id in film_ids:
            if self.fits and NOW.is_gone(searcher, film_id):
                self.writer.delete_documents_by_term("id", film_id)
        self.commit()

    def count(self) -> int:
        """Films in it, tombstones left out."""
        self.keep()
        searcher = self.index.searcher()
        gone = searcher.search(NOW.gone, limit=1)
        return int(searcher.num_docs - gone.count)  # type: ignore[attr-defined]  # not in stubs

    def close(self) -> None:
        self.writer.wait_merging_threads()


class TantivyWriter:
    """The writer of a folder. `open` raises `Unavailable` (`index_locked`) while another process
    writes it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tantivy-writer")
        self._lock: int | None = None
        self._stores: dict[str, _Store] = {}

    async def open(self) -> None:
        await self._run(self._open)

    async def close(self) -> None:
        if self._lock is not None:
            await self._run(self._close)
        self._thread.shutdown(wait=True)

    async def write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        return await self._run(partial(self._write, documents))

    async def create(self, name: str) -> None:
        await self._run(partial(self._create, name))

    @property
    def serialize(self) -> Serializer:
        return layout.serialize

    async def fill(
        self, name: str, documents: Sequence[SerializedDocument]
    ) -> tuple[WriteError, ...]:
        return await self._run(lambda: self._store(name).put(documents))

    async def commit(self, name: str) -> None:
        await self._run(lambda: self._store(name).keep())

    async def count(self, name: str) -> int:
        return await self._run(lambda: self._store(name).count())

    async def promote(self, name: str) -> None:
        await self._run(partial(self._promote, name))

    async def live_index(self) -> str | None:
        return await self._run(partial(layout.pointed, self._root))

    async def list_indexes(self) -> list[str]:
        return await self._run(self._names)

    async def drop(self, name: str) -> None:
        await self._run(partial(self._drop, name))

    async def purge_tombstones(self, film_ids: Sequence[str]) -> None:
        await self._run(lambda: self._store(self._current()).bury(film_ids))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (OSError, ValueError, RuntimeError) as error:
            raise Unavailable(
                f"The search index in {self._root} cannot be written: {error}",
                code="search_unavailable",
                retry_after=1,
            ) from error

    def _open(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = _locked(self._root / layout.LOCK)
        if layout.pointed(self._root) is None:
            self._create(FIRST)
            layout.point(self._root, FIRST)

    def _close(self) -> None:
        for store in self._stores.values():
            store.close()
        self._stores.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        store = self._store(self._current())
        ready, refused = serialize_all(documents, layout.serialize)
        refused += store.put(ready)
        store.keep()
        return refused

    def _current(self) -> str:
        name = layout.pointed(self._root)
        if name is None:
            raise OSError("no index is live")
        return name

    def _store(self, name: str) -> _Store:
        if self._lock is None:
            raise OSError("the writer is not open")
        if name not in self._stores:
            self._stores[name] = _Store(self._root / name)
        return self._stores[name]

    def _create(self, name: str) -> None:
        self._drop(name)
        folder = self._root / name
        folder.mkdir()
        (folder / layout.MARK).write_text(layout.FINGERPRINT)  # first: a half index is swept by it
        layout.made(folder)

    def _promote(self, name: str) -> None:
        if not tantivy.Index.exists(str(self._root / name)):
            raise OSError(f"there is no index {name}")
        self._store(name).keep()
        layout.point(self._root, name)

    def _names(self) -> list[str]:
        return sorted(mark.parent.name for mark in self._root.glob(f"*/{layout.MARK}"))

    def _drop(self, name: str) -> None:
        if name == layout.pointed(self._root):
            raise ValueError(f"{name} is the live index")
        if (store := self._stores.pop(name, None)) is not None:
            store.close()
        shutil.rmtree(self._root / name, ignore_errors=True)


def _versions(searcher: tantivy.Searcher, film_ids: list[str]) -> dict[str, int]:
    """The versions of those films that are there, looked up at once: one by one takes three times
    as long.
    """
    if not film_ids:
        return {}
    query = tantivy.Query.term_set_query(layout.SCHEMA, "id", film_ids)
    hits = searcher.search(query, limit=len(film_ids), count=False).hits
    addresses = [address for _, address in hits]
    columns = (searcher.fast_field_values(name, addresses) for name in KEY)
    return {layout.id_of(high, low): version for high, low, version in zip(*columns, strict=True)}


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Unavailable(
            "Another process writes the search index; this one stands by.",
            code="index_locked",
            retry_after=1,
        ) from error
    return descriptor
