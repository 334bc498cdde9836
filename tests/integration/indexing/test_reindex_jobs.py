"""Reindex jobs as an operator requests and cancels them."""

import pytest

from indexer.index_worker import IndexWorker
from indexer.rebuild import Rebuild
from service.clock import utc_now
from service.errors import Conflict, NotFound
from service.films.catalogue import Catalogue
from service.indexing.models import ReindexJob, Step
from service.indexing.reindex_jobs import ReindexJobs
from service.search.engines.base import Inventory
from tests.support.indexing import FILMS, SAMPLE, FaultyWriter, run_rebuild


@pytest.mark.fault("concurrent-rebuilds")
async def test_a_second_rebuild_is_refused_while_one_is_active(database: str) -> None:
    jobs = ReindexJobs(utc_now)
    first = await jobs.request()
    with pytest.raises(Conflict) as error:
        await jobs.request()
    assert f"/api/v1/admin/reindex/{first.id}" in error.value.detail
    with pytest.raises(NotFound):
        await jobs.get("not-an-id")


async def test_a_cancelled_rebuild_leaves_no_index_behind(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    jobs = ReindexJobs(utc_now)
    queued = await jobs.request()
    assert (await jobs.cancel(queued.id)).state == Step.CANCELLED
    with pytest.raises(Conflict) as error:
        await jobs.cancel(queued.id)
    assert error.value.code == "reindex_over"
    requested = await jobs.request()
    job = await rebuild._lease.claim()
    assert job is not None
    await rebuild._create(job)
    assert (await jobs.cancel(requested.id)).cancel_asked
    assert (await run_rebuild(rebuild, requested.id)).state == Step.CANCELLED
    assert await writer.list_indexes() == [await inventory.live_index()] == ["movies-1"]


async def test_a_rebuild_that_is_swapping_cannot_be_cancelled(
    catalogue: Catalogue, rebuild: Rebuild
) -> None:
    requested = await ReindexJobs(utc_now).request()
    await ReindexJob.filter(id=requested.id).update(state=Step.SWAPPING, owner="tester")
    with pytest.raises(Conflict) as error:
        await ReindexJobs(utc_now).cancel(requested.id)
    assert error.value.code == "reindex_swapping"
