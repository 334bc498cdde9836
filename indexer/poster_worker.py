"""The loop that fetches posters, beside the one that indexes films.

Several jobs run at once, each on its own: claim it, fetch the poster, process it, store it, record
the outcome. Temporary failures are retried with growing delays. If the store is unavailable, no
film is at fault: the worker logs one line and claims nothing until the store answers again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from service.clock import epoch_ms
from service.database import faults
from service.errors import Misconfigured, Unavailable
from service.films.poster_response import POSTER_WIDTHS
from service.observability.metrics import UPSTREAM_CALLS
from service.posters import jobs
from service.posters.errors import (
    PosterError,
    PosterMissing,
    PosterRejected,
    PosterUnavailable,
)
from service.posters.fetcher import PosterFetcher
from service.posters.image_processor import MEDIA_TYPE, ImageProcessor
from service.posters.jobs import JobOutcome, PosterJob, PosterSnapshot
from service.posters.store import PosterStore, StoredObject, object_key
from service.resilience.backoff import MAX_DOUBLINGS, backoff, with_jitter

log = structlog.get_logger()

CONCURRENCY = 4  # jobs at the same time; they mostly wait for their hosts
POLL_INTERVAL = 1.0  # seconds
NOTIFY_INTERVAL = 1.0  # seconds; each notification invalidates cached responses
INITIAL_RETRY_DELAY_MS = 30_000  # before the second attempt; doubles with each further one
MAX_ATTEMPTS = 10  # about four hours in all; then the poster counts as missing
MISSING_RECHECK_MS = 7 * 86_400_000  # until a missing poster is looked for again
INITIAL_PAUSE = 5.0  # seconds without claims after the store or the database failed; doubles
MAX_PAUSE = 300.0  # seconds
MIN_PURGE_AGE = timedelta(days=1)  # younger objects may belong to a row that is being written
PURGE_BATCH = 300  # objects looked up in one query


class PosterWorker:
    """The poster loop of one indexer; any number of indexers may run.

    Args:
        store: where posters are kept.
        fetcher: reads posters from their sources; closed with this worker.
        image_processor: makes images of them; closed with this worker.
        on_change: called soon after films have visibly changed.
        now: returns the current time, aware.
        initial_pause: seconds without claims after a failure of the store or the database.
    """

    def __init__(
        self,
        store: PosterStore,
        fetcher: PosterFetcher,
        image_processor: ImageProcessor,
        on_change: Callable[[], Awaitable[None]],
        now: Callable[[], datetime],
        *,
        initial_pause: float = INITIAL_PAUSE,
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._image_processor = image_processor
        self._on_change = on_change
        self._now = now
        self._initial_pause = initial_pause
        self._has_unannounced_changes = False
        self._claim_lock = asyncio.Lock()
        self._idle_until = 0.0
        self._paused_until = 0.0
        self._failures = 0
        self._pause_reason: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Process jobs until `stop` is set, then release those in progress at once."""
        tasks = [asyncio.create_task(self._process_jobs()) for _ in range(CONCURRENCY)]
        tasks.append(asyncio.create_task(self._notify_periodically()))
        try:
            await stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._notify()

    async def run_once(self) -> int:
        """Process the jobs that are due now, one after the other; return their number."""
        count = 0
        while job := await self._claim_job():
            await self._process_job(job)
            count += 1
        await self._notify()
        return count

    async def purge_unreferenced(self) -> int:
        """Delete stored objects that no film refers to; return their number."""
        old: list[StoredObject] = []
        deleted = 0
        async for stored in self._store.list_objects():
            if stored.written_at < self._now() - MIN_PURGE_AGE:
                old.append(stored)
            if len(old) >= PURGE_BATCH:
                deleted += await self._purge_batch(old)
                old = []
        deleted += await self._purge_batch(old)
        log.info("posters_swept", action="posters_swept", count=deleted)
        return deleted

    async def close(self) -> None:
        """Close the connections and the image processor; safe to repeat."""
        await self._fetcher.close()
        await self._image_processor.close()

    async def _process_jobs(self) -> None:
        while True:
            try:
                job = await self._claim_unless_idle()
                if job is not None:
                    await self._process_job(job)
                    continue
            except Exception as error:
                self._pause(error)
            await asyncio.sleep(POLL_INTERVAL)

    async def _claim_unless_idle(self) -> PosterJob | None:
        """Claim the next job; after one task found none, the others do not look for it again."""
        async with self._claim_lock:
            if time.monotonic() < self._idle_until:
                return None
            job = await self._claim_job()
            if job is None:
                self._idle_until = time.monotonic() + POLL_INTERVAL
            return job

    async def _claim_job(self) -> PosterJob | None:
        """Claim the next job, unless the worker is paused or the store still fails."""
        if time.monotonic() < self._paused_until:
            return None
        if self._pause_reason is not None:
            try:
                await self._store.check()
            except (Unavailable, Misconfigured) as error:
                self._pause(error)
                return None
        job = await jobs.claim(epoch_ms(self._now()))
        if self._pause_reason is not None:
            log.info("posters_resumed", action="posters_resumed")
            self._pause_reason, self._failures = None, 0
        return job

    async def _process_job(self, job: PosterJob) -> None:
        """Fetch and store the poster of `job`, and record the outcome."""
        try:
            outcome = await self._fetch_and_store(job)
        except (Unavailable, Misconfigured) as error:
            self._pause(error)
            await jobs.release(job, epoch_ms(self._now()))
            return
        except asyncio.CancelledError:
            await jobs.release(job, epoch_ms(self._now()))
            raise
        UPSTREAM_CALLS.labels("poster", outcome.snapshot.status).inc()
        if not await jobs.record_outcome(job, outcome):
            return
        self._has_unannounced_changes |= outcome.snapshot != job.snapshot
        log.info(
            "poster_handled",
            action=f"poster_{outcome.snapshot.status}",
            film_id=str(job.film_id),
            host=parse_host(job.source),
            reason=outcome.snapshot.reason,
        )

    async def _fetch_and_store(self, job: PosterJob) -> JobOutcome:
        try:
            data = await self._fetcher.fetch(job.source or "")
            poster = await self._image_processor.process(data)
            for size, image in poster.sizes.items():
                await self._store.put(object_key(poster.key, size), image, MEDIA_TYPE)
        except PosterError as error:
            return self._outcome_of_failure(job, error)
        except (Unavailable, Misconfigured):
            raise
        except Exception as error:
            log.error("poster_failed", film_id=str(job.film_id), exc_info=error)
            failure = PosterUnavailable("the poster could not be handled")
            return self._outcome_of_failure(job, failure)
        return JobOutcome(PosterSnapshot("stored", None, poster.key))

    def _outcome_of_failure(self, job: PosterJob, error: PosterError) -> JobOutcome:
        """Return the film's new poster state after `error`, and when to try again."""
        if isinstance(error, PosterRejected):
            return JobOutcome(PosterSnapshot("rejected", error.reason, None))
        now_ms = epoch_ms(self._now())
        if isinstance(error, PosterMissing) or job.attempts >= MAX_ATTEMPTS:
            due_at = now_ms + int(with_jitter(MISSING_RECHECK_MS))
            return JobOutcome(PosterSnapshot("missing", error.reason, None), due_at=due_at)
        delay_ms = int(backoff(job.attempts, INITIAL_RETRY_DELAY_MS))
        if isinstance(error, PosterUnavailable) and error.retry_after is not None:
            delay_ms = max(delay_ms, int(error.retry_after * 1000))
        snapshot = PosterSnapshot("pending", error.reason, job.snapshot.key)
        return JobOutcome(snapshot, job.attempts, now_ms + delay_ms)

    def _pause(self, error: Exception) -> None:
        """Claim nothing for a while, longer each time; log each new reason once."""
        if time.monotonic() < self._paused_until:
            return
        self._failures += 1
        attempt = MAX_DOUBLINGS if isinstance(error, Misconfigured) else self._failures
        self._paused_until = time.monotonic() + backoff(attempt, self._initial_pause, MAX_PAUSE)
        reason = error.detail if isinstance(error, Unavailable | Misconfigured) else repr(error)
        if reason == self._pause_reason:
            return
        self._pause_reason = reason
        if isinstance(error, Misconfigured):
            log.error("posters_refused", action="posters_paused", reason=reason)
        elif isinstance(error, Unavailable) or faults.is_database_fault(error):
            log.warning("posters_paused", action="posters_paused", reason=reason[:300])
        else:
            log.error("posters_paused", action="posters_paused", exc_info=error)

    async def _purge_batch(self, objects: list[StoredObject]) -> int:
        """Delete those of `objects` that no film refers to; return their number."""
        keys = await jobs.find_referenced_keys([stored.key.partition("/")[0] for stored in objects])
        referenced = {object_key(key, size) for key in keys for size in POSTER_WIDTHS}
        unreferenced = [stored.key for stored in objects if stored.key not in referenced]
        for key in unreferenced:
            await self._store.delete(key)
        return len(unreferenced)

    async def _notify_periodically(self) -> None:
        while True:
            await asyncio.sleep(NOTIFY_INTERVAL)
            await self._notify()

    async def _notify(self) -> None:
        """Report that films have changed; a failed report is repeated next time."""
        if not self._has_unannounced_changes:
            return
        self._has_unannounced_changes = False
        try:
            await self._on_change()
        except Exception as error:
            self._has_unannounced_changes = True
            log.warning("posters_not_told", reason=repr(error)[:300])


def parse_host(address: str | None) -> str | None:
    """Return the host alone, for logs: an address may hold an API key."""
    try:
        return urlsplit(address or "").hostname
    except ValueError:
        return None
