"""The loop that brings films their posters, beside the one that indexes them.

Each film that is due is claimed, its poster fetched, checked, stored and written down; a few at a
time, each with its own end. What fails for a passing reason is tried again, later and later. A
store that is away is no film's fault: then nothing is claimed until it answers again, and one
line says so.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from service.clock import epoch_ms
from service.database import transactions
from service.errors import Misconfigured, Unavailable
from service.films.poster_response import POSTER_WIDTHS
from service.observability.metrics import UPSTREAM
from service.posters import jobs
from service.posters.errors import (
    PosterError,
    PosterMissing,
    PosterRejected,
    PosterTemporarilyUnavailable,
)
from service.posters.fetcher import PosterFetcher
from service.posters.image_processor import MEDIA_TYPE, ImageProcessor
from service.posters.jobs import Outcome, PosterJob, PosterSnapshot
from service.posters.store import PosterStore, StoredObject, object_key
from service.resilience.backoff import MAX_DOUBLINGS, backoff, with_jitter

log = structlog.get_logger()

LANES = 4  # posters on their way at the same time; they mostly wait for their hosts
POLL = 1.0  # seconds between two looks for due films
TELL_EVERY = 1.0  # seconds; each telling puts cached answers out of use
FIRST_DELAY = 30_000  # ms before the second try; doubles with each
MOST_TRIES = 10  # some four hours in all; then the poster counts as missing
LOOK_AGAIN = 7 * 86_400_000  # ms until a missing poster is looked for again
FIRST_REST = 5.0  # seconds without work after the store or the database failed; doubles
LONGEST_REST = 300.0  # seconds
SWEEP_EVERY = 6 * 3600.0  # seconds
ORPHAN_AGE = timedelta(days=1)  # younger objects may belong to a row that is being written
SWEEP_BATCH = 300  # objects looked up at once


class PosterWorker:
    """One indexer's posters; any number of indexers may run.

    Args:
        changed: called soon after films have visibly changed.
    """

    def __init__(
        self,
        store: PosterStore,
        fetcher: PosterFetcher,
        darkroom: ImageProcessor,
        changed: Callable[[], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._darkroom = darkroom
        self._changed = changed
        self._now = now
        self._untold = False
        self._claiming = asyncio.Lock()
        self._idle_until = 0.0
        self._rest_until = 0.0
        self._failures = 0
        self._trouble: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then give back at once what is under way."""
        tasks = [asyncio.create_task(self._lane()) for _ in range(LANES)]
        tasks += [
            asyncio.create_task(self._keep_telling()),
            asyncio.create_task(self._keep_clean()),
        ]
        try:
            await stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._tell()

    async def run_once(self) -> int:
        """Handle what is due now, one after the other; returns how many films that were."""
        count = 0
        while order := await self._next():
            await self._handle(order)
            count += 1
        await self._tell()
        return count

    async def sweep(self) -> int:
        """Delete stored objects that no film shows any more; returns how many."""
        old: list[StoredObject] = []
        deleted = 0
        async for stored in self._store.objects():
            if stored.written_at < self._now() - ORPHAN_AGE:
                old.append(stored)
            if len(old) >= SWEEP_BATCH:
                deleted += await self._swept(old)
                old = []
        return deleted + await self._swept(old)

    async def close(self) -> None:
        """End the connections and the darkroom; safe to repeat."""
        await self._fetcher.close()
        await self._darkroom.close()

    async def _lane(self) -> None:
        while True:
            try:
                order = await self._next_unless_idle()
                if order is not None:
                    await self._handle(order)
                    continue
            except Exception as error:
                self._rest(error)
            await asyncio.sleep(POLL)

    async def _next_unless_idle(self) -> PosterJob | None:
        """The next order; lanes without work look for it in turns, not all at once."""
        async with self._claiming:
            if time.monotonic() < self._idle_until:
                return None
            order = await self._next()
            if order is None:
                self._idle_until = time.monotonic() + POLL
            return order

    async def _next(self) -> PosterJob | None:
        """The next order, unless what it takes to fulfil it is away."""
        if time.monotonic() < self._rest_until:
            return None
        if self._trouble is not None:
            try:
                await self._store.check()
            except (Unavailable, Misconfigured) as fault:
                self._rest(fault)
                return None
        order = await jobs.claim(epoch_ms(self._now()))
        if self._trouble is not None:
            log.info("posters_resumed", action="posters_resumed")
            self._trouble, self._failures = None, 0
        return order

    async def _handle(self, order: PosterJob) -> None:
        """Fulfil `order` and write down what became of it."""
        try:
            outcome = await self._outcome(order)
        except (Unavailable, Misconfigured) as fault:
            self._rest(fault)
            await jobs.release(order, epoch_ms(self._now()))
            return
        except asyncio.CancelledError:
            await jobs.release(order, epoch_ms(self._now()))
            raise
        UPSTREAM.labels("poster", outcome.seen.status).inc()
        if not await jobs.settle(order, outcome):
            return
        self._untold |= outcome.seen != order.snapshot
        log.info(
            "poster_handled",
            action=f"poster_{outcome.seen.status}",
            film_id=str(order.film_id),
            host=host_of(order.source),
            reason=outcome.seen.reason,
        )

    async def _outcome(self, order: PosterJob) -> Outcome:
        try:
            data = await self._fetcher.fetch(order.source or "")
            poster = await self._darkroom.process(data)
            for size, picture in poster.sizes.items():
                await self._store.put(object_key(poster.key, size), picture, MEDIA_TYPE)
        except PosterError as verdict:
            return self._failed(order, verdict)
        except (Unavailable, Misconfigured):
            raise
        except Exception as error:
            log.error("poster_failed", film_id=str(order.film_id), exc_info=error)
            return self._failed(
                order, PosterTemporarilyUnavailable("the poster could not be handled")
            )
        return Outcome(PosterSnapshot("stored", None, poster.key))

    def _failed(self, order: PosterJob, verdict: PosterError) -> Outcome:
        """What `verdict` means for the film, and when to look again."""
        if isinstance(verdict, PosterRejected):
            return Outcome(PosterSnapshot("rejected", verdict.reason, None))
        if isinstance(verdict, PosterMissing) or order.attempts >= MOST_TRIES:
            later = epoch_ms(self._now()) + int(with_jitter(LOOK_AGAIN))
            return Outcome(PosterSnapshot("missing", verdict.reason, None), due_at=later)
        delay = int(backoff(order.attempts, FIRST_DELAY))
        if isinstance(verdict, PosterTemporarilyUnavailable) and verdict.retry_after is not None:
            delay = max(delay, int(verdict.retry_after * 1000))
        seen = PosterSnapshot("pending", verdict.reason, order.snapshot.key)
        return Outcome(seen, order.attempts, epoch_ms(self._now()) + delay)

    def _rest(self, error: Exception) -> None:
        """Claim nothing for a while: each time longer, with one line for each kind of trouble."""
        if time.monotonic() < self._rest_until:
            return
        self._failures += 1
        attempt = MAX_DOUBLINGS if isinstance(error, Misconfigured) else self._failures
        self._rest_until = time.monotonic() + backoff(attempt, FIRST_REST, LONGEST_REST)
        trouble = error.detail if isinstance(error, Unavailable | Misconfigured) else repr(error)
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if isinstance(error, Misconfigured):
            log.error("posters_refused", action="posters_paused", reason=trouble)
        elif isinstance(error, Unavailable) or transactions.is_database_fault(error):
            log.warning("posters_paused", action="posters_paused", reason=trouble[:300])
        else:
            log.error("posters_paused", action="posters_paused", exc_info=error)

    async def _swept(self, old: list[StoredObject]) -> int:
        wanted = await jobs.referenced_keys([stored.key.partition("/")[0] for stored in old])
        kept = {object_key(key, size) for key in wanted for size in POSTER_WIDTHS}
        orphans = [stored.key for stored in old if stored.key not in kept]
        for key in orphans:
            await self._store.delete(key)
        return len(orphans)

    async def _keep_clean(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                count = await self.sweep()
                log.info("posters_swept", action="posters_swept", count=count)
            except Exception as error:
                log.warning("posters_not_swept", reason=repr(error)[:300])

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(TELL_EVERY)
            await self._tell()

    async def _tell(self) -> None:
        """Say that films have changed; what could not be said is said next time."""
        if not self._untold:
            return
        self._untold = False
        try:
            await self._changed()
        except Exception as error:
            self._untold = True
            log.warning("posters_not_told", reason=repr(error)[:300])


def host_of(address: str | None) -> str | None:
    """The host alone: an address may hold a key, and a log is no place for keys."""
    try:
        return urlsplit(address or "").hostname
    except ValueError:
        return None
