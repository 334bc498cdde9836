"""A rebuild after its indexer was killed, at every step."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from service.clock import utc_now
from service.films.catalogue import Catalogue
from service.films.schemas import FilmPatch
from service.indexing.models import ReindexJob, Step
from service.indexing.reindex_jobs import ReindexJobs
from service.search.engines.base import Inventory
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.settings import Settings
from tests.support.crashing_rebuild import AFTER_PROMOTE, rebuild_until_killed
from tests.support.indexing import (
    FILMS,
    OWNER,
    REBUILD_TIMEOUT,
    SAMPLE,
    build_rebuild,
    find_differences,
    run_rebuild,
)

forkserver = multiprocessing.get_context("forkserver")
forkserver.set_forkserver_preload(["tests.support.crashing_rebuild"])


@pytest.fixture
async def resources() -> AsyncIterator[AsyncExitStack]:
    """Resources that the test opens itself; closed at its end."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.mark.fault("indexer-killed-in-rebuild")
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
async def test_a_rebuild_killed_at_any_step_is_completed_by_the_next_indexer(
    step: str,
    catalogue: Catalogue,
    database: str,
    search_url: str,
    inventory: Inventory,
    resources: AsyncExitStack,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    requested = await ReindexJobs(utc_now).request()
    child = forkserver.Process(target=rebuild_until_killed, args=(str(step), database, search_url))
    child.start()
    await asyncio.to_thread(child.join, REBUILD_TIMEOUT)
    assert child.exitcode == -signal.SIGKILL
    killed = await ReindexJob.get(id=requested.id)
    assert killed.state == (Step.SWAPPING if step == AFTER_PROMOTE else step)
    await catalogue.update(str(films[3].id), None, FilmPatch(plot="changed while no indexer ran"))
    await catalogue.delete(str(films[4].id), None)
    settings = Settings(search_url=search_url)
    writer = container.build_writer(settings)
    resources.push_async_callback(writer.close)
    await writer.open()
    index_handles = IndexHandles(
        writer, inventory, lambda name: container.build_engine(settings, name)
    )
    worker = IndexWorker(writer, TermWriter(), catalogue._notifier, utc_now, OWNER)
    job = await run_rebuild(build_rebuild(index_handles, worker), requested.id)
    assert (job.state, job.reason) == (Step.DONE, None)
    if step != Step.CREATING:
        assert job.index_name == killed.index_name
    assert await writer.list_indexes() == sorted(["movies-1", str(job.index_name)])
    assert await inventory.live_index() == job.index_name
    assert job.previous_name == "movies-1"
    while await worker.process_batch():
        pass
    assert await find_differences(inventory) == []
