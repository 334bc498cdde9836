"""The loop that keeps the index equal to the database.

Claim some pointers, read the films as they are now, write one bulk, finish. Since every film is
read again and the index refuses older versions, a pointer may come twice, late or out of order
without harm; so whatever fails is simply tried again.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from indexer.shutdown import wait_or_stop
from service.clock import epoch_ms
from service.database import sql, transactions
from service.errors import Unavailable
from service.film_fields import DOCUMENT_COLUMNS
from service.films.models import Film
from service.limits import INDEX_INITIAL_BACKOFF_MS, INDEX_MAX_BACKOFF_MS, OUTBOX_POLL_INTERVAL
from service.observability.metrics import INDEXED
from service.outbox import store
from service.outbox.notifications import OutboxNotifier
from service.resilience.backoff import backoff
from service.search.engines.base import IndexWriter, WriteError
from service.search.index import generation
from service.search.index.document import DOCUMENT_ERRORS, MovieDocument
from service.search.vocabulary.sync import TermWriter

log = structlog.get_logger()

BATCH_SIZE = 500  # films in one bulk request; 500 ready documents are some 300 kB
BATCH_PAUSE = 0.05  # seconds between small bulks: half the load of none, 15 ms more lag
MAX_CRASHES = 10  # tries of a film that breaks the code, some minutes, before it is set aside
TOMBSTONE_AGE_MS = 86_400_000  # ms
PURGE_INTERVAL = 600.0  # seconds between two removals of old finished rows


class IndexWorker:
    """One indexer's loop; any number may run where the engine allows it."""

    def __init__(
        self,
        writer: IndexWriter,
        term_writer: TermWriter,
        notifier: OutboxNotifier,
        now: Callable[[], datetime],
        owner: str,
    ) -> None:
        self._writer = writer
        self._term_writer = term_writer
        self._notifier = notifier
        self._now = now
        self._owner = owner
        self.batch_lock = asyncio.Lock()
        """Held during one step; a rebuild takes it for its last catch-up."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; whatever fails is tried again."""
        await self._release_claims(stop)
        failures = 0
        while not stop.is_set():
            try:
                async with self.batch_lock:
                    handled = await self.process_batch()
                failures = 0
            except Exception as error:
                failures += 1
                self._log_error(error)
                await wait_or_stop(stop, backoff_ms(failures) / 1000)
                await self._release_claims(stop)  # a step that broke off may have left rows leased
                continue
            if handled == 0:
                await self._notifier.wait(OUTBOX_POLL_INTERVAL)
            elif handled < BATCH_SIZE:
                await wait_or_stop(stop, BATCH_PAUSE)

    async def process_batch(self) -> int:
        """One bulk; returns how many pointers were claimed."""
        entries = await store.claim_pointers(self._owner, BATCH_SIZE, epoch_ms(self._now()))
        if not entries:
            return 0
        try:
            refused = await self._write(entries)
        except Exception as error:
            if transactions.is_database_fault(error):
                raise  # nothing could be written down either; the lease runs out by itself
            attempts = max(entry.attempts for entry in entries)
            due = epoch_ms(self._now()) + backoff_ms(attempts)
            reason = error.detail if isinstance(error, Unavailable) else repr(error)
            await store.postpone([entry.id for entry in entries], due, reason)
            raise
        films = len({entry.film_id for entry in entries})
        INDEXED.labels("refused").inc(len(refused))
        INDEXED.labels("written").inc(films - len(refused))
        await generation.advance()  # first: whoever sees a row done may count on new answers
        await self._acknowledge(entries, refused)
        log.info("films_indexed", action="films_indexed", count=films, left=len(refused))
        return len(entries)

    async def _write(self, entries: Sequence[store.Pointer]) -> list[WriteError]:
        """Put the films behind `entries` into the index; returns those that did not go in.

        One film that nobody thought of must not hold up the others of its bulk for ever, so what
        breaks this code is found and refused; for good after some tries, if what has gone in before
        still does. Else it is no film's fault.
        """
        broken: dict[UUID, Exception] = {}
        refused = await self._bisect_failures(entries, broken)
        for film_id, error in broken.items():
            log.error("film_breaks_indexing", film_id=str(film_id), exc_info=error)
            attempts = max(entry.attempts for entry in entries if entry.film_id == film_id)
            hopeless = attempts >= MAX_CRASHES and await self._writes_another(film_id)
            reason = f"cannot be indexed: {error!r}"
            refused.append(WriteError(str(film_id), reason, retryable=not hopeless))
        return refused

    async def _writes_another(self, film_id: UUID) -> bool:
        """Whether the film that went in last, other than this one, goes in again."""
        last = await store.last_acknowledged(film_id)
        if last is None:
            return False
        broken: dict[UUID, Exception] = {}
        await self._bisect_failures([last], broken)
        return not broken

    async def _bisect_failures(
        self, entries: Sequence[store.Pointer], broken: dict[UUID, Exception]
    ) -> list[WriteError]:
        try:
            documents, unfit = await load_documents(entries)
            await self._term_writer.record(
                word for made in documents for word in made.vocabulary_words()
            )
            return [*unfit, *await self._writer.write(documents)]
        except Exception as error:
            if isinstance(error, Unavailable) or transactions.is_database_fault(error):
                raise
            films = sorted({entry.film_id for entry in entries})
            if len(films) == 1:
                broken[films[0]] = error
                return []
        half = set(films[: len(films) // 2])
        first = [entry for entry in entries if entry.film_id in half]
        rest = [entry for entry in entries if entry.film_id not in half]
        refused = await self._bisect_failures(first, broken)
        return refused + await self._bisect_failures(rest, broken)

    async def _acknowledge(
        self, entries: Sequence[store.Pointer], refusals: Sequence[WriteError]
    ) -> None:
        """Finish what went in; put off or set aside what did not, each with its own reason."""
        now = epoch_ms(self._now())
        refused = {refusal.film_id: refusal for refusal in refusals}
        done = [entry.id for entry in entries if str(entry.film_id) not in refused]
        if done:
            await store.acknowledge(done)
        for film_id, refusal in refused.items():
            of_film = [entry for entry in entries if str(entry.film_id) == film_id]
            ids = [entry.id for entry in of_film]
            if refusal.retryable:
                due = now + backoff_ms(max(entry.attempts for entry in of_film))
                await store.postpone(ids, due, refusal.reason)
            else:
                log.error("film_refused", film_id=film_id, reason=refusal.reason)
                await store.quarantine(ids, now, refusal.reason)

    async def purge_periodically(self, stop: asyncio.Event) -> None:
        """Forget old finished rows and old tombstones now and then, until `stop`."""
        buried = 0
        while not stop.is_set():
            try:
                await store.delete_acknowledged(epoch_ms(self._now()))
                buried = await self.purge_tombstones(buried)
            except Exception as error:
                self._log_error(error)
            await wait_or_stop(stop, PURGE_INTERVAL)

    async def purge_tombstones(self, since_ms: int) -> int:
        """Remove the tombstones laid between `since` and a day ago.

        By then every write that was under way at the deletion has ended, and no older one can
        bring the film back.

        Returns:
            Up to when it was done: what to pass the next time.
        """
        until_ms = await sql.now_ms() - TOMBSTONE_AGE_MS
        film_ids = await store.deleted_film_ids(since_ms, until_ms)
        for start in range(0, len(film_ids), BATCH_SIZE):
            async with self.batch_lock:
                await self._writer.purge_tombstones(film_ids[start : start + BATCH_SIZE])
        return until_ms

    async def _release_claims(self, stop: asyncio.Event) -> None:
        """Take back what this owner held when it died or failed: nobody waits out the lease."""
        while not stop.is_set():
            try:
                await store.release_claims(self._owner)
                return
            except Exception as error:
                self._log_error(error)
                await wait_or_stop(stop, OUTBOX_POLL_INTERVAL)

    def _log_error(self, error: Exception) -> None:
        if isinstance(error, Unavailable):
            log.warning("index_unavailable", reason=error.detail)
        elif transactions.is_database_fault(error):
            log.warning("database_unavailable", reason=repr(error)[:300])
        else:
            log.error("indexing_failed", exc_info=error)


async def load_documents(
    entries: Sequence[store.Pointer],
) -> tuple[list[MovieDocument], list[WriteError]]:
    """The films behind `entries` as they are now; one that is gone becomes a tombstone.

    Returns:
        The documents, one per film, and a refusal for each film that cannot become one.
    """
    ids = {entry.film_id for entry in entries}
    films = {film.id: film for film in await Film.filter(id__in=list(ids)).only(*DOCUMENT_COLUMNS)}
    newest: dict[UUID, int] = {}
    for entry in entries:
        newest[entry.film_id] = max(entry.version, newest.get(entry.film_id, 0))
    documents, broken = [], []
    for film_id, version in newest.items():
        film = films.get(film_id)
        try:
            if film is None:
                documents.append(MovieDocument.tombstone(str(film_id), version))
            else:
                documents.append(MovieDocument.of(film).materialize())
        except DOCUMENT_ERRORS as error:
            broken.append(WriteError(str(film_id), f"cannot become a document: {error}", False))
    return documents, broken


def backoff_ms(attempts: int) -> int:
    """Milliseconds before the next try: doubling, up to a limit, jittered by a quarter."""
    return int(backoff(attempts, INDEX_INITIAL_BACKOFF_MS, INDEX_MAX_BACKOFF_MS))
