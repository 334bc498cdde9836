"""An indexer that dies at any step of its loop, or does not learn what became of its swap."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.rebuild import Rebuild
from service.clock import utc_now
from service.films.catalogue import Catalogue
from service.films.schemas import FilmPatch
from service.indexing.comparison import compare_pages
from service.indexing.models import ReindexJob, Step
from service.indexing.reindex_jobs import ReindexJobs
from service.limits import OUTBOX_LEASE_MS
from service.outbox.models import Outbox
from service.search.engines.base import IndexWriter, Inventory
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.writer import ElasticsearchWriter
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.settings import Settings
from tests.faults.plugin import Seen
from tests.faults.proxy import Proxy
from tests.support.backends import require_backend
from tests.support.crashing_index_worker import STEPS, index_until_killed
from tests.support.indexing import FILMS, SAMPLE
from tests.support.waiting import wait_until

LONG = 120.0  # seconds that a child may take on a busy machine
forking = multiprocessing.get_context("forkserver")
forking.set_forkserver_preload(["tests.support.crashing_index_worker"])


def later() -> datetime:
    """A moment at which the dead one's lease is over."""
    return utc_now() + timedelta(milliseconds=OUTBOX_LEASE_MS + 1000)


@asynccontextmanager
async def writing(search_url: str) -> AsyncIterator[IndexWriter]:
    """A writer for as long as it is needed: tantivy has one at a time."""
    writer = container.build_writer(Settings(search_url=search_url))
    await writer.open()
    try:
        yield writer
    finally:
        await writer.close()


async def differences(inventory: Inventory) -> int:
    name = await inventory.live_index()
    assert name is not None
    return sum([len(page.differences) async for page in compare_pages(inventory, name)])


@pytest.mark.fault(10, "the indexer killed at any step of its loop")
@pytest.mark.parametrize("step", STEPS)
async def test_another_takes_over_what_a_killed_indexer_held(
    step: str,
    catalogue: Catalogue,
    database: str,
    search_url: str,
    inventory: Inventory,
    seen: Seen,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    async with writing(search_url) as writer:
        await IndexWorker(
            writer, TermWriter(), catalogue._notifier, utc_now, "the first"
        ).process_batch()
    await catalogue.update(str(films[3].id), None, FilmPatch(plot="changed"))
    await catalogue.delete(str(films[4].id), None)
    child = forking.Process(target=index_until_killed, args=(step, database, search_url))
    child.start()
    await asyncio.to_thread(child.join, LONG)
    assert child.exitcode == -signal.SIGKILL
    left = await Outbox.filter(done_at=None).count()
    assert left == (0 if step == "acknowledge" else 2)
    async with writing(search_url) as writer:
        second = IndexWorker(writer, TermWriter(), catalogue._notifier, later, "the second")
        assert await second.process_batch() == left
        name = await writer.live_index()
        assert name is not None and await writer.count(name) == len(FILMS) - 1
    assert not await Outbox.filter(done_at=None).exists()
    assert await differences(inventory) == 0
    seen(f"killed after {' · '.join(STEPS)}: another took over after the lease, nothing twice")
    seen.held("I1", "I2", "I3", "I5")


@pytest.mark.fault(14, "the answer to the swap is lost")
async def test_a_swap_whose_answer_never_came_counts_if_it_happened(
    stack: str,
    catalogue: Catalogue,
    search_url: str,
    inventory: Inventory,
    worker: IndexWorker,
    index_handles: IndexHandles,
    seen: Seen,
) -> None:
    if stack != "full":
        pytest.skip("on the embedded stack a swap is one call of the operating system")
    proxy = await Proxy.make(require_backend("toxiproxy"), search_url)
    writer = container.build_writer(Settings(search_url=proxy.before(search_url)))
    assert isinstance(writer, ElasticsearchWriter)
    await writer.open()
    swap, lost = writer._ready().indices.update_aliases, 0

    async def swap_unheard(**told: object) -> object:
        nonlocal lost
        lost += 1
        async with proxy.poisoned("limit_data", bytes=1):
            return await swap(**told)  # type: ignore[arg-type]

    writer._ready().indices.update_aliases = swap_unheard  # type: ignore[method-assign, assignment]
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    unheard = IndexHandles(writer, inventory, index_handles.open_engine)
    rebuild = Rebuild(unheard, TermWriter(), worker, utc_now, "tester")
    filed, stop = await ReindexJobs(utc_now).request(), asyncio.Event()
    running = asyncio.create_task(rebuild.run(stop))

    async def over() -> ReindexJob | None:
        job = await ReindexJob.get(id=filed.id)
        return job if job.finished_at else None

    try:
        job: ReindexJob = await wait_until(over, LONG)
    finally:
        stop.set()
        await running
        await writer.close()
        await proxy.remove()
    assert (job.state, job.reason, lost) == (Step.DONE, None, 1)
    assert await inventory.live_index() == job.index_name
    address = ElasticsearchAddress.parse(search_url)
    async with address.create_client(30) as client:
        named = await client.indices.get_alias(name=address.alias)
        assert list(named) == [address.cluster_name(str(job.index_name))]
    assert await differences(inventory) == 0
    seen("decided from the alias: done, with one swap")
    seen.held("I3", "I4")
