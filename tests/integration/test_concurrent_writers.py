"""Several processes that write concurrently: none fails, and nothing is lost."""

import asyncio
import sys
from contextlib import closing
from sqlite3 import connect

import pytest

from indexer.index_worker import IndexWorker
from service.database import faults, sql
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, FilmPatch
from service.outbox.models import Outbox
from service.settings import resolve_path
from tests.support import ROOT
from tests.support.indexing import FaultyWriter, count_films

FILMS_PER_WRITER = 60  # every third is deleted again


async def start_writer(database: str, name: str, shared_id: str) -> asyncio.subprocess.Process:
    """Start a writer process and wait until it is ready."""
    pipe = asyncio.subprocess.PIPE
    command = (
        sys.executable,
        "-m",
        "tests.support.writer_process",
        database,
        name,
        shared_id,
        str(FILMS_PER_WRITER),
    )
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.fault("transaction-conflict")
async def test_two_processes_that_write_while_a_third_indexes_lose_nothing(
    database: str, catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter
) -> None:
    shared_film = await catalogue.add(FilmFacts(title="Shared"))
    processes = [await start_writer(database, name, str(shared_film.id)) for name in ("One", "Two")]
    writers = asyncio.gather(*(process.communicate(b"write\n") for process in processes))
    while not writers.done():
        await worker.process_batch()
        await asyncio.sleep(0.01)
    await writers
    assert [process.returncode for process in processes] == [0, 0]
    remaining = 2 * (FILMS_PER_WRITER - FILMS_PER_WRITER // 3)
    assert await Film.all().count() == remaining + 1
    assert (await Film.get(id=shared_film.id)).version == 1 + 2 * FILMS_PER_WRITER, (
        "an update was lost"
    )
    assert await Outbox.all().count() == 1 + 2 * (2 * FILMS_PER_WRITER + FILMS_PER_WRITER // 3)
    while await worker.process_batch():
        pass
    assert await count_films(writer) == remaining + 1
    assert not await Outbox.filter(done_at=None).exists()


@pytest.mark.fault("transaction-conflict")
async def test_a_database_locked_for_too_long_by_another_process_is_a_temporary_fault(
    stack: str, database: str, catalogue: Catalogue
) -> None:
    """The write fails and leaves nothing behind, reads go on, and the next write succeeds."""
    film = await catalogue.add(FilmFacts(title="Jaws"))
    if stack == "full":
        pytest.skip(
            "PostgreSQL locks rows, not the whole database; its timeout is tested elsewhere"
        )
    await sql.fetch_rows("PRAGMA busy_timeout = 200")
    with closing(connect(resolve_path(database), isolation_level=None)) as other_connection:
        other_connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(Exception) as error:
            await catalogue.update(str(film.id), None, FilmPatch(year=1975))
        assert faults.is_database_fault(error.value)
        assert (await catalogue.get(str(film.id))).year is None, "reads go on"
        other_connection.execute("ROLLBACK")
    await sql.fetch_rows("PRAGMA busy_timeout = 5000")
    assert (await catalogue.update(str(film.id), None, FilmPatch(year=1975))).version == 2
    assert await Outbox.filter(film_id=film.id).count() == 2
