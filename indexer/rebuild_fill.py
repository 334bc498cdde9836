"""Send films into the new index of a rebuild: first all of them, then those that changed meanwhile.

Several pages are in flight at a time, so that neither the engine waits for the database nor the
other way round. Only these pages are in memory, whatever the catalogue's size. During search
traffic a rebuild sends half a page at a time and then pauses for longer than that took: searches
have priority, and no rebuild is urgent. The checkpoint is the end of the last page before which
nothing is missing. Pages beyond it are sent again after a kill, which external versions make
harmless. The progress that operators see counts these pages too.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from indexer.film_documents import load_documents
from indexer.rebuild_lease import RebuildFailed, RebuildLease, index_name_of
from indexer.rebuild_prepare import MIN_FILMS_FOR_PROCESSES, DocumentPool
from indexer.shutdown import wait_or_stop
from service.database.sql import now_ms
from service.films.models import Film
from service.indexing.comparison import MIN_FILM_ID, Difference, fetch_films_after
from service.indexing.models import ReindexJob
from service.indexing.search_activity import is_search_active
from service.outbox import store
from service.outbox.store import Pointer
from service.resilience.backoff import backoff
from service.search.engines.base import IndexWriter, SerializedDocument, WriteError, serialize_all
from service.search.index.index_row import IndexRow
from service.search.vocabulary import sync
from service.search.vocabulary.sync import TermWriter

PAGE_SIZE = 1_000  # films read, prepared and sent at once; 1 MB of documents
MAX_PAGES_IN_FLIGHT = 12  # read and prepared ahead while the engine is busy; tantivy commits slowly
MAX_CONCURRENT_SENDS = 4  # of these pages, sent to the engine at once
THROTTLE_FACTOR = 1.5  # pause during search traffic, as a multiple of the time of a half page
PROGRESS_INTERVAL = 0.5  # seconds between two saves of the progress that operators see
CHECKPOINT_FILMS = 10_000  # films between two checkpoints; each costs tantivy a commit and a merge
MAX_CHANGES_LEFT = 100  # a catch-up pass with fewer changes is followed by the last one
MAX_CATCH_UP_PASSES = 50  # catch-up passes before the last one is done anyway
MAX_ATTEMPTS = 8  # to send one page, before the rebuild fails
INITIAL_BACKOFF = 0.2  # seconds before the second attempt; doubles with each, without jitter

Pause = Callable[[asyncio.Event, float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Page:
    last_id: str
    films: int
    task: "asyncio.Task[None]"


class IndexFiller:
    """Sends films into the index that a job makes."""

    def __init__(
        self,
        writer: IndexWriter,
        term_writer: TermWriter,
        lease: RebuildLease,
        *,
        page_size: int = PAGE_SIZE,
        checkpoint_films: int = CHECKPOINT_FILMS,
        progress_interval: float = PROGRESS_INTERVAL,
        min_films_for_processes: int = MIN_FILMS_FOR_PROCESSES,
        pause: Pause = wait_or_stop,
    ) -> None:
        self._writer = writer
        self._term_writer = term_writer
        self._lease = lease
        self._page_size = page_size
        self._checkpoint_films = checkpoint_films
        self._progress_interval = progress_interval
        self._min_films_for_processes = min_films_for_processes
        self._pause = pause
        self._send_slots = asyncio.Semaphore(MAX_CONCURRENT_SENDS)
        self.rejected_ids: set[str] = set()
        """The films that the index can never take."""

    def summarize_rejections(self) -> str | None:
        """Return what a successful job reports about rejected films, if there were any."""
        return f"{len(self.rejected_ids)} films could not be indexed" if self.rejected_ids else None

    async def fill(self, job: ReindexJob, stop: asyncio.Event) -> None:
        """Send every film from the checkpoint on; return early at `stop`."""
        self.rejected_ids.clear()
        if job.checkpoint is not None:  # an indexer that was killed may have counted more
            job.done = await Film.filter(id__lte=job.checkpoint).count()
        films_left = max(0, job.total - job.done)
        with_terms = not await sync.is_vocabulary_complete()
        if with_terms:
            self._term_writer.forget_recorded()
        async with DocumentPool.start(
            self._writer.serialize, with_terms, films_left, self._min_films_for_processes
        ) as pool:
            await self._fill_pages(job, stop, pool)

    async def _fill_pages(self, job: ReindexJob, stop: asyncio.Event, pool: DocumentPool) -> None:
        started, done_before, saved_at = time.monotonic(), job.done, 0.0
        in_flight: deque[_Page] = deque()
        last_read = last_sent = str(job.checkpoint) if job.checkpoint else MIN_FILM_ID
        more, unsaved = True, 0
        try:
            while more or in_flight:
                if stop.is_set():
                    return
                page_started, throttled = time.monotonic(), await is_search_active()
                page_size = self._page_size // 2 if throttled else self._page_size
                max_pages = 1 if throttled else MAX_PAGES_IN_FLIGHT
                while more and len(in_flight) < max_pages:
                    rows = await fetch_films_after(last_read, page_size)
                    more = len(rows) == page_size
                    if rows:
                        last_read = rows[-1]["id"]
                        task = asyncio.create_task(self._send_rows(job, rows, pool))
                        in_flight.append(_Page(last_read, len(rows), task))
                if in_flight:
                    page = in_flight.popleft()
                    await page.task
                    last_sent, unsaved = page.last_id, unsaved + page.films
                    job.done += page.films
                    job.total = max(job.total, job.done)
                if unsaved >= self._checkpoint_films or (unsaved and not (more or in_flight)):
                    await self._writer.commit(index_name_of(job))
                    job.checkpoint, unsaved = UUID(last_sent), 0
                if not unsaved or time.monotonic() - saved_at > self._progress_interval:
                    saved_at = time.monotonic()
                    job.rate = (job.done - done_before) / max(saved_at - started, 0.001)
                    await self._lease.save(job)
                if throttled and more:
                    await self._pause(stop, THROTTLE_FACTOR * (time.monotonic() - page_started))
        finally:
            for page in in_flight:
                page.task.cancel()
            await asyncio.gather(*(page.task for page in in_flight), return_exceptions=True)

    async def catch_up(self, job: ReindexJob) -> None:
        """Send what changed since the job's saved time, until a pass has few changes."""
        for _ in range(MAX_CATCH_UP_PASSES):
            pass_began_ms = await now_ms()
            changes = await self.send_changes(job)
            job.began_ms = pass_began_ms
            await self._lease.save(job)
            if changes < MAX_CHANGES_LEFT:
                return

    async def send_changes(self, job: ReindexJob) -> int:
        """Send once what changed since the job's saved time; return the number of changes."""
        changes = 0
        async for page in self._read_changes(job):
            await self._send_pointers(job, page)
            changes += len(page)
        if changes:
            await self._writer.commit(index_name_of(job))
        return changes

    async def have_changed(self, job: ReindexJob, films: int) -> bool:
        """Return whether at least this many films have changed since the job's saved time."""
        film_ids: set[UUID] = set()
        async for page in self._read_changes(job):
            film_ids.update(pointer.film_id for pointer in page)
            if len(film_ids) >= films:
                break
        return len(film_ids) >= films

    def _read_changes(self, job: ReindexJob) -> AsyncIterator[list[Pointer]]:
        assert job.began_ms is not None
        return store.read_changes_since(job.began_ms, self._page_size)

    async def resend(self, job: ReindexJob, differences: Sequence[Difference]) -> None:
        """Send these films again, so that the index holds them as the database does."""
        pointers = [
            Pointer(
                0, UUID(diff.film_id), max(diff.database_version or 0, diff.index_version or 0), 0
            )
            for diff in differences
        ]
        for start in range(0, len(pointers), self._page_size):
            await self._send_pointers(job, pointers[start : start + self._page_size])
        if pointers:
            await self._writer.commit(index_name_of(job))

    async def find_unexplained(
        self, job: ReindexJob, differences: Sequence[Difference]
    ) -> list[Difference]:
        """Return the differences that no rejection of the film explains.

        Rejections from before a kill are not stored, so the films are sent once more.
        """
        unexplained = [diff for diff in differences if diff.film_id not in self.rejected_ids]
        await self.resend(job, unexplained)
        return [diff for diff in unexplained if diff.film_id not in self.rejected_ids]

    async def _send_pointers(self, job: ReindexJob, pointers: Sequence[Pointer]) -> None:
        """Send these films as they are now; deleted ones become tombstones."""
        documents, invalid = await load_documents(pointers)
        await self._term_writer.record(
            term for document in documents for term in document.vocabulary_words()
        )
        serialized, unserializable = serialize_all(documents, self._writer.serialize)
        self._record_rejections((*invalid, *unserializable))
        await self._send(job, serialized)

    async def _send_rows(
        self, job: ReindexJob, rows: Sequence[IndexRow], pool: DocumentPool
    ) -> None:
        page = await pool.prepare(rows)
        self._record_rejections(page.errors)
        await self._term_writer.record(page.terms)
        async with self._send_slots:
            await self._send(job, page.documents)

    async def _send(self, job: ReindexJob, documents: Sequence[SerializedDocument]) -> None:
        """Write documents to the new index; retry only those with a retryable error.

        Raises:
            RebuildFailed: the engine still rejects documents after `MAX_ATTEMPTS`.
        """
        pending = {document.film_id: document for document in documents}
        for attempt in range(1, MAX_ATTEMPTS + 1):
            if not pending:
                return
            errors = await self._writer.fill(index_name_of(job), list(pending.values()))
            self._record_rejections(errors)
            pending = {error.film_id: pending[error.film_id] for error in errors if error.retryable}
            if pending and attempt < MAX_ATTEMPTS:
                await asyncio.sleep(backoff(attempt, INITIAL_BACKOFF, jitter=0))
        if pending:
            raise RebuildFailed(f"the engine keeps rejecting documents: {errors[0].reason}")

    def _record_rejections(self, errors: Sequence[WriteError]) -> None:
        self.rejected_ids |= {error.film_id for error in errors if not error.retryable}
