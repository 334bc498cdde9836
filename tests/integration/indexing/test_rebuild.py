"""The rebuild on a real database and a real engine: nothing lost, nothing reborn, a way back."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from indexer import rebuild_fill
from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.rebuild import Rebuild
from indexer.rebuild_lease import LeaseLost, RebuildLease
from service.clock import utc_now
from service.database.sql import database_clock_ms, fetch_rows, now_ms
from service.errors import Conflict, DomainError, NotFound
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, FilmPatch
from service.indexing.comparison import Difference, compare_pages
from service.indexing.drift import Drift
from service.indexing.models import ReindexJob, Step
from service.indexing.reindex_jobs import ReindexJobs
from service.outbox.models import Outbox
from service.search.engines.base import Engine, Inventory, SerializedDocument
from service.search.index import generation
from service.search.index.document import MovieDocument
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.settings import Settings
from tests.support.crashing_rebuild import AFTER_PROMOTE, rebuild_until_killed
from tests.support.indexing import FILMS, SAMPLE, FaultyWriter, count_films
from tests.support.waiting import wait_until

LONG = 120.0  # seconds that a small rebuild may take on a busy machine
forking = multiprocessing.get_context("forkserver")
forking.set_forkserver_preload(["tests.support.crashing_rebuild"])


@pytest.fixture
async def resources() -> AsyncIterator[AsyncExitStack]:
    """What a test opens by itself, closed however it ends."""
    async with AsyncExitStack() as stack:
        yield stack


async def wait_until_finished(job_id: str) -> ReindexJob:
    async def finished() -> ReindexJob | None:
        job = await ReindexJob.get(id=job_id)
        return job if job.finished_at is not None else None

    job: ReindexJob = await wait_until(finished, LONG)
    return job


async def run_rebuild(rebuild: Rebuild, job_id: str | None = None) -> ReindexJob:
    """Run the job, or a new one, to its end."""
    stop = asyncio.Event()
    filed = job_id or (await ReindexJobs(utc_now).request()).id
    running = asyncio.create_task(rebuild.run(stop))
    try:
        return await wait_until_finished(filed)
    finally:
        stop.set()
        await running


async def differences(inventory: Inventory) -> list[Difference]:
    name = await inventory.live_index()
    assert name is not None
    return [each async for page in compare_pages(inventory, name) for each in page.differences]


async def test_a_fresh_index_takes_the_old_ones_place_and_the_old_one_is_kept(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    await catalogue.delete(str(films[0].id), None)  # not indexed before the rebuild
    before = await inventory.live_index()
    job = await run_rebuild(rebuild)
    assert (job.state, job.done, job.reason) == (Step.DONE, 29, None)
    assert await inventory.live_index() == job.index_name != before
    assert await writer.list_indexes() == sorted([before, job.index_name])  # type: ignore[operator]
    assert await count_films(writer) == 29
    assert await differences(inventory) == []
    assert {"query": "Film number 7", "expected": "Film number 7"}.items() <= next(
        trial for trial in job.golden or [] if trial["query"] == "Film number 7"
    ).items()
    third = await run_rebuild(rebuild)
    assert third.previous_name == job.index_name
    assert before not in await writer.list_indexes()  # type: ignore[operator]


@pytest.mark.fault(13, "changes and deletions during a rebuild")
async def test_nothing_is_lost_or_reborn_by_writes_during_a_rebuild_and_readers_see_no_error(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    inventory: Inventory,
    index_handles: IndexHandles,
    search_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuild_fill, "PAGE_SIZE", 15)
    films = list((await catalogue.upsert_all(FILMS, SAMPLE)).films)
    more = [FilmFacts(title=f"Another {n}", directors=["Someone"]) for n in range(200)]
    films += (await catalogue.upsert_all(more, SAMPLE)).films
    while await worker.process_batch():
        pass
    engine: Engine = container.build_engine(Settings(search_url=search_url))
    await engine.open()
    stop, over_now = asyncio.Event(), asyncio.Event()
    written: set[str] = set()
    seen = 0

    async def write() -> None:
        for number, film in enumerate(films):
            if over_now.is_set():
                return
            match number % 3:
                case 0:
                    made = await catalogue.add(FilmFacts(title=f"New {number}"))
                    written.add(str(made.id))
                case 1:
                    await catalogue.update(str(film.id), None, FilmPatch(plot=f"Changed {number}"))
                case _:
                    await catalogue.delete(str(film.id), None)
            await asyncio.sleep(0.02)

    async def read() -> None:
        nonlocal seen
        plan = Plan.exact(Query.parse("film number 27"))
        while not over_now.is_set():
            await engine.refresh(seen)
            assert (await engine.search(plan, 0, 10)).total > 0
            seen += 1

    async def drained() -> bool:
        return not await Outbox.filter(done_at=None).exists()

    indexing = [asyncio.create_task(work) for work in (worker.run(stop), rebuild.run(stop))]
    using = [asyncio.create_task(work) for work in (write(), read())]
    try:
        job = await wait_until_finished((await ReindexJobs(utc_now).request()).id)
        over_now.set()
        await asyncio.gather(*using)
        await wait_until(drained, LONG)
    finally:
        over_now.set()
        stop.set()
        await asyncio.gather(*indexing, *using, return_exceptions=True)
        await engine.close()
    assert (job.state, job.reason) == (Step.DONE, None)
    assert seen > 0 and written
    assert await differences(inventory) == []
    for film_id in written:
        assert await inventory.get_entry(str(job.index_name), film_id) is not None


async def words() -> set[str]:
    return {row["word"] for row in await fetch_rows("SELECT word FROM words")}


@pytest.mark.parametrize(
    "done", ["DELETE FROM words", "UPDATE index_state SET words_of = words_of - 1"]
)
async def test_words_are_written_again_when_they_are_gone_or_another_analysis_made_them(
    catalogue: Catalogue, worker: IndexWorker, rebuild: Rebuild, done: str
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    every = await words()
    await run_rebuild(rebuild)
    await fetch_rows("DELETE FROM words WHERE word LIKE 't%'")
    await fetch_rows(done)
    await run_rebuild(rebuild)
    assert await words() == every


async def test_words_that_are_complete_are_not_written_again(
    catalogue: Catalogue, worker: IndexWorker, rebuild: Rebuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    written: list[list[str]] = []

    async def insert(some: list[str]) -> None:
        written.append(some)

    monkeypatch.setattr("service.search.vocabulary.sync._insert_words", insert)
    await run_rebuild(rebuild)
    assert written
    written.clear()
    await run_rebuild(rebuild)
    assert not written


@pytest.mark.parametrize("searched", [False, True])
async def test_a_rebuild_takes_one_page_at_a_time_and_rests_while_people_search(
    catalogue: Catalogue,
    rebuild: Rebuild,
    writer: FaultyWriter,
    monkeypatch: pytest.MonkeyPatch,
    searched: bool,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await generation.advance()
    if searched:
        await fetch_rows(f"UPDATE index_state SET searched_ms = {database_clock_ms()}")
    rests: list[float] = []

    async def pause(stop: asyncio.Event, seconds: float) -> None:
        rests.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(rebuild_fill, "PAGE_SIZE", 10)
    monkeypatch.setattr(rebuild_fill, "wait_or_stop", pause)
    writer.delay = 0.2
    job = await run_rebuild(rebuild)
    assert (job.state, job.done) == (Step.DONE, 30)
    assert (writer.max_concurrent == 1) is searched
    assert len(rests) == (6 if searched else 0)
    assert all(rest > 0 for rest in rests)


@pytest.mark.fault(11, "the indexer killed in a rebuild")
@pytest.mark.parametrize(
    "step",
    [
        Step.CREATING,
        Step.FILLING,
        Step.CATCHING_UP,
        Step.VERIFYING,
        Step.SWAPPING,
        AFTER_PROMOTE,
        Step.SETTLING,
    ],
)
async def test_a_rebuild_killed_at_any_step_is_brought_to_its_end(
    step: str,
    catalogue: Catalogue,
    database: str,
    search_url: str,
    inventory: Inventory,
    resources: AsyncExitStack,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    filed = await ReindexJobs(utc_now).request()
    child = forking.Process(target=rebuild_until_killed, args=(str(step), database, search_url))
    child.start()
    await asyncio.to_thread(child.join, LONG)
    assert child.exitcode == -signal.SIGKILL
    stood = await ReindexJob.get(id=filed.id)
    assert stood.state == (Step.SWAPPING if step == AFTER_PROMOTE else step)
    await catalogue.update(str(films[3].id), None, FilmPatch(plot="changed while nobody worked"))
    await catalogue.delete(str(films[4].id), None)
    chosen = Settings(search_url=search_url)
    writer = container.build_writer(chosen)
    resources.push_async_callback(writer.close)
    await writer.open()
    index_handles = IndexHandles(
        writer, inventory, lambda name: container.build_engine(chosen, name)
    )
    worker = IndexWorker(writer, TermWriter(), catalogue._notifier, utc_now, "tester")
    job = await run_rebuild(
        Rebuild(index_handles, TermWriter(), worker, utc_now, "tester"), filed.id
    )
    assert (job.state, job.reason) == (Step.DONE, None)
    if step != Step.CREATING:
        assert job.index_name == stood.index_name
    assert await writer.list_indexes() == sorted(["movies-1", str(job.index_name)])
    assert await inventory.live_index() == job.index_name
    assert job.previous_name == "movies-1"
    while await worker.process_batch():
        pass
    assert await differences(inventory) == []


async def test_the_way_back_leads_to_the_index_before_with_all_that_changed_since(
    catalogue: Catalogue, worker: IndexWorker, rebuild: Rebuild, inventory: Inventory
) -> None:
    with pytest.raises(Conflict) as refused:
        await ReindexJobs(utc_now).request_rollback()
    assert refused.value.code == "nothing_to_roll_back"
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    before = await inventory.live_index()
    made = await run_rebuild(rebuild)
    await catalogue.update(str(films[3].id), None, FilmPatch(plot="changed since"))
    await catalogue.delete(str(films[4].id), None)
    await worker.process_batch()
    back = await run_rebuild(rebuild, (await ReindexJobs(utc_now).request_rollback()).id)
    assert (back.state, back.reason, back.kind) == (Step.DONE, None, "rollback")
    assert await inventory.live_index() == before
    assert await differences(inventory) == []
    again = await run_rebuild(rebuild, (await ReindexJobs(utc_now).request_rollback()).id)
    assert (again.state, await inventory.live_index()) == (Step.DONE, made.index_name)


async def test_an_index_out_of_use_for_longer_than_the_outbox_reaches_is_compared_whole(
    catalogue: Catalogue, worker: IndexWorker, rebuild: Rebuild, inventory: Inventory
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    await run_rebuild(rebuild)
    await catalogue.update(str(films[3].id), None, FilmPatch(plot="changed long since"))
    await catalogue.delete(str(films[4].id), None)
    await worker.process_batch()
    await Outbox.all().delete()
    await ReindexJob.all().update(swapped_ms=await now_ms() - 10 * 86_400_000)
    back = await run_rebuild(rebuild, (await ReindexJobs(utc_now).request_rollback()).id)
    assert (back.state, await inventory.live_index()) == (Step.DONE, "movies-1")
    assert await differences(inventory) == []


async def test_a_rebuild_that_is_called_off_leaves_nothing_behind(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    rebuilds = ReindexJobs(utc_now)
    queued = await rebuilds.request()
    assert (await rebuilds.cancel(queued.id)).state == Step.CANCELLED
    with pytest.raises(Conflict) as refused:
        await rebuilds.cancel(queued.id)
    assert refused.value.code == "reindex_over"
    filed = await rebuilds.request()
    job = await rebuild._lease.claim()
    assert job is not None
    await rebuild._create(job)
    assert (await rebuilds.cancel(filed.id)).cancel_asked
    assert (await run_rebuild(rebuild, filed.id)).state == Step.CANCELLED
    assert await writer.list_indexes() == [await inventory.live_index()] == ["movies-1"]  # type: ignore[operator]


async def test_a_swap_under_way_is_not_called_off(catalogue: Catalogue, rebuild: Rebuild) -> None:
    filed = await ReindexJobs(utc_now).request()
    await ReindexJob.filter(id=filed.id).update(state=Step.SWAPPING, owner="tester")
    with pytest.raises(Conflict) as refused:
        await ReindexJobs(utc_now).cancel(filed.id)
    assert refused.value.code == "reindex_swapping"


async def test_an_index_that_differs_from_the_database_does_not_go_live(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    await Outbox.all().update(done_at=1)
    filed = await ReindexJobs(utc_now).request()
    job = await rebuild._lease.claim()
    assert job is not None
    await rebuild._create(job)
    wrong = replace(MovieDocument.from_film(films[5]), title="Something else")
    await writer.fill(job.index_name, [SerializedDocument.of(wrong, writer.serialize)])  # type: ignore[operator,arg-type]
    job.checkpoint = (await Film.all().order_by("-id").first()).id  # type: ignore[union-attr]
    job.state = Step.FILLING
    await rebuild._lease.save(job)
    finished = await run_rebuild(rebuild, filed.id)
    assert finished.state == Step.FAILED
    assert "differs from the database" in str(finished.reason)
    assert await inventory.live_index() == "movies-1"
    assert await writer.list_indexes() == ["movies-1"]  # type: ignore[operator]


@pytest.mark.fault(15, "the new index is short")
@pytest.mark.parametrize("lost", [1, 30], ids=["one film lost", "all lost"])
async def test_an_index_that_came_out_short_does_not_go_live(
    lost: int,
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    await Outbox.all().update(done_at=1)  # else the lost ones might still be on their way
    writer.dropped = {str(film.id) for film in films[:lost]}
    finished = await run_rebuild(rebuild)
    assert finished.state == Step.FAILED
    assert "missing" in str(finished.reason)
    assert await writer.list_indexes() == [await inventory.live_index()] == ["movies-1"]  # type: ignore[operator]
    assert await count_films(writer) == 30


@pytest.mark.fault(15, "the new index is short")
async def test_an_index_in_which_known_films_are_not_found_does_not_go_live(
    catalogue: Catalogue,
    worker: IndexWorker,
    index_handles: IndexHandles,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    await writer.create("movies-0")  # type: ignore[operator]

    def blind(name: str) -> Engine:
        return index_handles.open_engine(name if name == "movies-1" else "movies-0")

    rebuild = Rebuild(
        replace(index_handles, open_engine=blind), TermWriter(), worker, utc_now, "tester"
    )
    finished = await run_rebuild(rebuild)
    assert finished.state == Step.FAILED
    assert "does not find what the old one does" in str(finished.reason)
    trial = (finished.golden or [])[0]
    assert trial["old"] and not trial["new"]
    assert await inventory.live_index() == "movies-1"


async def test_what_the_old_index_refused_the_new_one_may_take(
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


@pytest.mark.fault(12, "two rebuilds at once")
async def test_two_rebuilds_at_once_cannot_be_filed(database: str) -> None:
    rebuilds = ReindexJobs(utc_now)
    first = await rebuilds.request()
    with pytest.raises(Conflict) as refused:
        await rebuilds.request()
    assert f"/api/v1/admin/reindex/{first.id}" in refused.value.detail
    with pytest.raises(NotFound):
        await rebuilds.get("not-an-id")


async def test_a_rebuild_waits_for_an_engine_that_is_away_but_not_for_ever(
    catalogue: Catalogue, rebuild: Rebuild, writer: FaultyWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    writer.unavailable = True
    filed = await ReindexJobs(utc_now).request()
    stop = asyncio.Event()
    running = asyncio.create_task(rebuild.run(stop))

    async def stands() -> bool:
        return (await ReindexJob.get(id=filed.id)).state == Step.FILLING

    try:
        await wait_until(stands)
        writer.unavailable = False
        assert (await wait_until_finished(filed.id)).state == Step.DONE
        writer.unavailable = True
        monkeypatch.setattr("indexer.rebuild.MAX_INTERRUPTIONS", 1)
        failed = await wait_until_finished((await ReindexJobs(utc_now).request()).id)
        assert (failed.state, failed.reason) == (Step.FAILED, "the engine is away")
    finally:
        stop.set()
        await running


async def test_an_indexer_that_has_lost_the_job_writes_nothing_more(
    catalogue: Catalogue, rebuild: Rebuild
) -> None:
    filed = await ReindexJobs(utc_now).request()
    job = await rebuild._lease.claim()
    assert job is not None
    other = RebuildLease("another", utc_now)
    assert await other.claim() is None
    await ReindexJob.filter(id=filed.id).update(leased_until=0)
    assert await other.claim() is not None
    job.state = Step.FILLING
    with pytest.raises(LeaseLost):
        await rebuild._lease.save(job)
    assert (await ReindexJob.get(id=filed.id)).state == Step.QUEUED


async def test_a_step_that_takes_long_keeps_its_job(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.rebuild_lease.RENEW_INTERVAL", 0.01)
    filed = await ReindexJobs(utc_now).request()
    ours, others = RebuildLease("one", utc_now), RebuildLease("another", utc_now)
    job = await ours.claim()
    assert job is not None
    async with ours.renewed(job):
        await ReindexJob.filter(id=filed.id).update(leased_until=1)

        async def renewed() -> bool:
            return (await ReindexJob.get(id=filed.id)).leased_until > await now_ms()

        await wait_until(renewed)
        assert await others.claim() is None
    await ReindexJob.filter(id=filed.id).update(leased_until=1)
    assert await others.claim() is not None


async def test_an_index_of_another_analysis_is_noticed_until_it_is_rebuilt(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    inventory: Inventory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    drift = Drift(inventory, catalogue._notifier, utc_now)
    assert (await drift.show()).outdated is False
    monkeypatch.setattr("service.search.engines.tantivy.schema.FINGERPRINT", "another")
    for user in ("writer", "inventory"):
        monkeypatch.setattr(
            f"service.search.engines.elasticsearch.{user}.fingerprint", lambda: "another"
        )
    assert (await drift.show()).outdated is True
    with pytest.raises(DomainError, match="run `movies reindex`"):
        await drift.check()
    async for tally in drift.compare_all():
        assert (tally.by_content, tally.drift) == (False, 0)
    assert (await run_rebuild(rebuild)).state == Step.DONE
    assert (await drift.show()).outdated is False
