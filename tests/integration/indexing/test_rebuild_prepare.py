"""Films prepared for an engine in processes of their own."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

import pytest

from indexer import rebuild_prepare
from indexer.index_worker import IndexWorker
from indexer.rebuild import Rebuild
from indexer.rebuild_prepare import DocumentPool, prepare_page
from service.errors import Unavailable
from service.film_fields import DOCUMENT_COLUMNS
from service.films.catalogue import Catalogue
from service.indexing.models import Step
from service.search.engines.base import Inventory
from service.search.engines.tantivy.serializer import serialize
from tests.integration.indexing.test_rebuild import differences, run_rebuild
from tests.support.indexing import FILMS, SAMPLE
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
async def in_processes(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DocumentPool]:
    monkeypatch.setattr(rebuild_prepare, "MIN_FILMS_FOR_PROCESSES", 0)
    async with DocumentPool.start(serialize, True, 1) as ready:
        yield ready


async def test_another_process_prepares_a_film_as_this_one_does(in_processes: DocumentPool) -> None:
    made = await in_processes.prepare([ROW])
    assert made == prepare_page(serialize, True, [ROW])
    assert {"tjaws", "atiburon", "dspielberg", "sbenchley"} <= made.words


async def test_processes_that_prepare_let_others_go_first(in_processes: DocumentPool) -> None:
    await in_processes.prepare([ROW])
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    theirs = {
        os.getpriority(os.PRIO_PROCESS, child.pid or 0)
        for child in multiprocessing.active_children()
    }
    assert theirs == {min(19, ours + rebuild_prepare.NICENESS)}


def test_words_are_worked_out_only_if_they_are_wanted() -> None:
    with_them, without = (prepare_page(serialize, wanted, [ROW]) for wanted in (True, False))
    assert with_them.words and not without.words
    assert with_them.documents == without.documents


def test_a_film_that_cannot_become_a_document_is_refused_and_the_rest_is_prepared() -> None:
    made = prepare_page(
        serialize, True, [ROW | {"genres": "no JSON"}, ROW | {"id": str(UUID(int=8))}]
    )
    assert [refusal.film_id for refusal in made.broken] == [ROW["id"]]
    assert [document.film_id for document in made.documents] == [str(UUID(int=8))]


async def test_a_rebuild_by_several_processes_leaves_nothing_out(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    inventory: Inventory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuild_prepare, "MIN_FILMS_FOR_PROCESSES", 0)
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    job = await run_rebuild(rebuild)
    assert (job.state, job.done, job.reason) == (Step.DONE, 30, None)
    assert await differences(inventory) == []


async def test_a_process_that_dies_is_a_passing_fault(in_processes: DocumentPool) -> None:
    await in_processes.prepare([ROW])
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGKILL)
    with pytest.raises(Unavailable, match="has died"):
        for _ in range(100):  # the pool notices when it next looks
            await in_processes.prepare([ROW])


async def _prepare_and_die(told: Connection) -> None:
    rebuild_prepare.MIN_FILMS_FOR_PROCESSES = 0
    async with DocumentPool.start(serialize, True, 1) as ready:
        await ready.prepare([ROW])
        told.send([child.pid for child in multiprocessing.active_children()])
        os.kill(os.getpid(), signal.SIGKILL)


def prepare_and_die(told: Connection) -> None:
    asyncio.run(_prepare_and_die(told))


async def test_the_processes_end_with_an_indexer_that_is_killed() -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=prepare_and_die, args=(there,))
    child.start()
    pids = await asyncio.to_thread(here.recv)
    await asyncio.to_thread(child.join)

    async def gone() -> bool:
        stats = [Path(f"/proc/{pid}/stat") for pid in pids]
        return not any(
            s.exists() and s.read_text().rsplit(")", 1)[1].split()[0] != "Z" for s in stats
        )

    assert pids
    await wait_until(gone)
