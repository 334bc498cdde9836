"""The loop that keeps the index equal to the database.

Claim some pointers, load the films as they are now, write them in one bulk, acknowledge. Every film
is loaded again and the index refuses older versions. A pointer may therefore come twice, late or
out of order without harm, and whatever fails is simply tried again.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog

from indexer.film_documents import load_documents
from indexer.shutdown import retry_or_stop, wait_or_stop
from service.clock import epoch_ms
from service.database import sql
from service.database.faults import is_database_fault, log_database_fault
from service.errors import Unavailable
from service.limits import OUTBOX_POLL_INTERVAL
from service.observability.metrics import INDEXED_DOCUMENTS
from service.outbox import store
from service.outbox.notifications import OutboxNotifier
from service.outbox.retry_delay import retry_delay_ms
from service.search.engines.base import IndexWriter, WriteError
from service.search.index import generation
from service.search.index.document import MovieDocument
from service.search.vocabulary.sync import TermWriter

log = structlog.get_logger()

BATCH_SIZE = 500  # films in one bulk request; 500 serialized documents are about 300 kB
MAX_BATCH_SIZE = (
    2_000  # films shown at once while more wait; a third of the lease on a slow machine
)
BATCH_PAUSE = 0.05  # seconds between small bulks; halves the load and adds 15 ms of lag
MAX_CRASHES = 10  # attempts, over some minutes, before a film that breaks the code is quarantined
TOMBSTONE_AGE_MS = 86_400_000


class IndexWorker:
    """One indexer's loop; any number may run where the engine allows it."""

    def __init__(
        self,
        writer: IndexWriter,
        term_writer: TermWriter,
        notifier: OutboxNotifier,
        now: Callable[[], datetime],
        owner: str,
        *,
        page_size: int = BATCH_SIZE,
    ) -> None:
        self._writer = writer
        self._term_writer = term_writer
        self._notifier = notifier
        self._now = now
        self._owner = owner
        self._purged_until_ms = 0
        self._page_size = page_size
        self.batch_lock = asyncio.Lock()
        """Held during one batch; a rebuild takes it for its last catch-up."""

    async def run(self, stop: asyncio.Event) -> None:
        """Process batches until `stop` is set; retry whatever fails."""
        await self._release_claims(stop)
        failures, limit = 0, BATCH_SIZE
        while not stop.is_set():
            try:
                async with self.batch_lock:
                    claimed = await self.process_batch(limit)
                failures = 0
            except Exception as error:
                failures += 1
                limit = BATCH_SIZE
                self._log_error(error)
                await wait_or_stop(stop, retry_delay_ms(failures) / 1000)
                await self._release_claims(stop)  # a batch that broke off may have left claims
                continue
            limit = MAX_BATCH_SIZE if claimed == limit else BATCH_SIZE  # each costs a commit
            if claimed == 0:
                await self._notifier.wait(OUTBOX_POLL_INTERVAL)
            elif claimed < BATCH_SIZE:
                await wait_or_stop(stop, BATCH_PAUSE)

    async def process_batch(self, limit: int = BATCH_SIZE) -> int:
        """Move one batch from the outbox into the index; return the number of claimed pointers.

        Raises:
            Unavailable: the index is down; the batch is postponed.
        """
        pointers = await store.claim_pointers(self._owner, limit, self._now_ms())
        if not pointers:
            return 0
        try:
            errors = await self._write_pages(pointers)
        except Exception as error:
            errors = await self._handle_failure(pointers, error)
        films = len({pointer.film_id for pointer in pointers})
        await generation.advance()  # first: an acknowledged change must show in new responses
        await self._acknowledge(pointers, errors)
        # Last: a batch whose acknowledgement fails comes again.
        INDEXED_DOCUMENTS.labels("refused").inc(len(errors))
        INDEXED_DOCUMENTS.labels("written").inc(films - len(errors))
        log.info("films_indexed", action="films_indexed", count=films, left=len(errors))
        return len(pointers)

    async def _write_pages(self, pointers: Sequence[store.Pointer]) -> list[WriteError]:
        """Write the films of these pointers, and show them; prepare a page while one is sent."""
        if len(pointers) <= self._page_size:
            return await self._write(pointers)
        errors: list[WriteError] = []
        sending: asyncio.Task[None] | None = None

        async def send(documents: Sequence[MovieDocument]) -> None:
            errors.extend(await self._writer.add(documents))

        try:
            for start in range(0, len(pointers), self._page_size):
                documents, invalid = await self._prepare(pointers[start : start + self._page_size])
                errors += invalid
                if sending is not None:
                    await sending
                sending = asyncio.create_task(send(documents))
            if sending is not None:
                await sending
        finally:
            if sending is not None:
                await asyncio.gather(sending, return_exceptions=True)
        await self._writer.show()
        return errors

    async def _write(self, pointers: Sequence[store.Pointer]) -> list[WriteError]:
        documents, invalid = await self._prepare(pointers)
        return [*invalid, *await self._writer.write(documents)]

    async def _prepare(
        self, pointers: Sequence[store.Pointer]
    ) -> tuple[list[MovieDocument], list[WriteError]]:
        documents, invalid = await load_documents(pointers)
        await self._record_terms(documents)
        return documents, invalid

    async def _record_terms(self, documents: Iterable[MovieDocument]) -> None:
        await self._term_writer.record(
            term for document in documents for term in document.vocabulary_words()
        )

    async def _handle_failure(
        self, pointers: Sequence[store.Pointer], error: Exception
    ) -> list[WriteError]:
        """Return a write error for each film that breaks the code, and index the others.

        During an outage no film is at fault: postpone the batch and raise the outage. When the
        database is down, that cannot be written either; the lease then runs out by itself.
        """
        try:
            return await self._isolate_crashes(pointers, error)
        except Exception as outage:
            if not is_database_fault(outage):
                attempts = max(pointer.attempts for pointer in pointers)
                due_ms = self._now_ms() + retry_delay_ms(attempts)
                reason = outage.detail if isinstance(outage, Unavailable) else repr(outage)
                await store.postpone([pointer.id for pointer in pointers], due_ms, reason)
            raise

    async def _isolate_crashes(
        self, pointers: Sequence[store.Pointer], error: Exception
    ) -> list[WriteError]:
        """Find the films that break the code, so that they do not block the rest of their batch.

        Such a film is retried. After `MAX_CRASHES` attempts it is quarantined, provided that the
        film indexed last can still be indexed; if not, the code is broken and no film is at fault.
        """
        crashes: dict[UUID, Exception] = {}
        errors = await self._bisect_failures(pointers, error, crashes)
        for film_id, crash in crashes.items():
            log.error("film_breaks_indexing", film_id=str(film_id), exc_info=crash)
            attempts = max(pointer.attempts for pointer in pointers if pointer.film_id == film_id)
            hopeless = attempts >= MAX_CRASHES and await self._can_index_another(film_id)
            reason = f"cannot be indexed: {crash!r}"
            errors.append(WriteError(str(film_id), reason, retryable=not hopeless))
        return errors

    async def _bisect_failures(
        self,
        pointers: Sequence[store.Pointer],
        error: Exception,
        crashes: dict[UUID, Exception],
    ) -> list[WriteError]:
        """Index both halves of a batch that failed with `error`.

        Films that fail alone are added to `crashes`. If `error` is an outage, it is raised.
        """
        if isinstance(error, Unavailable) or is_database_fault(error):
            raise error
        film_ids = sorted({pointer.film_id for pointer in pointers})
        if len(film_ids) == 1:
            crashes[film_ids[0]] = error
            return []
        first_half = set(film_ids[: len(film_ids) // 2])
        first = [pointer for pointer in pointers if pointer.film_id in first_half]
        second = [pointer for pointer in pointers if pointer.film_id not in first_half]
        errors = await self._index(first, crashes)
        return errors + await self._index(second, crashes)

    async def _index(
        self, pointers: Sequence[store.Pointer], crashes: dict[UUID, Exception]
    ) -> list[WriteError]:
        try:
            return await self._write(pointers)
        except Exception as error:
            return await self._bisect_failures(pointers, error, crashes)

    async def _can_index_another(self, film_id: UUID) -> bool:
        """Return whether the film that was indexed last, other than this one, goes in again."""
        last = await store.last_acknowledged(film_id)
        if last is None:
            return False
        crashes: dict[UUID, Exception] = {}
        await self._index([last], crashes)
        return not crashes

    async def _acknowledge(
        self, pointers: Sequence[store.Pointer], errors: Sequence[WriteError]
    ) -> None:
        """Acknowledge what was written; postpone or quarantine the rest, with its reason."""
        now_ms = self._now_ms()
        error_of = {error.film_id: error for error in errors}
        written = [pointer.id for pointer in pointers if str(pointer.film_id) not in error_of]
        if written:
            await store.acknowledge(written)
        for film_id, error in error_of.items():
            of_film = [pointer for pointer in pointers if str(pointer.film_id) == film_id]
            ids = [pointer.id for pointer in of_film]
            if error.retryable:
                due_ms = now_ms + retry_delay_ms(max(pointer.attempts for pointer in of_film))
                await store.postpone(ids, due_ms, error.reason)
            else:
                log.error("film_refused", film_id=film_id, reason=error.reason)
                await store.quarantine(ids, now_ms, error.reason)

    async def purge(self) -> None:
        """Delete old finished rows, and the tombstones that became old since the last call."""
        await store.delete_acknowledged(self._now_ms())
        self._purged_until_ms = await self.purge_tombstones(self._purged_until_ms)

    async def purge_tombstones(self, since_ms: int) -> int:
        """Remove the tombstones of films deleted between `since_ms` and a day ago.

        By then every write that was under way at the deletion has ended, and no older one can
        bring the film back.

        Returns:
            The end of the purged period, to pass as `since_ms` the next time.
        """
        until_ms = await sql.now_ms() - TOMBSTONE_AGE_MS
        film_ids = await store.deleted_film_ids(since_ms, until_ms)
        for start in range(0, len(film_ids), BATCH_SIZE):
            async with self.batch_lock:
                await self._writer.purge_tombstones(film_ids[start : start + BATCH_SIZE])
        return until_ms

    async def _release_claims(self, stop: asyncio.Event) -> None:
        """Release this owner's claims from before a crash or failure, before their lease ends."""
        release_claims = partial(store.release_claims, self._owner)
        await retry_or_stop(stop, release_claims, self._log_error, OUTBOX_POLL_INTERVAL)

    def _now_ms(self) -> int:
        return epoch_ms(self._now())

    def _log_error(self, error: Exception) -> None:
        if isinstance(error, Unavailable):
            log.warning("index_unavailable", reason=error.detail)
        elif not log_database_fault(error):
            log.error("indexing_failed", exc_info=error)
