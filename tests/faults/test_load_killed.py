"""`movies load` killed by SIGKILL while it writes, and run again."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.index_worker import IndexWorker
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, FilmPatch
from service.outbox.models import Outbox
from service.search.engines.base import Inventory
from tests.faults.plugin import Observations
from tests.support import ROOT
from tests.support.indexing import FaultyWriter, count_films, find_differences
from tests.support.service_runner import embedded_settings, process_environment, run_command
from tests.support.waiting import wait_until

FILMS = 3_000
REPEATED = 40  # films that the file describes a second time, without their IMDb id


def film_lines() -> list[bytes]:
    films = [
        {"title": f"Film number {n}", "year": 1950 + n % 70, "imdb_id": f"tt{n:07}"}
        for n in range(1, FILMS + 1)
    ]
    repeated = [
        {"title": film["title"], "year": film["year"], "plot": "told again"}
        for film in films[:REPEATED]
    ]
    return [json.dumps(film).encode() + b"\n" for film in (*films, *repeated)]


def feed(process: "subprocess.Popen[bytes]", lines: list[bytes]) -> None:
    """Write lines to the command, which then waits for more."""
    assert process.stdin is not None
    process.stdin.write(b"".join(lines))
    process.stdin.flush()


@pytest.mark.fault("load-killed")
async def test_a_load_that_is_killed_and_run_again_ends_as_if_it_had_not_been(
    catalogue: Catalogue,
    worker: IndexWorker,
    writer: FaultyWriter,
    inventory: Inventory,
    database: str,
    search_url: str,
    tmp_path: Path,
    observations: Observations,
) -> None:
    environment = embedded_settings(tmp_path) | {"DATABASE_URL": database, "SEARCH_URL": search_url}
    lines = film_lines()
    with subprocess.Popen(
        [sys.executable, "-m", "service", "load", "-"],
        cwd=ROOT,
        env=process_environment(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            feeding = asyncio.to_thread(feed, process, lines[: FILMS // 2])
            await asyncio.gather(feeding, wait_until(Film.exists))
            changed = await catalogue.get("tt0000001")
            await catalogue.update(str(changed.id), None, FilmPatch(plot="by a person"))
            added = await catalogue.add(FilmFacts(title="Added by a person"))
        finally:
            process.kill()
    stored = await Film.all().count() - 1
    assert 0 < stored <= FILMS // 2
    waiting = await Outbox.filter(done_at=None).values_list("film_id", flat=True)
    assert set(waiting) == set(await Film.all().values_list("id", flat=True))

    path = tmp_path / "films.jsonl"
    path.write_bytes(b"".join(lines))
    again = await asyncio.to_thread(run_command, environment, "load", str(path))
    assert again.returncode == 0, again.stderr
    counts = f"{len(lines)} read, {FILMS - stored} added, {REPEATED - 1} changed, {stored + 1}"
    assert f"{counts} unchanged, 0 left out" in again.stdout
    assert await Film.all().count() == FILMS + 1
    assert (await catalogue.get(str(changed.id))).plot == "by a person"
    while await worker.process_batch(2_000):
        pass
    assert await count_films(writer) == FILMS + 1
    assert await find_differences(inventory) == []
    assert await inventory.get_entry(str(await inventory.live_index()), str(added.id)) is not None
    observations.add(f"killed among {FILMS} films and loaded again: every film once, in both")
    observations.confirm("I1", "I3", "I5")
