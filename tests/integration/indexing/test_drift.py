"""The comparison of index and database, and the repair, on a real database and engine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

import pytest
from structlog.testing import capture_logs

from indexer.drift_scanner import compare_now, scan_drift
from indexer.index_worker import IndexWorker
from indexer.rebuild import Rebuild
from indexer.scheduler import ScheduledTask, Scheduler
from service.admin.metrics_endpoint import render_metrics
from service.clock import utc_now
from service.database.sql import now_ms
from service.errors import DomainError
from service.films.catalogue import Catalogue
from service.films.merge import FilmMerger
from service.films.schemas import FilmFacts
from service.indexing.comparison import PAGE_SIZE
from service.indexing.drift import Drift, DriftReport
from service.indexing.drift_requests import (
    CHECK_TASK,
    ON_REQUEST,
    REPAIR_TASK,
    find_check,
    prepare_requests,
    request_check,
)
from service.outbox import store
from service.outbox.notifications import OutboxNotifier
from service.schedule.leases import TaskLeases
from service.search.engines.base import Inventory
from tests.support.indexing import (
    FILMS,
    SAMPLE,
    FaultyWriter,
    corrupt_index,
    run_rebuild,
)
from tests.support.waiting import wait_until


@pytest.fixture
def drift(inventory: Inventory, notifier: OutboxNotifier) -> Drift:
    return Drift(inventory, notifier, utc_now)


async def compare(drift: Drift, page_size: int = PAGE_SIZE) -> DriftReport:
    """Compare everything and return the last report."""
    report = None
    async for page_report in drift.compare_all(page_size):
        report = page_report
    assert report is not None
    return report


async def test_merged_films_leave_no_drift_before_and_after_a_rebuild(
    catalogue: Catalogue,
    notifier: OutboxNotifier,
    worker: IndexWorker,
    rebuild: Rebuild,
    drift: Drift,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    merger = FilmMerger(catalogue, notifier, utc_now)
    for merged, target in ((films[0], films[1]), (films[1], films[2])):
        await merger.merge(str(merged.id), str(target.id))
        await worker.process_batch()
        assert (await compare(drift)).drift == 0
    job = await run_rebuild(rebuild)
    assert job.state == "done"
    report = await compare(drift)
    assert (report.compared, report.drift) == (len(films) - 2, 0)


async def test_each_kind_of_difference_is_found_listed_and_repaired(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, drift: Drift
) -> None:
    expected = await corrupt_index(catalogue, worker, writer)
    report = await compare(drift, page_size=7)
    assert {diff.film_id: diff.kind for diff in report.first_differences} == expected
    assert (report.compared, report.drift) == (29, 4)
    last = await drift.get_last_comparison()
    assert (last.drift, last.missing, last.stale, last.orphaned) == (4, 1, 2, 1)
    assert {film.film_id for film in last.films} == set(expected)
    with pytest.raises(DomainError, match=r"4 of 29 films differ.*--repair"):
        await drift.check()
    async for report in drift.compare_all(7):
        await drift.repair(report.page_differences)
    assert await worker.process_batch() == 4
    assert (await compare(drift, page_size=7)).drift == 0
    assert "0 of 29 films differ" in await drift.check()


async def test_a_film_in_the_outbox_is_no_drift_but_a_quarantined_one_is(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, drift: Drift
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    assert (await compare(drift)).drift == 0
    writer.rejections = {str(films[0].id): False}
    await worker.process_batch()
    assert [diff.kind for diff in (await compare(drift)).first_differences] == ["missing"]


async def test_a_scan_in_the_background_publishes_the_drift(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, drift: Drift
) -> None:
    await corrupt_index(catalogue, worker, writer)
    assert (await drift.get_last_comparison()).drift is None
    assert "not compared" in await drift.check()
    with capture_logs() as logs:
        await scan_drift(drift, page_pause=0)
    assert (await drift.get_last_comparison()).drift == 4
    assert [entry["event"] for entry in logs] == ["index_differs"]
    metrics = (await render_metrics()).decode()
    for kind, number in (("missing", 1), ("stale", 2), ("orphaned", 1)):
        assert f'movies_index_drift{{kind="{kind}"}} {number}.0' in metrics
    assert "movies_index_compared_timestamp_seconds" in metrics


async def test_acknowledged_changes_are_dated_by_the_databases_clock(
    catalogue: Catalogue, worker: IndexWorker
) -> None:
    film = await catalogue.add(FilmFacts(title="Timed"))
    before = await now_ms()
    await worker.process_batch()
    assert await store.changing_film_ids([str(film.id)], before) == {str(film.id)}
    assert await store.changing_film_ids([str(film.id)], await now_ms() + 1) == set()


@contextlib.asynccontextmanager
async def run_requested(drift: Drift) -> AsyncIterator[None]:
    """Run requested comparisons as the indexer does."""
    await prepare_requests()
    tasks = [
        ScheduledTask(CHECK_TASK, ON_REQUEST, partial(compare_now, drift, repair=False)),
        ScheduledTask(REPAIR_TASK, ON_REQUEST, partial(compare_now, drift, repair=True)),
    ]
    stop = asyncio.Event()
    scheduler = Scheduler(TaskLeases("indexer-1"), tasks, poll_interval=0.01)
    run = asyncio.create_task(scheduler.run(stop))
    yield
    stop.set()
    await run


async def test_a_comparison_runs_on_request_only(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, drift: Drift
) -> None:
    await corrupt_index(catalogue, worker, writer)
    async with run_requested(drift):
        await asyncio.sleep(0.1)
        assert await find_check() is None
        assert (await drift.get_last_comparison()).checked_at is None
        await request_check(repair=False)

        async def is_compared() -> bool:
            last = await drift.get_last_comparison()
            return last.drift == 4 and last.check is None

        assert await wait_until(is_compared)
    assert await worker.process_batch() == 0, "nothing was repaired"


async def test_a_request_waits_for_an_indexer(drift: Drift) -> None:
    await request_check(repair=False)
    assert await find_check() == "waiting"
    await prepare_requests()
    assert await find_check() == "waiting"
    await TaskLeases("indexer-1").claim(CHECK_TASK)
    assert await find_check() == "running"


async def test_a_requested_repair_ends_with_a_comparison_without_drift(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, drift: Drift
) -> None:
    await corrupt_index(catalogue, worker, writer)
    async with run_requested(drift):
        await request_check(repair=True)

        async def is_compared_again() -> bool:
            last = await drift.get_last_comparison()
            return last.drift == 0 and last.check is None

        assert await wait_until(is_compared_again)
    assert await worker.process_batch() == 4
    assert (await compare(drift)).drift == 0
