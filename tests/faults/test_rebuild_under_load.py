"""A rebuild while people search and editors write: nothing is lost, and no reader sees an error."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import Beset
from tests.faults.invariants import nothing_broke
from tests.faults.load import Load, loaded, quantile
from tests.faults.plugin import Seen
from tests.running import Api, until

WRITES = {"add": 20, "amend": 15, "delete": 15}
READS = {"search": 1}
FILMS = 4000  # as many as make the rebuild last while some hundred films are written
READERS = 20  # searches a second


@asynccontextmanager
async def at_work(sound: Beset) -> AsyncIterator[tuple[Load, Load]]:
    """A writer of 50 films a second, and a reader."""
    async with (
        loaded(sound.service, rate=50, weights=WRITES) as writer,
        loaded(sound.service, rate=READERS, weights=READS) as reader,
    ):
        yield writer, reader


async def many(sound: Beset, file: Path) -> None:
    """Films enough for a rebuild that takes a while, loaded from a file as an operator does."""
    words = ("harbour", "glass", "winter", "engine", "paper", "river", "mirror", "signal")
    lines = [
        f'{{"Title": "{" ".join(random.sample(words, 3))} {uuid.uuid4().hex[:6]}",'
        f' "Year": "{random.randint(1930, 2020)}"}}\n'
        for _ in range(FILMS)
    ]
    file.write_text("".join(lines))
    done = await asyncio.to_thread(sound.service.movies, "load", str(file))
    assert done.returncode == 0, done.stderr


@pytest.mark.chaos
@pytest.mark.fault(13, "changes and deletions during a rebuild")
async def test_a_rebuild_under_load_loses_nothing_and_readers_see_no_error(
    client: Api, sound: Beset, seen: Seen, tmp_path: Path
) -> None:
    await many(sound, tmp_path / "films.jsonl")
    await sound.invariants.hold()
    async with loaded(sound.service, rate=READERS, weights=READS) as idle:
        await until(lambda: answers(idle, 200))
    nothing_broke(idle.answers)
    before = await sound.index()
    async with at_work(sound) as (writer, reader):
        await until(lambda: answers(writer, 100))
        token = await client.admin()
        filed = await client.ask("POST", "/api/v1/admin/reindex", token=token)
        assert filed.status == 202, filed.json
        place = filed.headers["Location"]

        async def over() -> dict[str, object] | None:
            job = (await client.get(place, token=await client.admin())).json
            return job if job["finished_at"] else None

        job = await until(over, 600, every=0.5)
        enough = len(writer.answers) + 100
        await until(lambda: answers(writer, enough))
    assert (job["state"], job["reason"]) == ("done", None), job
    assert await sound.index() != before
    took = await sound.invariants.hold(writer)
    nothing_broke(reader.answers)
    slow, quick = quantile(reader.answers, 0.99), quantile(idle.answers, 0.99)
    promised = writer.promised
    seen(
        f"{job['done']} films rebuilt while {len(promised.films)} were written and"
        f" {len(promised.deleted)} deleted, {writer.sustained()}; level {took:.0f} s later;"
        f" {len(reader.answers)} searches without an error,"
        f" p99 {slow * 1000:.0f} ms, with nothing else going on {quick * 1000:.0f} ms"
    )
    seen.held("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


async def answers(load: Load, count: int) -> bool:
    return len(load.answers) >= count
