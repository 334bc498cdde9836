"""What a million films cost, side by side in one run per engine: `make bench.million`.

First the same ready-made documents are sent raw, in plain bulk requests to Elasticsearch and into
a plain writer of tantivy, with as many on their way as ours has. Then the real indexer rebuilds its
index from a real database, PostgreSQL for Elasticsearch and SQLite for tantivy, and its own row
tells the rate of the filling. Then the real service is started on it, and asked one query at a
time, each for the first time. The films are those of `benches.synthetic`, put into the database in
bulk, with the outbox finished and the words known, as in a service that has run for long. Whatever
was made is removed at the end.

    python -m benches.million [--films 1000000] [--engine elasticsearch,tantivy] [--each 300]
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import orjson
import tantivy
from dotenv import dotenv_values

from benches.load import environment, postgres
from benches.synthetic import Asked, Film, films, queries
from indexer.filling import LANES
from service.search.document import MovieDocument
from service.search.engines import elastic_form, tantivy_layout
from service.search.engines.elastic import Address
from service.search.engines.elastic_writer import MOST_IN_BULK, ElasticWriter
from service.search.engines.tantivy_writer import HEAP
from service.search.text import whole
from tests import running
from tests.running import ROOT

CHUNK = 5_000  # films handed over at once while documents are made ready
WARM_UP = 50  # queries asked before those that count
LOOK = 0.25  # seconds between two looks at the job and at memory
LOADING = 600.0  # seconds in which the service must know all words
MB = 1 << 20
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = (
    "id", "version", "counters", "imdb_id", "title", "whole_title", "aliases", "type", "year",
    "genres", "directors", "writers", "actors", "languages", "countries", "imdb_rating",
    "imdb_votes", "poster_status", "poster_attempts", "source", "created_at", "updated_at",
)  # fmt: skip
POINTER = ("kind", "film_id", "version", "due_at", "attempts", "created_at", "done_at")
WORD = ("word", "seen_at")


def say(label: str, *values: object) -> None:
    print(f"{label:<34}" + "  ".join(str(value) for value in values), flush=True)


# The same documents, ready-made


def document(film: Film) -> MovieDocument:
    facts = film._asdict() | {"imdb_votes": film.votes, "imdb_rating": film.rating}
    rest = dict.fromkeys(("plot", "runtime_minutes", "popularity"))
    made = {"id": film.id, "version": 1, "imdb_id": film.imdb_id, "actors": (), **rest}
    return MovieDocument.of(SimpleNamespace(**facts, **made))


def packed(engine: str, chunk: list[Film]) -> tuple[bytes, set[str]]:
    """The films' documents as lines, with the bulk's own lines for Elasticsearch; their words."""
    lines, words = [], set()
    for made in map(document, chunk):
        if engine == "elasticsearch":
            how = {"_id": made.film_id, "version": 1, "version_type": "external_gte"}
            lines += [orjson.dumps({"index": how}), elastic_form.packed(made)]
        else:
            lines.append(tantivy_layout.packed(made))
        words |= made.words()
    return b"\n".join(lines) + b"\n", words


def ready(engine: str, made: list[Film], path: Path) -> set[str]:
    """Write all documents to a file, which the raw way then only reads; all their words."""
    every: set[str] = set()
    began = time.perf_counter()
    chunks = [made[start : start + CHUNK] for start in range(0, len(made), CHUNK)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool, path.open("wb") as file:
        for start in range(0, len(chunks), 8):
            for lines, words in pool.map(packed, [engine] * 8, chunks[start : start + 8]):
                file.write(lines)
                every |= words
    size = path.stat().st_size / len(made)
    say(
        "documents made ready",
        f"{time.perf_counter() - began:.0f} s, {size:.0f} B each, {len(every)} words",
    )
    return every


# The raw way


async def raw_elasticsearch(path: Path) -> float:
    """Documents a second in plain bulk requests."""
    address = Address.parse(os.environ["TEST_ELASTICSEARCH_URL"])
    address = replace(address, alias=f"bench-{uuid.uuid4().hex[:8]}")
    writer = ElasticWriter(address)
    await writer.open()
    await writer.create("movies-raw")
    url = re.sub(r"\?.*", "", os.environ["TEST_ELASTICSEARCH_URL"]).rstrip("/")
    sent = 0
    head = {"Content-Type": "application/x-ndjson"}
    try:
        with path.open("rb") as file:
            async with aiohttp.ClientSession(headers=head) as session:
                began = time.perf_counter()

                async def lane() -> None:
                    nonlocal sent
                    while lines := list(islice(file, 2 * MOST_IN_BULK)):
                        where = f"{url}/{address.real('movies-raw')}/_bulk?filter_path=errors"
                        body = b"".join(lines)
                        while await refused(session, where, body):
                            await asyncio.sleep(0.2)
                        sent += len(lines) // 2

                await asyncio.gather(*(lane() for _ in range(LANES)))
                rate = sent / (time.perf_counter() - began)
    finally:
        await emptied(address)
        await writer.close()
    return rate


async def refused(session: aiohttp.ClientSession, where: str, body: bytes) -> bool:
    """Send one bulk; whether the cluster was too busy to take it."""
    async with session.post(where, data=body) as response:
        told = await response.json()
    assert response.status == 429 or not told["errors"], told
    return response.status == 429


async def emptied(address: Address) -> None:
    async with address.client(60.0) as client:
        for index in await client.indices.get(index=f"{address.alias}-*"):
            await client.indices.delete(index=index)


def raw_tantivy(path: Path, folder: Path) -> float:
    """Documents a second into a plain writer with as much memory as ours has, one commit."""
    folder.mkdir()
    writer = tantivy.Index(tantivy_layout.SCHEMA, str(folder)).writer(HEAP, 1)
    sent = 0
    with path.open() as file:
        began = time.perf_counter()
        for line in file:
            writer.add_json(line)
            sent += 1
        writer.commit()
        rate = sent / (time.perf_counter() - began)
    writer.wait_merging_threads()
    shutil.rmtree(folder)
    return rate


# The database


def row(film: Film, when: Any) -> tuple[Any, ...]:
    lists = [json.dumps(each) for each in (film.aliases, film.genres, film.directors)]
    aliases, genres, directors = lists
    return (
        film.id, 1, 0, film.imdb_id, film.title, whole(film.title)[:600], aliases, film.type,
        film.year, genres, directors, "[]", "[]", "[]", "[]", film.rating, film.votes, "missing", 0,
        "user", when, when,
    )  # fmt: skip


def pointer(film: Film) -> tuple[Any, ...]:
    return ("film", film.id, 1, 0, 1, 1, 2)


async def into_postgres(url: str, made: list[Film], words: set[str]) -> None:
    connection = await asyncpg.connect(url)
    await connection.copy_records_to_table(
        "films", records=(row(film, WHEN) for film in made), columns=COLUMNS
    )
    await connection.copy_records_to_table("outbox", records=map(pointer, made), columns=POINTER)
    known = ((word, 1) for word in sorted(words))
    await connection.copy_records_to_table("words", records=known, columns=WORD)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def into_sqlite(path: Path, made: list[Film], words: set[str]) -> None:
    def texts(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(str(value) if isinstance(value, uuid.UUID) else value for value in values)

    with closing(sqlite3.connect(path)) as connection, connection:
        for table, columns, given in (
            ("films", COLUMNS, (row(film, WHEN.isoformat(" ")) for film in made)),
            ("outbox", POINTER, map(pointer, made)),
            ("words", WORD, ((word, 1) for word in sorted(words))),
        ):
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", map(texts, given)
            )


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


# Processes


@dataclass
class Watch:
    """The most that a process and its children were seen to hold, in MB, and how long they have
    worked, in seconds of a core: alone, and in all.
    """

    pid: int
    alone: float = 0.0
    all_of_them: float = 0.0
    worked: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        held = {pid: resident(pid) for pid in [self.pid, *children(self.pid)]}
        self.alone = max(self.alone, held[self.pid])
        self.all_of_them = max(self.all_of_them, sum(held.values()))
        self.worked |= {pid: worked(pid) for pid in held}


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return [each for child in found for each in (child, *children(child))]


def resident(pid: int, kind: str = "Rss") -> float:
    """MB of a process: all that is resident, or what is its own alone (`Private`)."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(int(size) for size in re.findall(rf"^{kind}\w*:\s+(\d+) kB", told, re.M)) / 1024


def worked(pid: int) -> float:
    """Seconds of a core that a process has used."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def process(given: dict[str, str], *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    with tempfile.TemporaryFile() as log:
        started = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=running.settings(given),
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


# Searching


async def searched(given: dict[str, str], made: list[Film], each: int) -> None:
    began = time.perf_counter()
    with running.started(given) as service:
        said = time.perf_counter() - began
        while "words_loaded" not in service.log.read_text():
            assert time.perf_counter() - began < LOADING
            await asyncio.sleep(0.1)
        loaded = time.perf_counter() - began
        say("service started", f"answers after {said:.1f} s, knows all words after {loaded:.1f} s")
        async with aiohttp.ClientSession() as session:
            for asked in queries(made, WARM_UP // 4, seed=3):
                await ask(session, service.url, asked)
            for kind, took, right, first in await tallied(
                session, service.url, queries(made, each)
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


async def tallied(session: aiohttp.ClientSession, url: str, asked: list[Asked]) -> list[Kind]:
    """Times in seconds, and how often a right film was among ten, and first, by kind."""
    found: dict[str, Kind] = {}
    for each in asked:
        began = time.perf_counter()
        answers = await ask(session, url, each)
        took = time.perf_counter() - began
        kind, times, among, first = found.get(each.kind, (each.kind, [], 0, 0))
        places = [place for place, number in enumerate(answers) if number in each.right]
        times.append(took)
        found[each.kind] = kind, times, among + bool(places), first + (places[:1] == [0])
        if places[:1] != [0]:
            print(f"missed: {each.kind}: {each.text!r} at {places[:1]}", file=sys.stderr)
    return list(found.values())


async def ask(session: aiohttp.ClientSession, url: str, asked: Asked) -> list[int]:
    """The numbers of the films that were found, the first ten."""
    where = f"{url}/api/v1/search"
    async with session.get(where, params={"q": asked.text, "limit": "10"}) as response:
        told = await response.json()
        assert response.status == 200, told
    return [int(found["movie"]["imdb_id"][2:]) for found in told["results"]]


async def one_engine(engine: str, made: list[Film], each: int, folder: Path) -> None:
    print(f"\n{engine}, {len(made)} films", flush=True)
    lines = folder / "ready"
    words = ready(engine, made, lines)
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
        assert running.movies(given, "migrate").returncode == 0
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
            await postgres(drop=urlsplit(database).path[1:])
            await emptied(Address.parse(given["SEARCH_URL"]))


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--films", type=int, default=1_000_000)
    options.add_argument("--engine", default="elasticsearch,tantivy")
    options.add_argument("--each", type=int, default=300)
    given = options.parse_args()
    for name, value in dotenv_values(ROOT / "var/backends/env").items():
        os.environ.setdefault(name, value or "")
    began = time.perf_counter()
    made = list(films(given.films))
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
