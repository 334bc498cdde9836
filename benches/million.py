"""What a million films cost, side by side in one run per engine: `make bench.million`.

First the same ready-made documents are sent raw, in plain bulk requests to Elasticsearch and into
a plain writer of tantivy, with as many on their way as ours has. Then the real indexer rebuilds its
index from a real database, PostgreSQL for Elasticsearch and SQLite for tantivy, and its own row
tells the rate of the filling. Then the real service is started on it, and asked one query at a
time, each for the first time. The films are those of `tests.support.synthetic_films`, put into the
database in bulk, with the outbox finished and the words known, as in a service that has run for
long. Whatever was made is removed at the end.

    python -m benches.million [--films 1000000] [--engine elasticsearch,tantivy] [--each 300]
"""

import argparse
import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
from dotenv import dotenv_values

from benches.load import environment, postgres, removed
from benches.raw import raw_elasticsearch, raw_tantivy, ready
from benches.stored import into_postgres, into_sqlite
from benches.watched import Watch, children, resident
from tests.support import ROOT, service_runner
from tests.support.synthetic_films import Film, LabelledQuery, generate_films, generate_queries

WARM_UP = 1_400  # queries asked before those that count, since a fresh JVM is slow
LOOK = 0.25  # seconds between two looks at the job and at memory
LOADING = 600.0  # seconds in which the service must know all words


def say(label: str, *values: object) -> None:
    print(f"{label:<34}" + "  ".join(str(value) for value in values), flush=True)


class Job:
    """The rebuild's row, read beside the service."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None

    async def look(self) -> dict[str, Any] | None:
        sql = "SELECT state, done, rate, reason, finished_at FROM reindex_jobs"
        if self._url.startswith("postgres"):
            if self._connection is None:
                self._connection = await asyncpg.connect(self._url)
            found = await self._connection.fetchrow(sql)
            return dict(found) if found else None
        with closing(sqlite3.connect(urlsplit(self._url).path, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute(sql).fetchone()
        return dict(found) if found else None

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


@contextmanager
def process(given: dict[str, str], *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    with tempfile.TemporaryFile() as log:
        started = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=service_runner.process_environment(given),
            stdout=log,
            stderr=log,
        )
        try:
            yield started
        finally:
            started.terminate()
            started.wait(60)


async def rebuilt(given: dict[str, str], count: int) -> float:
    """Rebuild by the real indexer; the rate of its filling, from its row."""
    job = Job(given["DATABASE_URL"])
    with process(given, "indexer") as indexer, process(given, "service", "reindex"):
        watch, steps, told = Watch(indexer.pid), {}, None
        while told is None or told["finished_at"] is None:
            await asyncio.sleep(LOOK)
            watch.look()
            assert indexer.poll() is None
            told = await job.look()
            if told is not None:
                steps[told["state"]] = steps.get(told["state"], 0.0) + LOOK
    assert told["state"] == "done" and told["done"] == count, told
    say("rebuild", *(f"{step} {took:.0f} s" for step, took in steps.items() if took >= 1))
    say(
        "indexer, most memory",
        f"{watch.alone:.0f} MB itself, {watch.all_of_them:.0f} MB with those that prepare",
    )
    alone = watch.worked.pop(watch.pid)
    say("indexer, work", f"{alone:.0f} s itself, {sum(watch.worked.values()):.0f} s the others")
    await job.close()
    return float(told["rate"])


async def searched(given: dict[str, str], made: list[Film], each: int) -> None:
    began = time.perf_counter()
    with service_runner.run_service(given) as service:
        said = time.perf_counter() - began
        while "words_loaded" not in service.log.read_text():
            assert time.perf_counter() - began < LOADING
            await asyncio.sleep(0.1)
        loaded = time.perf_counter() - began
        say("service started", f"answers after {said:.1f} s, knows all words after {loaded:.1f} s")
        async with aiohttp.ClientSession() as session:
            for asked in generate_queries(made, WARM_UP // 4, seed=3):
                await ask(session, service.url, asked)
            for kind, took, right, first in await tallied(
                session, service.url, generate_queries(made, each)
            ):
                cuts = statistics.quantiles(took, n=100)
                say(
                    f"search: {kind}",
                    f"p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms, "
                    f"S@1 {100 * first / len(took):.1f}, S@10 {100 * right / len(took):.1f}",
                )
        for pid in children(service.process.pid):
            name = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[-40:]
            size = f"{resident(pid):.0f} MB, {resident(pid, 'Private'):.0f} MB its own"
            say("memory of a process", size, name.strip())


Kind = tuple[str, list[float], int, int]


async def tallied(
    session: aiohttp.ClientSession, url: str, asked: list[LabelledQuery]
) -> list[Kind]:
    """Return times in seconds, and how often a right film was among ten, and first, by kind."""
    found: dict[str, Kind] = {}
    for each in asked:
        began = time.perf_counter()
        answers = await ask(session, url, each)
        took = time.perf_counter() - began
        kind, times, among, first = found.get(each.kind, (each.kind, [], 0, 0))
        places = [place for place, number in enumerate(answers) if number in each.relevant]
        times.append(took)
        found[each.kind] = kind, times, among + bool(places), first + (places[:1] == [0])
        if places[:1] != [0]:
            print(f"missed: {each.kind}: {each.text!r} at {places[:1]}", file=sys.stderr)
    return list(found.values())


async def ask(session: aiohttp.ClientSession, url: str, asked: LabelledQuery) -> list[int]:
    """Return the numbers of the films that were found, the first ten."""
    where = f"{url}/api/v1/search"
    async with session.get(where, params={"q": asked.text, "limit": "10"}) as response:
        told = await response.json()
        assert response.status == 200, told
    return [int(found["movie"]["imdb_id"][2:]) for found in told["results"]]


async def one_engine(engine: str, made: list[Film], each: int, folder: Path) -> None:
    print(f"\n{engine}, {len(made)} films", flush=True)
    lines = folder / "ready"
    began = time.perf_counter()
    words = ready(engine, made, lines)
    size = lines.stat().st_size / len(made)
    say("documents made ready", f"{time.perf_counter() - began:.0f} s, {size:.0f} B each")
    say("words of all films", len(words))
    if engine == "elasticsearch":
        raw = await raw_elasticsearch(lines)
    else:
        raw = await asyncio.to_thread(raw_tantivy, lines, folder / "raw")
    say("sent raw", f"{raw:.0f} films/s")
    lines.unlink()
    database = await postgres() if engine == "elasticsearch" else ""
    given = environment("full" if database else "embedded", folder, database)
    given |= {"CACHE_URL": "memory://"}
    try:
        assert service_runner.run_command(given, "migrate").returncode == 0
        began = time.perf_counter()
        if database:
            await into_postgres(database, made, words)
        else:
            into_sqlite(folder / "movies.db", made, words)
        say("put into the database", f"{time.perf_counter() - began:.0f} s")
        ours = await rebuilt(given, len(made))
        say("filled by a rebuild", f"{ours:.0f} films/s, {ours / raw:.2f} of raw")
        await searched(given, made, each)
    finally:
        if database:
            await removed(database, given["SEARCH_URL"])


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--films", type=int, default=1_000_000)
    options.add_argument("--engine", default="elasticsearch,tantivy")
    options.add_argument("--each", type=int, default=300)
    given = options.parse_args()
    for name, value in dotenv_values(ROOT / "var/backends/env").items():
        os.environ.setdefault(name, value or "")
    began = time.perf_counter()
    made = list(generate_films(given.films))
    say("films made up", f"{time.perf_counter() - began:.0f} s")
    for engine in given.engine.split(","):
        needed = ("TEST_ELASTICSEARCH_URL", "TEST_POSTGRES_URL")
        if engine == "elasticsearch" and any(name not in os.environ for name in needed):
            print("\nnot measured: Elasticsearch; 'make backends.start' brings it up")
            continue
        with tempfile.TemporaryDirectory(prefix="movies-bench-") as folder:
            await one_engine(engine, made, given.each, Path(folder))
    say("\nin all", f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    asyncio.run(main())
