"""The outbox under pressure: disordered events, films that cannot be indexed, many rows."""

import asyncio
import random

import pytest

from indexer.index_worker import BATCH_SIZE, MAX_CRASHES, IndexWorker
from service.clock import utc_now
from service.database.sql import fetch_rows, now_ms
from service.errors import Unavailable
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, FilmPatch
from service.indexing.comparison import Difference, compare_pages
from service.outbox import store
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
from service.search.engines.base import Inventory
from service.search.vocabulary.sync import TermWriter
from tests.support.indexing import FILMS, SAMPLE, FaultyWriter, count_films


async def differences(inventory: Inventory) -> list[Difference]:
    name = await inventory.live_index()
    assert name is not None
    return [item async for page in compare_pages(inventory, name) for item in page.differences]


@pytest.mark.fault("events-out-of-order")
async def test_events_late_twice_and_out_of_order_leave_the_index_equal_to_the_database(
    catalogue: Catalogue, writer: FaultyWriter, inventory: Inventory, notifier: OutboxNotifier
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    for year in range(1990, 1993):
        for film in films[:10]:
            await catalogue.update(str(film.id), None, FilmPatch(year=year))
    for film in films[5:15]:
        await catalogue.delete(str(film.id), None)
    events = [(row.film_id, row.version, row.kind) for row in await Outbox.all()] * 2
    random.Random(7).shuffle(events)
    workers = [
        IndexWorker(writer, TermWriter(), notifier, utc_now, f"tester-{n}") for n in range(2)
    ]
    for start in range(0, len(events), 23):
        await store.append_pointers(events[start : start + 23], 0)
        await asyncio.gather(*(worker.process_batch() for worker in workers))
    await Outbox.all().update(done_at=1)
    assert await differences(inventory) == []
    assert await count_films(writer) == 20


@pytest.mark.fault("document-rejected")
async def test_a_film_that_cannot_become_a_document_is_quarantined_and_the_others_are_indexed(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    invalid = films[11]
    await Film.filter(id=invalid.id).update(directors=[None])  # no endpoint would accept this
    await worker.process_batch()
    assert await count_films(writer) == 29
    row = await Outbox.get(film_id=invalid.id)
    assert row.quarantined_at is not None
    assert row.reason is not None and "cannot become a document" in row.reason


@pytest.mark.fault("outbox-backlog")
async def test_a_film_that_triggers_a_bug_blocks_no_others_and_is_quarantined_after_some_attempts(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    writer.crash_on = {str(films[3].id), str(films[20].id)}
    for _ in range(MAX_CRASHES):
        assert not await Outbox.filter(quarantined_at__isnull=False).exists()
        assert await worker.process_batch()
        assert await count_films(writer) == 28
        await Outbox.all().update(due_at=0)
    assert await worker.process_batch() == 0
    quarantined = await Outbox.filter(quarantined_at__isnull=False)
    assert {str(row.film_id) for row in quarantined} == writer.crash_on
    assert all("an unforeseen film" in str(row.reason) for row in quarantined)


@pytest.mark.fault("outbox-backlog")
async def test_a_long_queue_is_indexed_in_pages_and_what_fails_in_one_is_not_lost(
    catalogue: Catalogue, writer: FaultyWriter, inventory: Inventory, notifier: OutboxNotifier
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await catalogue.delete(str(films[29].id), None)
    worker = IndexWorker(writer, TermWriter(), notifier, utc_now, "tester", page_size=7)
    refused, busy, broken = (str(films[number].id) for number in (2, 12, 22))
    writer.rejections = {refused: False, busy: True}
    assert await worker.process_batch() == len(FILMS) + 1
    assert await count_films(writer) == 27
    assert (await Outbox.get(film_id=refused)).quarantined_at is not None
    assert (await Outbox.get(film_id=busy)).reason == "not today"
    writer.rejections = {}
    await Outbox.filter(done_at=None).update(due_at=0, quarantined_at=None)
    for film in films[:29]:
        await catalogue.update(str(film.id), None, FilmPatch(plot="changed"))
    writer.crash_on = {broken}
    assert await worker.process_batch() == 31
    assert await count_films(writer) == 29
    assert "an unforeseen film" in str((await Outbox.get(film_id=broken, done_at=None)).reason)
    writer.crash_on, writer.unavailable = set(), True
    await catalogue.update(str(films[0].id), None, FilmPatch(plot="changed again"))
    await Outbox.filter(done_at=None).update(due_at=0)
    with pytest.raises(Unavailable):
        await IndexWorker(
            writer, TermWriter(), notifier, utc_now, "tester", page_size=1
        ).process_batch()
    writer.unavailable = False
    await Outbox.filter(done_at=None).update(due_at=0)
    await worker.process_batch()
    assert not await Outbox.filter(done_at=None).exists()
    assert await differences(inventory) == []


@pytest.mark.parametrize("indexed_before", [True, False])
async def test_an_error_with_every_film_is_recorded_and_quarantines_none(
    indexed_before: bool, catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    films = list((await catalogue.upsert_all(FILMS[:4], SAMPLE)).films)
    if indexed_before:
        await worker.process_batch()
        for film in films:
            await catalogue.update(str(film.id), None, FilmPatch(plot="changed"))
    writer.crash_on = {str(film.id) for film in films}
    for _ in range(MAX_CRASHES + 2):
        assert await worker.process_batch() == 4
        waiting = await Outbox.filter(done_at=None)
        assert all("an unforeseen film" in str(row.reason) for row in waiting)
        assert all(row.owner is None and row.quarantined_at is None for row in waiting)
        await Outbox.filter(done_at=None).update(due_at=0)
    writer.crash_on = set()
    assert await worker.process_batch() == 4
    assert not await Outbox.filter(done_at=None).exists()


@pytest.mark.fault("outbox-backlog")
@pytest.mark.parametrize("number", [3_000, pytest.param(102_000, marks=pytest.mark.chaos)])
async def test_a_long_outbox_is_drained_bad_films_quarantined_and_old_rows_deleted(
    number: int,
    catalogue: Catalogue,
    worker: IndexWorker,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    writer.rejections = {str(film.id): False for film in films[:3]}  # a tenth of the rows
    await store.append_pointers(((films[n % 30].id, 1, "film") for n in range(number)), 0)
    batches = 0
    while await worker.process_batch():
        batches += 1
    assert batches == -(-number // BATCH_SIZE), "a quarantined row was claimed again"
    depth = await store.measure_depth(0)
    assert (depth.waiting, depth.quarantined) == (0, number // 10)
    added = await catalogue.add(FilmFacts(title="Behind many quarantined films"))
    assert await worker.process_batch() == 1
    assert await inventory.get_entry("movies-1", str(added.id)) is not None
    assert await store.delete_acknowledged(await now_ms()) == 0, (
        "rebuilds may need what was acknowledged today"
    )
    await Outbox.filter(done_at__isnull=False).update(done_at=1)
    assert await store.delete_acknowledged(await now_ms()) == number - number // 10 + 31
    rows = await fetch_rows("SELECT COUNT(*) AS n FROM outbox")
    assert rows[0]["n"] == number // 10, "quarantined rows are kept"


async def test_changes_since_a_time_are_read_in_pages_while_some_are_acknowledged(
    catalogue: Catalogue,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    for film in films[:20]:
        await catalogue.update(str(film.id), None, FilmPatch(year=1990))
    await Outbox.all().update(done_at=1)
    since = await now_ms()
    for film in films[:20]:
        await catalogue.update(str(film.id), None, FilmPatch(year=1991))
    expected = {row.id: row.film_id for row in await Outbox.filter(done_at=None)}
    await store.acknowledge(list(expected)[:11])  # all at the same time: more than a page
    read: dict[int, object] = {}
    async for page in store.read_changes_since(since, 4):
        assert 0 < len(page) <= 4
        if not read:
            await store.acknowledge(
                list(expected)[11:]
            )  # by another worker, while the reader reads
        read |= {pointer.id: pointer.film_id for pointer in page}
    assert read == expected
    assert [page async for page in store.read_changes_since(await now_ms() + 1, 4)] == []
