"""The index worker on a real database and a real engine."""

import asyncio
from collections.abc import Sequence

import pytest

from indexer.index_worker import TOMBSTONE_AGE_MS, IndexWorker
from service.clock import epoch_ms, utc_now
from service.database import sql
from service.errors import Unavailable
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, FilmPatch
from service.observability.metrics import INDEXED_DOCUMENTS
from service.outbox import store
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
from service.outbox.retry_delay import retry_delay_ms
from service.search.engines.base import Inventory
from service.search.index.generation import Generation
from service.search.vocabulary.sync import TermWriter
from tests.support.indexing import FILMS, SAMPLE, FaultyWriter, count_films
from tests.support.waiting import wait_until


async def test_claimed_films_are_indexed_once_and_acknowledged(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    before = await Generation().current()
    assert await worker.process_batch() == 30
    assert await count_films(writer) == 30
    assert await worker.process_batch() == 0
    assert (await store.measure_depth(0)).waiting == 0
    assert await Generation().current() > before


async def test_several_changes_of_a_film_become_one_document(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    film = await catalogue.add(FilmFacts(title="Changing"))
    for year in range(1990, 1995):
        await catalogue.update(str(film.id), None, FilmPatch(year=year))
    assert await worker.process_batch() == 6
    assert writer.written == 1


async def test_a_deleted_film_leaves_the_index_and_an_older_pointer_does_not_restore_it(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    film = await catalogue.add(FilmFacts(title="Passing"))
    await worker.process_batch()
    await catalogue.delete(str(film.id), None)
    await worker.process_batch()
    assert await count_films(writer) == 0
    await store.append_pointers([(film.id, 1, "film")], 0)
    await worker.process_batch()
    assert await count_films(writer) == 0


def count_indexed(outcome: str) -> float:
    return INDEXED_DOCUMENTS.labels(outcome)._value.get()


async def test_documents_are_counted_once_although_an_acknowledgement_fails(
    catalogue: Catalogue, worker: IndexWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    before = count_indexed("written")

    async def fail(_: object) -> None:
        raise ConnectionRefusedError("the database is gone")

    with monkeypatch.context() as patch:
        patch.setattr(store, "acknowledge", fail)
        with pytest.raises(ConnectionRefusedError):
            await worker.process_batch()
    await Outbox.all().update(owner=None, due_at=0)
    assert await worker.process_batch() == 30
    assert count_indexed("written") - before == 30


async def test_an_outage_of_the_engine_loses_no_change(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    writer.unavailable = True
    with pytest.raises(Unavailable):
        await worker.process_batch()
    waiting = await Outbox.filter(done_at=None)
    assert {row.reason for row in waiting} == {"the engine is unavailable"}
    assert all(row.due_at > 0 and row.owner is None for row in waiting)
    writer.unavailable = False
    await Outbox.all().update(due_at=0)
    await worker.process_batch()
    assert await count_films(writer) == 30


async def test_a_retryable_rejection_is_retried_and_a_final_one_is_quarantined(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    retryable, final = str(films[0].id), str(films[1].id)
    writer.rejections = {retryable: True, final: False}
    await worker.process_batch()
    assert await count_films(writer) == 28
    depth = await store.measure_depth(0)
    assert (depth.waiting, depth.quarantined) == (1, 1)
    writer.rejections = {}
    await Outbox.all().update(due_at=0)
    assert await worker.process_batch() == 1
    assert await count_films(writer) == 29


async def test_the_claims_of_a_dead_owner_are_released_when_it_restarts(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    assert len(await store.claim_pointers("tester", 500, epoch_ms(utc_now()))) == 30
    assert await worker.process_batch() == 0
    await store.release_claims("tester")
    assert await worker.process_batch() == 30


async def test_an_interrupted_batch_is_repeated_before_its_lease_ends(
    catalogue: Catalogue,
    writer: FaultyWriter,
    notifier: OutboxNotifier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    acknowledge, attempts = store.acknowledge, 0

    async def fail_once(ids: Sequence[int]) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ConnectionResetError("the database went away")
        await acknowledge(ids)

    monkeypatch.setattr(store, "acknowledge", fail_once)
    await notifier.listen()
    began, stop = utc_now(), asyncio.Event()  # a clock that stands still: no lease ends
    worker = IndexWorker(writer, TermWriter(), notifier, lambda: began, "tester")
    running = asyncio.create_task(worker.run(stop))

    async def all_acknowledged() -> bool:
        return not await Outbox.filter(done_at=None).exists()

    try:
        assert await wait_until(all_acknowledged)
    finally:
        stop.set()
        await running


async def test_two_indexers_never_claim_the_same_row(catalogue: Catalogue) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    claims = await asyncio.gather(*(store.claim_pointers(f"owner-{n}", 7, 1000) for n in range(6)))
    ids = [entry.id for claim in claims for entry in claim]
    assert len(ids) == len(set(ids)) == 30


async def test_the_loop_wakes_at_a_notification_and_ends_when_stopped(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, notifier: OutboxNotifier
) -> None:
    await notifier.listen()
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await catalogue.add(FilmFacts(title="Notified"))
    while not await count_films(writer):
        await asyncio.sleep(0.02)
    stop.set()
    await notifier.notify()
    await asyncio.wait_for(running, 10)


def test_the_backoff_grows_up_to_its_maximum() -> None:
    assert retry_delay_ms(1) < 700
    assert 10_000 < retry_delay_ms(9) <= 19_000
    assert retry_delay_ms(500) <= 19_000


async def test_a_tombstone_is_purged_after_a_day_and_not_before(
    catalogue: Catalogue, worker: IndexWorker, inventory: Inventory
) -> None:
    films = (await catalogue.upsert_all(FILMS[:2], SAMPLE)).films
    await worker.process_batch()
    await catalogue.delete(str(films[0].id), None)
    await worker.process_batch()
    assert await worker.purge_tombstones(0) < await sql.now_ms() - TOMBSTONE_AGE_MS + 60_000
    entry = await inventory.get_entry("movies-1", str(films[0].id))
    assert entry is not None and entry.gone
    await Outbox.all().update(done_at=await sql.now_ms() - TOMBSTONE_AGE_MS - 60_000)
    await worker.purge_tombstones(0)

    async def is_purged() -> bool:
        return await inventory.get_entry("movies-1", str(films[0].id)) is None

    assert await wait_until(is_purged)
    assert await inventory.get_entry("movies-1", str(films[1].id)) is not None
