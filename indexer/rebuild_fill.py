"""Films into a fresh index: all of them in pages, then again those that changed meanwhile.

Several pages are on their way at a time, so that the engine need not wait for the database nor the
other way round; only these are in memory, whatever the catalogue's size. While people search it is
half a page at a time, and then a rest for longer than it took: they have first call on the machine,
and no rebuild is in such a hurry. The checkpoint is the end of the last page before which nothing
is missing, and what was sent beyond it is sent again after a kill, which external versions make
harmless.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from indexer.index_worker import load_documents
from indexer.rebuild_lease import RebuildFailed, RebuildLease
from indexer.rebuild_prepare import DocumentPool
from indexer.shutdown import wait_or_stop
from service.database.sql import now_ms
from service.indexing import search_activity
from service.indexing.comparison import MIN_FILM_ID, Difference, fetch_films_after
from service.indexing.models import ReindexJob
from service.outbox import store
from service.outbox.store import Pointer
from service.search.engines.base import IndexWriter, SerializedDocument, WriteError, serialize_all
from service.search.index.index_row import IndexRow
from service.search.vocabulary import sync
from service.search.vocabulary.sync import TermWriter

PAGE_SIZE = 1_000  # films read, prepared and sent at once; 1 MB of documents
MAX_PAGES_AHEAD = 12  # pages prepared while the engine is busy; a commit of tantivy takes long
MAX_CONCURRENT_SENDS = 4  # pages of these that the engine is sent at once
THROTTLE_FACTOR = 1.5  # times as long as it took, after each half page while people search
CHECKPOINT_FILMS = 10_000  # films per checkpoint, each of which costs tantivy a commit and a merge
MAX_CHANGES_LEFT = 100  # changes; a catch-up pass of fewer is followed by the last one
MAX_CATCH_UP_PASSES = 50  # catch-up passes before the last one is taken anyway
MAX_ATTEMPTS = 8  # of one page, with a doubling pause, before the rebuild fails


@dataclass(frozen=True, slots=True)
class _Page:
    last: str
    films: int
    sending: "asyncio.Task[None]"


class IndexFiller:
    """Sends films into the index that a job makes."""

    def __init__(self, writer: IndexWriter, words: TermWriter, jobs: RebuildLease) -> None:
        self._writer = writer
        self._words = words
        self._jobs = jobs
        self._sending = asyncio.Semaphore(MAX_CONCURRENT_SENDS)
        self.refused: set[str] = set()
        """The films that the index can never take."""

    @property
    def refused_count(self) -> int:
        return len(self.refused)

    def told(self) -> str | None:
        """What a job that ended well still has to say."""
        return f"{len(self.refused)} films were refused" if self.refused else None

    async def fill(self, job: ReindexJob, stop: asyncio.Event) -> None:
        """Send every film from the checkpoint on; returns early at `stop`."""
        self.refused.clear()
        left = max(0, job.total - job.done)
        with_words = not await sync.is_vocabulary_complete()
        if with_words:
            self._words.forget_recorded()
        async with DocumentPool.start(self._writer.serialize, with_words, left) as preparing:
            await self._fill(job, stop, preparing)

    async def _fill(self, job: ReindexJob, stop: asyncio.Event, preparing: DocumentPool) -> None:
        began, before = time.monotonic(), job.done
        under_way: deque[_Page] = deque()
        last = safe = str(job.checkpoint) if job.checkpoint else MIN_FILM_ID
        more, sent = True, 0
        try:
            while more or under_way:
                if stop.is_set():
                    return
                turn, searched = time.monotonic(), await search_activity.is_search_active()
                size, lanes = (PAGE_SIZE // 2, 1) if searched else (PAGE_SIZE, MAX_PAGES_AHEAD)
                while more and len(under_way) < lanes:
                    found = await fetch_films_after(last, size)
                    more = len(found) == size
                    if found:
                        last = found[-1]["id"]
                        sending = asyncio.create_task(self._send_rows(job, found, preparing))
                        under_way.append(_Page(last, len(found), sending))
                if under_way:
                    page = under_way.popleft()
                    await page.sending
                    sent, safe = sent + page.films, page.last
                if sent >= CHECKPOINT_FILMS or (sent and not (more or under_way)):
                    await self._keep(job, safe, sent)
                    job.rate = (job.done - before) / max(time.monotonic() - began, 0.001)
                    await self._jobs.save(job)
                    sent = 0
                if searched and more:
                    await wait_or_stop(stop, THROTTLE_FACTOR * (time.monotonic() - turn))
        finally:
            for page in under_way:
                page.sending.cancel()
            await asyncio.gather(*(page.sending for page in under_way), return_exceptions=True)

    async def catch_up(self, job: ReindexJob) -> None:
        """Send again what changed since the job's noted time, until little did."""
        for _ in range(MAX_CATCH_UP_PASSES):
            began = await now_ms()
            sent = await self.send_changed(job)
            job.began_ms = began
            await self._jobs.save(job)
            if sent < MAX_CHANGES_LEFT:
                return

    async def send_changed(self, job: ReindexJob) -> int:
        """Send again what changed since the job's noted time, as it is now; returns how many
        changes that were.
        """
        sent = 0
        async for page in self._changed(job):
            await self._send_entries(job, page)
            sent += len(page)
        await self._keep_if(job, sent)
        return sent

    async def changed(self, job: ReindexJob, films: int) -> bool:
        """Whether at least so many films have changed since the job's noted time."""
        found: set[UUID] = set()
        async for page in self._changed(job):
            found.update(entry.film_id for entry in page)
            if len(found) >= films:
                break
        return len(found) >= films

    def _changed(self, job: ReindexJob) -> AsyncIterator[list[Pointer]]:
        assert job.began_ms is not None
        return store.read_changes_since(job.began_ms, PAGE_SIZE)

    async def send_again(self, job: ReindexJob, found: Sequence[Difference]) -> None:
        """Make the index hold of these films what the database does."""
        entries = [
            Pointer(
                0, UUID(each.film_id), max(each.database_version or 0, each.index_version or 0), 0
            )
            for each in found
        ]
        for start in range(0, len(entries), PAGE_SIZE):
            await self._send_entries(job, entries[start : start + PAGE_SIZE])
        await self._keep_if(job, len(entries))

    async def unexplained(self, job: ReindexJob, found: Sequence[Difference]) -> list[Difference]:
        """Those differences that no refusal explains.

        What was refused before a kill is not remembered, so the index is asked once more.
        """
        rest = [each for each in found if each.film_id not in self.refused]
        await self.send_again(job, rest)
        return [each for each in rest if each.film_id not in self.refused]

    async def _send_entries(self, job: ReindexJob, entries: Sequence[Pointer]) -> None:
        """Send these films as they are now; those that are gone become tombstones."""
        documents, broken = await load_documents(entries)
        await self._words.record(word for made in documents for word in made.vocabulary_words())
        ready, refused = serialize_all(documents, self._writer.serialize)
        self._note_refused((*broken, *refused))
        await self._send(job, ready)

    async def _keep_if(self, job: ReindexJob, sent: int) -> None:
        if sent:
            assert job.index_name is not None
            await self._writer.commit(job.index_name)

    async def _send_rows(
        self, job: ReindexJob, found: Sequence[IndexRow], preparing: DocumentPool
    ) -> None:
        made = await preparing.prepare(found)
        self._note_refused(made.broken)
        await self._words.record(made.words)
        async with self._sending:
            await self._send(job, made.documents)

    async def _send(self, job: ReindexJob, documents: Sequence[SerializedDocument]) -> None:
        """Put documents into the fresh index; passing refusals are tried again, alone."""
        assert job.index_name is not None
        waiting = {made.film_id: made for made in documents}
        for attempt in range(MAX_ATTEMPTS):
            if not waiting:
                return
            refusals = await self._writer.fill(job.index_name, list(waiting.values()))
            self._note_refused(refusals)
            waiting = {r.film_id: waiting[r.film_id] for r in refusals if r.retryable}
            if waiting:
                await asyncio.sleep(0.2 * 2**attempt)
        if waiting:
            raise RebuildFailed(f"the engine keeps refusing: {refusals[0].reason}")

    async def _keep(self, job: ReindexJob, last: str, films: int) -> None:
        """So many films more, up to `last`, are safe in the index."""
        assert job.index_name is not None
        await self._writer.commit(job.index_name)
        job.checkpoint = UUID(last)
        job.done += films
        job.total = max(job.total, job.done)

    def _note_refused(self, refusals: Sequence[WriteError]) -> None:
        self.refused |= {refusal.film_id for refusal in refusals if not refusal.retryable}
