"""Sample films, a writer that fails on request, and helpers for tests of the indexer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.rebuild import MAX_INTERRUPTIONS, Rebuild
from indexer.rebuild_fill import IndexFiller
from indexer.rebuild_lease import RebuildLease
from service.clock import utc_now
from service.errors import Unavailable
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, Provenance
from service.indexing.comparison import Difference, compare_pages
from service.indexing.models import ReindexJob
from service.indexing.reindex_jobs import ReindexJobs
from service.outbox.models import Outbox
from service.search.engines.base import IndexWriter, Inventory, SerializedDocument, WriteError
from service.search.index.document import MovieDocument
from service.search.vocabulary.sync import TermWriter
from tests.support.waiting import wait_until

SAMPLE = Provenance(source="sample")
FILMS = [FilmFacts(title=f"Film number {n}", year=1950 + n % 70) for n in range(30)]
OWNER = "tester"
REBUILD_TIMEOUT = 120.0  # seconds that a small rebuild may take on a busy machine


class FaultyWriter:
    """A real writer that fails when a test says so."""

    def __init__(self, writer: IndexWriter) -> None:
        self._writer = writer
        self.unavailable = False
        self.rejections: dict[str, bool] = {}
        """Film ids that `write` and `add` reject, and whether a retry may help."""
        self.crash_on: set[str] = set()
        """Film ids that make `write` and `add` raise an unforeseen exception."""
        self.dropped: set[str] = set()
        """Film ids that `fill` loses silently."""
        self.written = 0
        self.concurrent = self.max_concurrent = 0
        self.delay = 0.0  # seconds that `fill` takes longer

    async def write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        return await self._try(self._writer.write, documents)

    async def add(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        return await self._try(self._writer.add, documents)

    async def _try(
        self,
        write: Callable[[Sequence[MovieDocument]], Awaitable[tuple[WriteError, ...]]],
        documents: Sequence[MovieDocument],
    ) -> tuple[WriteError, ...]:
        if self.unavailable:
            raise Unavailable("the engine is unavailable")
        if self.crash_on & {document.film_id for document in documents}:
            raise RuntimeError("an unforeseen film")
        accepted = [document for document in documents if document.film_id not in self.rejections]
        self.written += len(accepted)
        errors = [
            WriteError(document.film_id, "not today", self.rejections[document.film_id])
            for document in documents
            if document.film_id in self.rejections
        ]
        return (*errors, *await write(accepted))

    async def fill(
        self, name: str, documents: Sequence[SerializedDocument]
    ) -> tuple[WriteError, ...]:
        if self.unavailable:
            raise Unavailable("the engine is unavailable")
        accepted = [document for document in documents if document.film_id not in self.dropped]
        self.concurrent += 1
        self.max_concurrent = max(self.max_concurrent, self.concurrent)
        await asyncio.sleep(self.delay)
        rejected = [
            document.film_id for document in accepted if document.film_id in self.rejections
        ]
        accepted = [document for document in accepted if document.film_id not in self.rejections]
        try:
            errors = [WriteError(id, "not today", self.rejections[id]) for id in rejected]
            return (*errors, *await self._writer.fill(name, accepted))
        finally:
            self.concurrent -= 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


async def count_films(writer: FaultyWriter) -> int:
    """Return the number of films in the live index."""
    return int(await writer.count(await writer.live_index()))


async def find_differences(inventory: Inventory) -> list[Difference]:
    """Compare the live index with the database."""
    name = await inventory.live_index()
    assert name is not None
    return [diff async for page in compare_pages(inventory, name) for diff in page.differences]


async def corrupt_index(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> dict[str, str]:
    """Index the sample films, and make four differ; return the kind of difference of each.

    One is missing, two are stale (one is newer than the database), one is orphaned.
    """
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    missing, stale, newer, orphaned = films[:4]
    documents = [
        MovieDocument.tombstone(str(missing.id), missing.version),
        replace(MovieDocument.from_film(stale), title="Something else"),
        replace(MovieDocument.from_film(newer), version=9),
    ]
    assert await writer.write(documents) == ()
    await Film.filter(id=orphaned.id).delete()
    await Outbox.all().update(done_at=1)
    return {
        str(missing.id): "missing",
        str(stale.id): "stale",
        str(newer.id): "stale",
        str(orphaned.id): "orphaned",
    }


def build_rebuild(
    handles: IndexHandles,
    worker: IndexWorker,
    *,
    max_interruptions: int = MAX_INTERRUPTIONS,
    **filler_options: Any,
) -> Rebuild:
    """Return a rebuild; `filler_options` are the tunables of its IndexFiller."""
    lease = RebuildLease(OWNER)
    filler = IndexFiller(handles.writer, TermWriter(), lease, **filler_options)
    return Rebuild(handles, worker, lease, filler, utc_now, max_interruptions=max_interruptions)


async def run_rebuild(rebuild: Rebuild, job_id: str | None = None) -> ReindexJob:
    """Run the job with this id, or a new one, to its end."""
    stop = asyncio.Event()
    requested_id = job_id or (await ReindexJobs(utc_now).request()).id
    task = asyncio.create_task(rebuild.run(stop))
    try:
        return await wait_until_finished(requested_id)
    finally:
        stop.set()
        await task


async def wait_until_finished(job_id: str) -> ReindexJob:
    """Wait until the job is done, failed or cancelled, and return it."""

    async def finished() -> ReindexJob | None:
        job = await ReindexJob.get(id=job_id)
        return job if job.finished_at is not None else None

    job: ReindexJob = await wait_until(finished, REBUILD_TIMEOUT)
    return job
