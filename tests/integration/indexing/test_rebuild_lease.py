"""The lease under which one indexer runs a reindex job."""

import pytest

from indexer.rebuild_lease import LeaseLost, RebuildLease
from service.clock import utc_now
from service.database.sql import now_ms
from service.indexing.models import ReindexJob, Step
from service.indexing.reindex_jobs import ReindexJobs
from tests.support.waiting import wait_until


async def test_an_indexer_that_has_lost_the_lease_cannot_save(
    database: str,
) -> None:
    requested = await ReindexJobs(utc_now).request()
    lease, other = RebuildLease("one"), RebuildLease("another")
    job = await lease.claim()
    assert job is not None
    assert await other.claim() is None
    await ReindexJob.filter(id=requested.id).update(leased_until=0)
    assert await other.claim() is not None
    job.state = Step.FILLING
    with pytest.raises(LeaseLost):
        await lease.save(job)
    assert (await ReindexJob.get(id=requested.id)).state == Step.QUEUED


async def test_a_long_step_keeps_its_lease_until_it_ends(
    database: str,
) -> None:
    requested = await ReindexJobs(utc_now).request()
    lease, other = RebuildLease("one", renew_interval=0.01), RebuildLease("another")
    job = await lease.claim()
    assert job is not None
    async with lease.renewed(job):
        await ReindexJob.filter(id=requested.id).update(leased_until=1)

        async def renewed() -> bool:
            return (await ReindexJob.get(id=requested.id)).leased_until > await now_ms()

        await wait_until(renewed)
        assert await other.claim() is None
    await ReindexJob.filter(id=requested.id).update(leased_until=1)
    assert await other.claim() is not None
