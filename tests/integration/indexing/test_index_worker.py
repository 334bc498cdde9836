"""The indexer's loop on a real database and a real engine."""

import asyncio
from collections.abc import Sequence

import pytest

from indexer.index_worker import TOMBSTONE_AGE_MS, IndexWorker, backoff_ms
from service.clock import epoch_ms, utc_now
from service.database import sql
from service.errors import Unavailable
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, FilmPatch
from service.outbox import store
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
from service.search.engines.base import Inventory
from service.search.index.generation import Generation
from service.search.vocabulary.sync import TermWriter
from tests.support.indexing import FILMS, SAMPLE, FaultyWriter, count_films
from tests.support.waiting import wait_until


async def test_what_is_claimed_is_indexed_once_and_finished(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    before = await Generation().current()
    assert await worker.process_batch() == 30
    assert await count_films(writer) == 30
    assert await worker.process_batch() == 0
    assert (await store.measure_depth(0)).waiting == 0
    assert await Generation().current() > before


async def test_many_changes_of_a_film_become_one_document(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    film = await catalogue.add(FilmFacts(title="Changing"))
    for year in range(1990, 1995):
        await catalogue.update(str(film.id), None, FilmPatch(year=year))
    assert await worker.process_batch() == 6
    assert writer.written == 1


async def test_a_withdrawn_film_leaves_the_index_and_an_older_pointer_does_not_bring_it_back(
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


async def test_an_engine_that_is_away_loses_nothing(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    writer.unavailable = True
    with pytest.raises(Unavailable):
        await worker.process_batch()
    waiting = await Outbox.filter(done_at=None)
    assert {row.reason for row in waiting} == {"the engine is away"}
    assert all(row.due_at > 0 and row.owner is None for row in waiting)
    writer.unavailable = False
    await Outbox.all().update(due_at=0)
    await worker.process_batch()
    assert await count_films(writer) == 30


async def test_what_is_refused_for_now_is_tried_again_and_what_never_can_is_set_aside(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    later, never = str(films[0].id), str(films[1].id)
    writer.rejections = {later: True, never: False}
    await worker.process_batch()
    assert await count_films(writer) == 28
    depth = await store.measure_depth(0)
    assert (depth.waiting, depth.quarantined) == (1, 1)
    writer.rejections = {}
    await Outbox.all().update(due_at=0)
    assert await worker.process_batch() == 1
    assert await count_films(writer) == 29


async def test_a_dead_owners_rows_are_free_when_it_starts_again(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    assert len(await store.claim_pointers("tester", 500, epoch_ms(worker._now()))) == 30
    assert await worker.process_batch() == 0
    await store.release_claims("tester")
    assert await worker.process_batch() == 30


async def test_a_step_that_broke_off_is_done_again_before_its_lease_ends(
    catalogue: Catalogue,
    writer: FaultyWriter,
    notifier: OutboxNotifier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    finish, tries = store.acknowledge, 0

    async def finish_but_once(ids: Sequence[int]) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConnectionResetError("the database went away")
        await finish(ids)

    monkeypatch.setattr(store, "acknowledge", finish_but_once)
    await notifier.listen()
    began, stop = utc_now(), asyncio.Event()  # a clock that stands: no lease of these will end
    worker = IndexWorker(writer, TermWriter(), notifier, lambda: began, "tester")  # type: ignore[arg-type]
    running = asyncio.create_task(worker.run(stop))

    async def finished() -> bool:
        return not await Outbox.filter(done_at=None).exists()

    try:
        assert await wait_until(finished)
    finally:
        stop.set()
        await running


async def test_two_indexers_never_claim_the_same_row(catalogue: Catalogue) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    claims = await asyncio.gather(*(store.claim_pointers(f"owner-{n}", 7, 1000) for n in range(6)))
    ids = [entry.id for claim in claims for entry in claim]
    assert len(ids) == len(set(ids)) == 30


async def test_the_loop_wakes_at_a_nudge_and_ends_when_told(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, notifier: OutboxNotifier
) -> None:
    await notifier.listen()
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await catalogue.add(FilmFacts(title="Nudged"))
    while not await count_films(writer):
        await asyncio.sleep(0.02)
    stop.set()
    await notifier.notify()
    await asyncio.wait_for(running, 10)


def test_delays_grow_to_what_healing_may_take_and_no_further() -> None:
    assert backoff_ms(1) < 700
    assert 10_000 < backoff_ms(9) <= 19_000
    assert backoff_ms(500) <= 19_000


async def test_a_tombstone_is_removed_a_day_later_and_not_before(
    catalogue: Catalogue, worker: IndexWorker, inventory: Inventory
) -> None:
    films = (await catalogue.upsert_all(FILMS[:2], SAMPLE)).films
    await worker.process_batch()
    await catalogue.delete(str(films[0].id), None)
    await worker.process_batch()
    assert await worker.purge_tombstones(0) < await sql.now_ms() - TOMBSTONE_AGE_MS + 60_000
    held = await inventory.get_entry("movies-1", str(films[0].id))
    assert held is not None and held.gone
    await Outbox.all().update(done_at=await sql.now_ms() - TOMBSTONE_AGE_MS - 60_000)
    await worker.purge_tombstones(0)

    async def removed() -> bool:
        return await inventory.get_entry("movies-1", str(films[0].id)) is None

    assert await wait_until(removed)
    assert await inventory.get_entry("movies-1", str(films[1].id)) is not None
