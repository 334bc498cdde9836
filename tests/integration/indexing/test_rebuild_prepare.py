"""Preparing films for an engine in processes of their own."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

import pytest

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.rebuild_prepare import NICENESS, DocumentPool, prepare_page
from service.errors import Unavailable
from service.film_fields import DOCUMENT_COLUMNS
from service.films.catalogue import Catalogue
from service.indexing.models import Step
from service.search.engines.base import Inventory
from service.search.engines.tantivy.serializer import serialize
from tests.support.indexing import FILMS, SAMPLE, build_rebuild, find_differences, run_rebuild
from tests.support.waiting import wait_until

ROW = dict.fromkeys(DOCUMENT_COLUMNS) | {
    "id": str(UUID(int=7)),
    "version": 3,
    "title": "Jaws",
    "type": "movie",
    "aliases": '["Tiburón"]',
    "directors": '["Steven Spielberg"]',
    "genres": "[]",
    "writers": '["Peter Benchley"]',
    "actors": [],
    "languages": '["English"]',
    "countries": "[]",
}


@pytest.fixture
async def pool() -> AsyncIterator[DocumentPool]:
    """Yield a pool with processes, whatever the number of films."""
    async with DocumentPool.start(serialize, True, 1, min_films_for_processes=0) as pool:
        yield pool


async def test_another_process_prepares_a_film_exactly_as_this_one_does(pool: DocumentPool) -> None:
    page = await pool.prepare([ROW])
    assert page == prepare_page(serialize, True, [ROW])
    assert {"tjaws", "atiburon", "dspielberg", "sbenchley"} <= page.terms


async def test_the_pools_processes_run_at_lower_priority(pool: DocumentPool) -> None:
    await pool.prepare([ROW])
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    theirs = {
        os.getpriority(os.PRIO_PROCESS, child.pid or 0)
        for child in multiprocessing.active_children()
    }
    assert theirs == {min(19, ours + NICENESS)}


def test_terms_are_collected_only_on_request() -> None:
    with_terms = prepare_page(serialize, True, [ROW])
    without_terms = prepare_page(serialize, False, [ROW])
    assert with_terms.terms and not without_terms.terms
    assert with_terms.documents == without_terms.documents


def test_a_film_that_has_no_document_is_an_error_and_the_rest_is_prepared() -> None:
    page = prepare_page(
        serialize, True, [ROW | {"genres": "no JSON"}, ROW | {"id": str(UUID(int=8))}]
    )
    assert [error.film_id for error in page.errors] == [ROW["id"]]
    assert [document.film_id for document in page.documents] == [str(UUID(int=8))]


async def test_a_rebuild_with_several_processes_indexes_every_film(
    catalogue: Catalogue,
    worker: IndexWorker,
    index_handles: IndexHandles,
    inventory: Inventory,
) -> None:
    rebuild = build_rebuild(index_handles, worker, min_films_for_processes=0)
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    job = await run_rebuild(rebuild)
    assert (job.state, job.done, job.reason) == (Step.DONE, 30, None)
    assert await find_differences(inventory) == []


async def test_a_process_that_dies_is_a_temporary_failure(pool: DocumentPool) -> None:
    await pool.prepare([ROW])
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGKILL)
    with pytest.raises(Unavailable, match="has died"):
        for _ in range(100):  # the pool notices when it next looks
            await pool.prepare([ROW])


async def _prepare_and_die(connection: Connection) -> None:
    async with DocumentPool.start(serialize, True, 1, min_films_for_processes=0) as pool:
        await pool.prepare([ROW])
        connection.send([child.pid for child in multiprocessing.active_children()])
        os.kill(os.getpid(), signal.SIGKILL)


def prepare_and_die(connection: Connection) -> None:
    asyncio.run(_prepare_and_die(connection))


async def test_the_pools_processes_end_when_their_indexer_is_killed() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=prepare_and_die, args=(theirs,))
    child.start()
    pids = await asyncio.to_thread(ours.recv)
    await asyncio.to_thread(child.join)

    async def all_ended() -> bool:
        stats = [Path(f"/proc/{pid}/stat") for pid in pids]
        return not any(
            stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z" for stat in stats
        )

    assert pids
    await wait_until(all_ended)
