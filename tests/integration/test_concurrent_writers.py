"""Several processes that write at the same time: nobody fails, nothing is lost."""

import asyncio
import sys
from contextlib import closing
from sqlite3 import connect

import pytest

from indexer.index_worker import IndexWorker
from service.database import sql, transactions
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, FilmPatch
from service.outbox.models import Outbox
from service.settings import resolve_path
from tests.support import ROOT
from tests.support.indexing import FaultyWriter, count_films

TIMES = 60  # films that each writer adds; every third is withdrawn again


async def writer_of(database: str, name: str, shared: str) -> asyncio.subprocess.Process:
    said = asyncio.subprocess.PIPE
    command = (
        sys.executable,
        "-m",
        "tests.support.writer_process",
        database,
        name,
        shared,
        str(TIMES),
    )
    process = await asyncio.create_subprocess_exec(*command, stdin=said, stdout=said, cwd=ROOT)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.fault("transaction-conflict")
async def test_two_processes_that_write_while_a_third_indexes_lose_nothing(
    database: str, catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    shared = await catalogue.add(FilmFacts(title="Shared"))
    writing = [await writer_of(database, name, str(shared.id)) for name in ("One", "Two")]
    ended = asyncio.gather(*(process.communicate(b"write\n") for process in writing))
    while not ended.done():
        await worker.process_batch()
        await asyncio.sleep(0.01)
    await ended
    assert [process.returncode for process in writing] == [0, 0]
    kept = 2 * (TIMES - TIMES // 3)
    assert await Film.all().count() == kept + 1
    assert (await Film.get(id=shared.id)).version == 1 + 2 * TIMES, "an amendment was lost"
    assert await Outbox.all().count() == 1 + 2 * (2 * TIMES + TIMES // 3)
    while await worker.process_batch():
        pass
    assert await count_films(writer) == kept + 1
    assert not await Outbox.filter(done_at=None).exists()


@pytest.mark.fault("transaction-conflict")
async def test_a_database_that_another_holds_for_too_long_is_a_passing_fault(
    stack: str, database: str, catalogue: Catalogue
) -> None:
    """The request ends with 503, its transaction leaves nothing, and the next write is well."""
    film = await catalogue.add(FilmFacts(title="Jaws"))
    if stack == "full":
        pytest.skip("PostgreSQL locks rows, not the whole; its time limit is tested elsewhere")
    await sql.fetch_rows("PRAGMA busy_timeout = 200")
    with closing(connect(resolve_path(database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Exception) as refused:
            await catalogue.update(str(film.id), None, FilmPatch(year=1975))
        assert transactions.is_database_fault(refused.value)
        assert (await catalogue.get(str(film.id))).year is None, "reading goes on"
        other.execute("ROLLBACK")
    await sql.fetch_rows("PRAGMA busy_timeout = 5000")
    assert (await catalogue.update(str(film.id), None, FilmPatch(year=1975))).version == 2
    assert await Outbox.filter(film_id=film.id).count() == 2
