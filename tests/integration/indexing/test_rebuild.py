"""A rebuild on a real database and a real engine: it goes live, and no write is lost."""

import asyncio
import shutil
from pathlib import Path

import pytest

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.outdated_index import RETRY_INTERVAL, rebuild_if_outdated
from indexer.rebuild import Rebuild
from service.clock import utc_now
from service.errors import DomainError, Unavailable
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, FilmPatch
from service.indexing.drift import Drift
from service.indexing.models import ReindexJob, Step
from service.indexing.reindex_jobs import ReindexJobs
from service.outbox.models import Outbox
from service.search.engines.base import Engine, Inventory
from service.search.engines.elasticsearch.inventory import ElasticsearchInventory
from service.search.engines.tantivy.inventory import TantivyInventory
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.server import container
from service.settings import Settings
from tests.support.clock import FakeClock
from tests.support.indexing import (
    FILMS,
    REBUILD_TIMEOUT,
    SAMPLE,
    FaultyWriter,
    build_rebuild,
    count_films,
    find_differences,
    run_rebuild,
    wait_until_finished,
)
from tests.support.waiting import wait_until


async def test_the_new_index_goes_live_and_the_previous_one_is_kept(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    await catalogue.delete(str(films[0].id), None)  # not indexed before the rebuild
    previous = await inventory.live_index()
    job = await run_rebuild(rebuild)
    assert (job.state, job.done, job.reason) == (Step.DONE, 29, None)
    assert await inventory.live_index() == job.index_name != previous
    assert await writer.list_indexes() == sorted([previous, job.index_name])
    assert await count_films(writer) == 29
    assert await find_differences(inventory) == []
    assert {"query": "Film number 7", "expected": "Film number 7"}.items() <= next(
        query for query in job.golden or [] if query["query"] == "Film number 7"
    ).items()
    next_job = await run_rebuild(rebuild)
    assert next_job.previous_name == job.index_name
    assert previous not in await writer.list_indexes()


async def test_progress_is_saved_after_each_page_and_counted_again_from_the_checkpoint(
    catalogue: Catalogue,
    worker: IndexWorker,
    index_handles: IndexHandles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    rebuild = build_rebuild(index_handles, worker, page_size=5, progress_interval=0.0)
    saved: list[tuple[bool, int]] = []
    save = rebuild._lease.save

    async def record(job: ReindexJob) -> None:
        saved.append((job.checkpoint is None, job.done))
        await save(job)

    monkeypatch.setattr(rebuild._lease, "save", record)
    await ReindexJobs(utc_now).request()
    job = await rebuild._lease.claim()
    assert job is not None
    await rebuild._create(job)
    saved.clear()
    await rebuild._filler.fill(job, asyncio.Event())
    assert saved == [*((True, done) for done in (5, 10, 15, 20, 25)), (False, 30)]
    job.checkpoint, job.done = sorted(film.id for film in films)[9], 25  # as after a kill
    await rebuild._filler.fill(job, asyncio.Event())
    assert (job.done, job.total) == (30, 30)


@pytest.mark.fault("changes-during-rebuild")
async def test_writes_during_a_rebuild_are_neither_lost_nor_undone_and_searches_see_no_error(
    catalogue: Catalogue,
    worker: IndexWorker,
    inventory: Inventory,
    index_handles: IndexHandles,
    search_url: str,
) -> None:
    rebuild = build_rebuild(index_handles, worker, page_size=15)
    films = list((await catalogue.upsert_all(FILMS, SAMPLE)).films)
    more = [FilmFacts(title=f"Another {n}", directors=["Someone"]) for n in range(200)]
    films += (await catalogue.upsert_all(more, SAMPLE)).films
    while await worker.process_batch():
        pass
    engine: Engine = container.build_engine(Settings(search_url=search_url))
    await engine.open()
    stop, finished = asyncio.Event(), asyncio.Event()
    added: set[str] = set()
    searches = 0

    async def write() -> None:
        for number, film in enumerate(films):
            if finished.is_set():
                return
            match number % 3:
                case 0:
                    new_film = await catalogue.add(FilmFacts(title=f"New {number}"))
                    added.add(str(new_film.id))
                case 1:
                    await catalogue.update(str(film.id), None, FilmPatch(plot=f"Changed {number}"))
                case _:
                    await catalogue.delete(str(film.id), None)
            await asyncio.sleep(0.02)

    async def search() -> None:
        nonlocal searches
        plan = Plan.exact(Query.parse("film number 27"))
        while not finished.is_set():
            await engine.refresh(searches)
            assert (await engine.search(plan, 0, 10)).total > 0
            searches += 1

    async def outbox_is_empty() -> bool:
        return not await Outbox.filter(done_at=None).exists()

    indexing = [asyncio.create_task(task) for task in (worker.run(stop), rebuild.run(stop))]
    clients = [asyncio.create_task(task) for task in (write(), search())]
    try:
        job = await wait_until_finished((await ReindexJobs(utc_now).request()).id)
        finished.set()
        await asyncio.gather(*clients)
        await wait_until(outbox_is_empty, REBUILD_TIMEOUT)
    finally:
        finished.set()
        stop.set()
        await asyncio.gather(*indexing, *clients, return_exceptions=True)
        await engine.close()
    assert (job.state, job.reason) == (Step.DONE, None)
    assert searches > 0 and added
    assert await find_differences(inventory) == []
    for film_id in added:
        assert await inventory.get_entry(str(job.index_name), film_id) is not None


async def test_a_film_that_the_old_index_rejected_is_retried_in_the_new_one(
    catalogue: Catalogue, worker: IndexWorker, rebuild: Rebuild, writer: FaultyWriter
) -> None:
    film = (await catalogue.upsert_all(FILMS[:1], SAMPLE)).films[0]
    writer.rejections = {str(film.id): False}
    await worker.process_batch()
    assert await Outbox.filter(quarantined_at__isnull=False).count() == 1
    writer.rejections = {}
    assert (await run_rebuild(rebuild)).state == Step.DONE
    assert await worker.process_batch() == 1
    assert not await Outbox.filter(done_at=None).exists()


async def test_a_rebuild_waits_for_an_unavailable_engine_but_not_for_ever(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    index_handles: IndexHandles,
    writer: FaultyWriter,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    writer.unavailable = True
    requested = await ReindexJobs(utc_now).request()
    running = asyncio.create_task(run_rebuild(rebuild, requested.id))

    async def is_filling() -> bool:
        return (await ReindexJob.get(id=requested.id)).state == Step.FILLING

    try:
        await wait_until(is_filling)
    finally:
        writer.unavailable = False
        job = await running
    assert job.state == Step.DONE
    writer.unavailable = True
    job = await run_rebuild(build_rebuild(index_handles, worker, max_interruptions=1))
    assert (job.state, job.reason) == (Step.FAILED, "the engine is unavailable")


async def test_an_index_of_another_analysis_counts_as_outdated_until_it_is_rebuilt(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    inventory: Inventory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    drift = Drift(inventory, catalogue._notifier, utc_now)
    assert (await drift.get_last_comparison()).outdated is False
    monkeypatch.setattr("service.search.engines.tantivy.schema.FINGERPRINT", "another")
    for module in ("writer", "inventory"):
        monkeypatch.setattr(
            f"service.search.engines.elasticsearch.{module}.fingerprint", lambda: "another"
        )
    assert (await drift.get_last_comparison()).outdated is True
    with pytest.raises(DomainError, match="the indexer rebuilds it"):
        await drift.check()
    async for report in drift.compare_all():
        assert (report.by_content, report.drift) == (False, 0)
    jobs = ReindexJobs(utc_now)
    assert await rebuild_if_outdated(inventory, jobs, utc_now)
    assert not await rebuild_if_outdated(inventory, jobs, utc_now), "it is requested once"
    requested = await jobs.get_latest()
    assert requested is not None
    assert (await run_rebuild(rebuild, requested.id)).state == Step.DONE
    assert (await drift.get_last_comparison()).outdated is False
    assert not await rebuild_if_outdated(inventory, jobs, utc_now)


async def delete_live_index(inventory: Inventory, *, with_folder: bool) -> None:
    """Delete the index behind the service's back; tantivy's alone or with the folder around it."""
    if isinstance(inventory, TantivyInventory):
        name = await inventory.live_index()
        assert name is not None
        shutil.rmtree(inventory._root if with_folder else inventory._root / name)
    else:
        assert isinstance(inventory, ElasticsearchInventory)
        name = await inventory.live_index()
        assert name is not None
        index = inventory._address.cluster_name(name)
        await inventory._get_client().indices.delete(index=index)


@pytest.mark.parametrize("with_folder", [True, False])
async def test_an_index_that_was_gone_at_the_start_is_rebuilt(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    writer: FaultyWriter,
    inventory: Inventory,
    with_folder: bool,
) -> None:
    jobs = ReindexJobs(utc_now)
    assert not await rebuild_if_outdated(inventory, jobs, utc_now), "there are no films"
    await catalogue.upsert_all(FILMS, SAMPLE)
    assert not await rebuild_if_outdated(inventory, jobs, utc_now), "they wait for the index"
    await worker.process_batch()
    assert not await rebuild_if_outdated(inventory, jobs, utc_now)
    await delete_live_index(inventory, with_folder=with_folder)
    await writer.open()
    assert await rebuild_if_outdated(inventory, jobs, utc_now)
    requested = await jobs.get_latest()
    assert requested is not None
    assert (await run_rebuild(rebuild, requested.id)).state == Step.DONE
    assert await find_differences(inventory) == []
    assert not await rebuild_if_outdated(inventory, jobs, utc_now)


@pytest.mark.parametrize("with_folder", [True, False])
async def test_an_index_that_is_gone_is_no_good_state_and_is_rebuilt(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    writer: FaultyWriter,
    inventory: Inventory,
    with_folder: bool,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    drift = Drift(inventory, catalogue._notifier, utc_now)
    async for _ in drift.compare_all():
        pass
    assert (await drift.check()).startswith("0 of 30 films differ")
    await delete_live_index(inventory, with_folder=with_folder)
    with pytest.raises(DomainError, match="there is no search index"):
        await drift.check()
    jobs = ReindexJobs(utc_now)
    assert await rebuild_if_outdated(inventory, jobs, utc_now)
    requested = await jobs.get_latest()
    assert requested is not None
    assert (await run_rebuild(rebuild, requested.id)).state == Step.DONE
    assert (await drift.check()).startswith("0 of 30 films differ")
    assert not await rebuild_if_outdated(inventory, jobs, utc_now)
    await catalogue.upsert(FilmFacts(title="Later"), SAMPLE)
    await worker.process_batch()
    assert await count_films(writer) == 31
    assert await find_differences(inventory) == []


async def test_a_folder_of_indexes_that_is_created_again_is_locked_again(tmp_path: Path) -> None:
    settings = Settings(search_url=f"tantivy://{tmp_path}/films")
    writer, other = container.build_writer(settings), container.build_writer(settings)
    await writer.open()
    shutil.rmtree(tmp_path / "films")
    await writer.create("movies-2")
    await writer.promote("movies-2")
    with pytest.raises(Unavailable, match="Another process writes"):
        await other.open()
    await writer.close()
    await other.close()


@pytest.mark.parametrize("state", [Step.FAILED, Step.CANCELLED])
async def test_a_rebuild_of_an_outdated_index_that_came_to_nothing_is_requested_again_later(
    database: str,
    inventory: Inventory,
    writer: FaultyWriter,
    monkeypatch: pytest.MonkeyPatch,
    state: Step,
) -> None:
    monkeypatch.setattr("service.search.engines.tantivy.schema.FINGERPRINT", "another")
    monkeypatch.setattr(
        "service.search.engines.elasticsearch.inventory.fingerprint", lambda: "another"
    )
    jobs, clock = ReindexJobs(utc_now), FakeClock(utc_now())
    await ReindexJob.create(state=state, created_at=utc_now(), finished_at=utc_now())
    assert not await rebuild_if_outdated(inventory, jobs, clock.now)
    clock.advance(RETRY_INTERVAL.total_seconds() + 1)
    assert await rebuild_if_outdated(inventory, jobs, clock.now)
