"""An indexer that is killed after any call of a batch, or never learns whether its swap worked."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from service.clock import utc_now
from service.films.catalogue import Catalogue
from service.films.schemas import FilmPatch
from service.indexing.models import Step
from service.limits import OUTBOX_LEASE_MS
from service.outbox.models import Outbox
from service.search.engines.base import IndexWriter, Inventory
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.writer import ElasticsearchWriter
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.settings import Settings
from tests.faults.plugin import Observations
from tests.faults.proxy import Proxy
from tests.support.backends import require_backend
from tests.support.crashing_index_worker import STEPS, index_until_killed
from tests.support.indexing import (
    FILMS,
    REBUILD_TIMEOUT,
    SAMPLE,
    build_rebuild,
    find_differences,
    run_rebuild,
)

forkserver = multiprocessing.get_context("forkserver")
forkserver.set_forkserver_preload(["tests.support.crashing_index_worker"])


def after_lease() -> datetime:
    """Return a time at which the killed worker's lease has expired."""
    return utc_now() + timedelta(milliseconds=OUTBOX_LEASE_MS + 1000)


@asynccontextmanager
async def open_writer(search_url: str) -> AsyncIterator[IndexWriter]:
    """Open a writer for the context only: tantivy allows one at a time."""
    writer = container.build_writer(Settings(search_url=search_url))
    await writer.open()
    try:
        yield writer
    finally:
        await writer.close()


@pytest.mark.fault("indexer-killed")
@pytest.mark.parametrize("step", STEPS)
async def test_another_indexer_takes_over_the_claims_of_a_killed_one(
    step: str,
    catalogue: Catalogue,
    database: str,
    search_url: str,
    inventory: Inventory,
    observations: Observations,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    async with open_writer(search_url) as writer:
        await IndexWorker(
            writer, TermWriter(), catalogue._notifier, utc_now, "the first"
        ).process_batch()
    await catalogue.update(str(films[3].id), None, FilmPatch(plot="changed"))
    await catalogue.delete(str(films[4].id), None)
    child = forkserver.Process(target=index_until_killed, args=(step, database, search_url))
    child.start()
    await asyncio.to_thread(child.join, REBUILD_TIMEOUT)
    assert child.exitcode == -signal.SIGKILL
    unfinished = await Outbox.filter(done_at=None).count()
    assert unfinished == (0 if step == "acknowledge" else 2)
    async with open_writer(search_url) as writer:
        second = IndexWorker(writer, TermWriter(), catalogue._notifier, after_lease, "the second")
        assert await second.process_batch() == unfinished
        name = await writer.live_index()
        assert name is not None and await writer.count(name) == len(FILMS) - 1
    assert not await Outbox.filter(done_at=None).exists()
    assert await find_differences(inventory) == []
    observations.add(
        f"killed after {' · '.join(STEPS)}: another took over after the lease, nothing twice"
    )
    observations.confirm("I1", "I2", "I3", "I5")


@pytest.mark.fault("swap-response-lost")
async def test_a_swap_whose_response_is_lost_counts_if_it_happened(
    stack: str,
    catalogue: Catalogue,
    search_url: str,
    inventory: Inventory,
    worker: IndexWorker,
    index_handles: IndexHandles,
    observations: Observations,
) -> None:
    if stack != "full":
        pytest.skip("on the embedded stack a swap is one call of the operating system")
    proxy = await Proxy.create(require_backend("toxiproxy"), search_url)
    writer = container.build_writer(Settings(search_url=proxy.rewrite(search_url)))
    assert isinstance(writer, ElasticsearchWriter)
    await writer.open()
    update_aliases, lost = writer._get_client().indices.update_aliases, 0

    async def update_and_lose_response(**params: object) -> object:
        nonlocal lost
        lost += 1
        async with proxy.with_toxic("limit_data", bytes=1):
            return await update_aliases(**params)

    writer._get_client().indices.update_aliases = update_and_lose_response
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    handles = IndexHandles(writer, inventory, index_handles.build_engine)
    rebuild = build_rebuild(handles, worker)
    try:
        job = await run_rebuild(rebuild)
    finally:
        await writer.close()
        await proxy.remove()
    assert (job.state, job.reason, lost) == (Step.DONE, None, 1)
    assert await inventory.live_index() == job.index_name
    address = ElasticsearchAddress.parse(search_url)
    async with address.create_client(30) as client:
        aliases = await client.indices.get_alias(name=address.alias)
        assert list(aliases) == [address.cluster_name(str(job.index_name))]
    assert await find_differences(inventory) == []
    observations.add("decided from the alias: done, with one swap")
    observations.confirm("I3", "I4")
