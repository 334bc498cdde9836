"""Measure what a million films cost on each engine: `make bench.million`.

First, serialized documents are sent raw: in plain bulk requests to Elasticsearch, as many at once
as the indexer sends, or into a plain tantivy writer. Then the indexer rebuilds its index from a
real database (PostgreSQL for Elasticsearch, SQLite for tantivy); its job row states the fill rate.
Last, the service starts on the new index, and uncached queries are sent one at a time. The films of
`tests.support.synthetic_films` are put into the database in bulk, with all outbox rows done and the
vocabulary filled, as after a long time of operation. Everything is removed at the end.

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

from benches.load import create_database, delete_database_and_indexes, environment
from benches.raw import measure_elasticsearch, measure_tantivy, write_documents
from benches.stored import fill_postgres, fill_sqlite
from benches.watched import ResourceWatch, list_descendants, read_memory_mb
from tests.support import ROOT, service_runner
from tests.support.synthetic_films import Film, LabelledQuery, generate_films, generate_queries

WARM_UP_QUERIES = 1_400  # unmeasured queries sent first, since a fresh JVM is slow
WATCH_INTERVAL = 0.25  # seconds between two samples of the job and of memory
VOCABULARY_TIMEOUT = 600.0  # seconds


def print_row(label: str, *values: object) -> None:
    print(f"{label:<34}" + "  ".join(str(value) for value in values), flush=True)


class RebuildJob:
    """The row of the rebuild's job, read directly from the database."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None

    async def read(self) -> dict[str, Any] | None:
        sql = "SELECT state, done, rate, reason, finished_at FROM reindex_jobs"
        if self._url.startswith("postgres"):
            if self._connection is None:
                self._connection = await asyncpg.connect(self._url)
            row = await self._connection.fetchrow(sql)
            return dict(row) if row else None
        with closing(sqlite3.connect(urlsplit(self._url).path, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            row = connection.execute(sql).fetchone()
        return dict(row) if row else None

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


@contextmanager
def module_process(
    settings: dict[str, str], *arguments: str
) -> Iterator["subprocess.Popen[bytes]"]:
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=service_runner.process_environment(settings),
            stdout=log,
            stderr=log,
        )
        try:
            yield running
        finally:
            running.terminate()
            running.wait(60)


async def measure_rebuild(settings: dict[str, str], count: int) -> float:
    """Rebuild with the indexer; return the fill rate in films per second, as its job states it."""
    job = RebuildJob(settings["DATABASE_URL"])
    with (
        module_process(settings, "indexer") as indexer,
        module_process(settings, "service", "reindex"),
    ):
        watch, steps, row = ResourceWatch(indexer.pid), {}, None
        while row is None or row["finished_at"] is None:
            await asyncio.sleep(WATCH_INTERVAL)
            watch.sample()
            assert indexer.poll() is None
            row = await job.read()
            if row is not None:
                steps[row["state"]] = steps.get(row["state"], 0.0) + WATCH_INTERVAL
    assert row["state"] == "done" and row["done"] == count, row
    print_row(
        "rebuild", *(f"{step} {seconds:.0f} s" for step, seconds in steps.items() if seconds >= 1)
    )
    print_row(
        "indexer, peak memory",
        f"{watch.own_mb:.0f} MB itself, {watch.total_mb:.0f} MB with its processes",
    )
    own_cpu = watch.cpu_seconds.pop(watch.pid)
    print_row(
        "indexer, work",
        f"{own_cpu:.0f} s itself, {sum(watch.cpu_seconds.values()):.0f} s the others",
    )
    await job.close()
    return float(row["rate"])


async def measure_searches(settings: dict[str, str], films: list[Film], per_kind: int) -> None:
    started_at = time.perf_counter()
    with service_runner.run_service(settings) as service:
        ready_after = time.perf_counter() - started_at
        while "words_loaded" not in service.log.read_text():
            assert time.perf_counter() - started_at < VOCABULARY_TIMEOUT
            await asyncio.sleep(0.1)
        loaded_after = time.perf_counter() - started_at
        print_row(
            "service started",
            f"answers after {ready_after:.1f} s, knows all words after {loaded_after:.1f} s",
        )
        async with aiohttp.ClientSession() as session:
            for query in generate_queries(films, WARM_UP_QUERIES // 4, seed=3):
                await search(session, service.url, query)
            for kind, seconds, in_first_ten, first in await search_all(
                session, service.url, generate_queries(films, per_kind)
            ):
                percentiles = statistics.quantiles(seconds, n=100)
                print_row(
                    f"search: {kind}",
                    f"p50 {percentiles[49] * 1000:.1f} ms, p99 {percentiles[98] * 1000:.1f} ms, "
                    f"S@1 {100 * first / len(seconds):.1f}, "
                    f"S@10 {100 * in_first_ten / len(seconds):.1f}",
                )
        for pid in list_descendants(service.process.pid):
            name = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[-40:]
            size = f"{read_memory_mb(pid):.0f} MB, {read_memory_mb(pid, 'Private'):.0f} MB its own"
            print_row("memory of a process", size, name.strip())


KindResult = tuple[str, list[float], int, int]


async def search_all(
    session: aiohttp.ClientSession, url: str, queries: list[LabelledQuery]
) -> list[KindResult]:
    """Return times in seconds, and how often a right film was among ten and first, by kind."""
    results: dict[str, KindResult] = {}
    for query in queries:
        sent_at = time.perf_counter()
        film_numbers = await search(session, url, query)
        elapsed = time.perf_counter() - sent_at
        kind, times, in_first_ten, first = results.get(query.kind, (query.kind, [], 0, 0))
        positions = [
            position for position, number in enumerate(film_numbers) if number in query.relevant
        ]
        times.append(elapsed)
        results[query.kind] = (
            kind,
            times,
            in_first_ten + bool(positions),
            first + (positions[:1] == [0]),
        )
        if positions[:1] != [0]:
            print(f"missed: {query.kind}: {query.text!r} at {positions[:1]}", file=sys.stderr)
    return list(results.values())


async def search(session: aiohttp.ClientSession, url: str, query: LabelledQuery) -> list[int]:
    """Return the numbers of the first ten films."""
    search_url = f"{url}/api/v1/search"
    async with session.get(search_url, params={"q": query.text, "limit": "10"}) as response:
        reply = await response.json()
        assert response.status == 200, reply
    return [int(result["movie"]["imdb_id"][2:]) for result in reply["results"]]


async def measure_engine(engine: str, films: list[Film], per_kind: int, folder: Path) -> None:
    print(f"\n{engine}, {len(films)} films", flush=True)
    documents_path = folder / "ready"
    started_at = time.perf_counter()
    words = write_documents(engine, films, documents_path)
    size = documents_path.stat().st_size / len(films)
    print_row(
        "documents serialized", f"{time.perf_counter() - started_at:.0f} s, {size:.0f} B each"
    )
    print_row("words of all films", len(words))
    if engine == "elasticsearch":
        raw_rate = await measure_elasticsearch(documents_path)
    else:
        raw_rate = await asyncio.to_thread(measure_tantivy, documents_path, folder / "raw")
    print_row("sent raw", f"{raw_rate:.0f} films/s")
    documents_path.unlink()
    database = await create_database() if engine == "elasticsearch" else ""
    settings = environment("full" if database else "embedded", folder, database)
    settings |= {"CACHE_URL": "memory://"}
    try:
        assert service_runner.run_command(settings, "migrate").returncode == 0
        started_at = time.perf_counter()
        if database:
            await fill_postgres(database, films, words)
        else:
            fill_sqlite(folder / "movies.db", films, words)
        print_row("put into the database", f"{time.perf_counter() - started_at:.0f} s")
        rebuild_rate = await measure_rebuild(settings, len(films))
        print_row(
            "filled by a rebuild",
            f"{rebuild_rate:.0f} films/s, {rebuild_rate / raw_rate:.2f} of raw",
        )
        await measure_searches(settings, films, per_kind)
    finally:
        if database:
            await delete_database_and_indexes(database, settings["SEARCH_URL"])


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=1_000_000)
    parser.add_argument("--engine", default="elasticsearch,tantivy")
    parser.add_argument("--each", type=int, default=300)
    args = parser.parse_args()
    for name, value in dotenv_values(ROOT / "var/backends/env").items():
        os.environ.setdefault(name, value or "")
    started_at = time.perf_counter()
    films = list(generate_films(args.films))
    print_row("films generated", f"{time.perf_counter() - started_at:.0f} s")
    for engine in args.engine.split(","):
        required = ("TEST_ELASTICSEARCH_URL", "TEST_POSTGRES_URL")
        if engine == "elasticsearch" and any(name not in os.environ for name in required):
            print("\nnot measured: Elasticsearch; 'make backends.start' brings it up")
            continue
        with tempfile.TemporaryDirectory(prefix="movies-bench-") as folder:
            await measure_engine(engine, films, args.each, Path(folder))
    print_row("\nin all", f"{time.perf_counter() - started_at:.0f} s")


if __name__ == "__main__":
    asyncio.run(main())
