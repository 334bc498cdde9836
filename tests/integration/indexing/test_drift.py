"""The comparison of index and database, and the repair, on a real database and engine."""

import pytest
from structlog.testing import capture_logs

from indexer.drift_scanner import scan_drift
from indexer.index_worker import IndexWorker
from service.admin.metrics_endpoint import render_metrics
from service.clock import utc_now
from service.database.sql import now_ms
from service.errors import DomainError
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts
from service.indexing.comparison import PAGE_SIZE
from service.indexing.drift import Drift, DriftReport
from service.outbox import store
from service.outbox.notifications import OutboxNotifier
from service.search.engines.base import Inventory
from tests.support.indexing import FILMS, SAMPLE, FaultyWriter, corrupt_index


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
