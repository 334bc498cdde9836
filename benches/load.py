"""Measure the speed of each stack in one run: `make bench.load`.

Measured are films loaded per second; searches per second with p50 and p99, uncached and cached,
beside a plain Sanic page of the same size; and the time from a write's response until the film is
found, at 50 and 200 writes per second. Machines differ, so compare the ratio to the plain page.

Searches are kept or generated queries, each sent once; correctly spelt and misspelt ones are
measured apart. As many different queries warm up the caches before.

The films are the real ones beside the checkout, or the samples if those are absent. The full stack
is measured if the backends of `make backends.start` run.
"""

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp
import asyncpg
import redis.asyncio
from dotenv import dotenv_values

from benches.films import DATA_FOLDER
from benches.queries import CORRECTLY_SPELT
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from tests.support import ROOT, service_runner
from tests.support.backends import delete_indexes
from tests.support.service_runner import ADMIN, Service

FILMS = DATA_FOLDER / "films.jsonl"
SAMPLES = ROOT / "samples/films.jsonl"
QUERIES = DATA_FOLDER / "queries.jsonl"
SEARCHES_PER_MEASUREMENT = 700
CONCURRENT_CLIENTS = 8  # when throughput is measured
LAG_DURATION = 10.0  # seconds of writing at each rate
PLAIN_SERVER = """
import sys
from sanic import Sanic
from sanic.response import HTTPResponse
body = b"x" * int(sys.argv[2])
app = Sanic("plain", configure_logging=False)
@app.get("/")
async def page(request):
    return HTTPResponse(body, content_type="application/json")
if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), single_process=True, access_log=False, motd=False)
"""


def print_columns(*columns: object) -> None:
    print("  ".join(f"{column!s:<14}" for column in columns).rstrip(), flush=True)


def prepare_films(folder: Path, max_films: int) -> Path:
    """Return a file of the films in the import format."""
    if not FILMS.exists():
        return SAMPLES
    path = folder / "films.jsonl"
    with FILMS.open() as source, path.open("w") as target:
        for number, line in enumerate(source):
            if number == max_films:
                break
            target.write(json.dumps(to_import_format(json.loads(line))) + "\n")
    return path


def to_import_format(film: dict[str, object]) -> dict[str, object]:
    facts = {name: film[name] for name in ("title", "year", "directors", "genres", "imdb_id")}
    facts["aliases"] = film["alt_titles"]
    facts["ratings"] = {"imdb": {"value": film["rating"], "votes": film["votes"]}}
    return facts


def environment(stack: str, folder: Path, database: str) -> dict[str, str]:
    if stack == "embedded":
        return service_runner.embedded_settings(folder)
    return {
        **environment("embedded", folder, database),
        "DATABASE_URL": database,
        "SEARCH_URL": f"{os.environ['TEST_ELASTICSEARCH_URL']}?index=bench-{uuid.uuid4().hex[:8]}",
        "CACHE_URL": os.environ["TEST_REDIS_URL"],
    }


async def create_database() -> str:
    """Create a PostgreSQL database; return its URL."""
    server_url = os.environ["TEST_POSTGRES_URL"]
    name = f"movies_bench_{uuid.uuid4().hex[:8]}"
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


async def drop_database(url: str) -> None:
    connection = await asyncpg.connect(os.environ["TEST_POSTGRES_URL"])
    await connection.execute(f"DROP DATABASE {urlsplit(url).path[1:]} WITH (FORCE)")
    await connection.close()


async def delete_database_and_indexes(database: str, search: str) -> None:
    """Delete the database and the indexes that a run created on the full stack."""
    await drop_database(database)
    await delete_indexes(ElasticsearchAddress.parse(search))


def load_films(settings: dict[str, str], films: Path) -> int:
    started_at = time.perf_counter()
    result = service_runner.run_command(settings, "load", str(films))
    seconds = time.perf_counter() - started_at
    count = int(re.search(r"(\d+) added", result.stdout)[1])
    print_columns("load", f"{count} films", f"{seconds:.1f} s", f"{count / seconds:.0f}/s")
    return count


async def measure_indexing(
    service: Service, session: aiohttp.ClientSession, film_count: int, started_at: float
) -> None:
    while True:
        async with session.get(f"{service.url}/health/ready") as response:
            ready = await response.json()
        if ready["parts"]["indexer"]["detail"].startswith("0 films"):
            break
        await asyncio.sleep(0.2)
    seconds = time.perf_counter() - started_at
    print_columns(
        "start, index", f"{film_count} films", f"{seconds:.1f} s", f"{film_count / seconds:.0f}/s"
    )


def format_percentiles(seconds: list[float]) -> tuple[str, str]:
    percentiles = statistics.quantiles(seconds, n=100)
    return f"p50 {percentiles[49] * 1000:.2f} ms", f"p99 {percentiles[98] * 1000:.2f} ms"


async def request_all(
    session: aiohttp.ClientSession, urls: list[str], clients: int
) -> tuple[list[float], float]:
    """Return the seconds of each request, and the requests per second."""
    remaining = iter(urls)
    seconds: list[float] = []

    async def client() -> None:
        for url in remaining:
            sent_at = time.perf_counter()
            async with session.get(url) as response:
                await response.read()
                assert response.status == 200, (url, response.status)
                cache_control = response.headers.get("Cache-Control")
                assert cache_control != "no-store", f"the engine was unavailable: {url}"
            seconds.append(time.perf_counter() - sent_at)

    started_at = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return seconds, len(seconds) / (time.perf_counter() - started_at)


async def measure_requests(session: aiohttp.ClientSession, name: str, urls: list[str]) -> float:
    seconds, _ = await request_all(session, urls, 1)
    _, rate = await request_all(
        session,
        [f"{a}{'&' if '?' in a else '?'}limit=19" if "uncached" in name else a for a in urls],
        CONCURRENT_CLIENTS,
    )
    print_columns(name, *format_percentiles(seconds), f"{rate:.0f}/s")
    return rate


@contextmanager
def plain_server(size: int) -> Iterator[str]:
    port = random.randint(20_000, 40_000)
    with tempfile.NamedTemporaryFile("w", suffix=".py") as program:
        program.write(PLAIN_SERVER)
        program.flush()
        process = subprocess.Popen([sys.executable, program.name, str(port), str(size)])
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(10)


async def wait_until_reachable(session: aiohttp.ClientSession, url: str) -> None:
    while True:
        try:
            async with session.get(url):
                return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.1)


async def measure_searches(service: Service, session: aiohttp.ClientSession, films: Path) -> None:
    def search_urls(texts: list[str]) -> list[str]:
        return [f"{service.url}/api/v1/search?{urlencode({'q': t})}" for t in texts]

    kinds = await asyncio.to_thread(read_queries, films)
    await request_all(session, search_urls([typed for kind in kinds for typed in kind.warm_up]), 1)
    async with session.get(search_urls(kinds[0].texts)[0]) as response:
        size = len(await response.read())
    with plain_server(size) as plain_url:
        await wait_until_reachable(session, plain_url)
        plain_rate = await measure_requests(
            session, f"plain {size} B", [plain_url] * SEARCHES_PER_MEASUREMENT
        )
    for kind in kinds:
        rate = await measure_requests(session, f"uncached, {kind.name}", search_urls(kind.texts))
        print_columns("", f"{rate / plain_rate:.3f} of the plain page's rate")
    cached_rate = await measure_requests(
        session, "cached", search_urls(kinds[0].texts)[:1] * SEARCHES_PER_MEASUREMENT
    )
    print_columns("", f"{cached_rate / plain_rate:.3f} of the plain page's rate")


@dataclass(frozen=True, slots=True)
class QueryKind:
    """Queries that are spelt correctly, or misspelt; those in `warm_up` are not measured."""

    name: str
    texts: list[str]
    warm_up: list[str]


def read_queries(films: Path) -> list[QueryKind]:
    """Return the kept queries, or titles of the loaded films if there are none."""
    if QUERIES.exists():
        rows = [json.loads(line) for line in QUERIES.read_text().splitlines()]
    else:
        titles = [json.loads(line)["title"][:150] for line in films.read_text().splitlines()]
        rows = [{"q": title, "class": "exact"} for title in titles]
        rows += [{"q": swap_middle_letters(title), "class": "typo_swap"} for title in titles]
    random.Random(5).shuffle(rows)
    kinds = []
    for name, correct in (("spelt right", True), ("misspelt", False)):
        texts = list(
            dict.fromkeys(q["q"] for q in rows if (q["class"] in CORRECTLY_SPELT) is correct)
        )
        kinds.append(
            QueryKind(
                name,
                texts[:SEARCHES_PER_MEASUREMENT],
                texts[SEARCHES_PER_MEASUREMENT : 2 * SEARCHES_PER_MEASUREMENT],
            )
        )
    return kinds


def swap_middle_letters(title: str) -> str:
    """Return the title with two letters in its middle swapped."""
    middle = max(1, len(title) // 2)
    return (
        title[: middle - 1] + title[middle : middle + 1] + title[middle - 1] + title[middle + 1 :]
    )


async def measure_lag(service: Service, session: aiohttp.ClientSession, rate: int) -> None:
    """Measure the time from a write's response until the film is found, for a sample of writes."""
    credentials = {"username": ADMIN[0], "password": ADMIN[1]}
    async with session.post(f"{service.url}/api/v1/auth/login", json=credentials) as response:
        headers = {"Authorization": f"Bearer {(await response.json())['access_token']}"}
    lags: list[float] = []
    tasks: set[asyncio.Task[None]] = set()
    failed = 0

    async def write(measured: bool) -> None:
        nonlocal failed
        word = "q" + uuid.uuid4().hex[:14]
        async with session.post(
            f"{service.url}/api/v1/movies", json={"title": word}, headers=headers
        ) as response:
            failed += response.status != 201
        written_at = time.perf_counter()
        while measured:
            params = {"q": word, "typo": "off"}  # the cheapest search, so that polling costs little
            async with session.get(f"{service.url}/api/v1/search", params=params) as reply:
                if (await reply.json())["results"]:
                    lags.append(time.perf_counter() - written_at)
                    return
            await asyncio.sleep(0.01)

    started_at = time.perf_counter()
    for number in range(round(rate * LAG_DURATION)):
        await asyncio.sleep(max(0.0, started_at + number / rate - time.perf_counter()))
        task = asyncio.create_task(write(measured=number % 25 == 0))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    written_rate = number / (time.perf_counter() - started_at)
    await asyncio.gather(*tasks)
    print_columns(
        f"lag at {rate}/s",
        *format_percentiles(lags),
        f"{written_rate:.0f}/s written",
        f"{failed} failed",
    )


async def measure_stack(stack: str, films: Path, folder: Path) -> None:
    database = await create_database() if stack == "full" else ""
    if database:
        async with redis.asyncio.from_url(os.environ["TEST_REDIS_URL"]) as cache:
            await cache.flushdb()  # remove responses of an earlier run
    settings = environment(stack, folder, database)
    database_scheme, search_scheme = (
        urlsplit(settings[name]).scheme for name in ("DATABASE_URL", "SEARCH_URL")
    )
    print(f"\n{stack}: {database_scheme}, {search_scheme}")
    try:
        assert service_runner.run_command(settings, "migrate").returncode == 0
        count = await asyncio.to_thread(load_films, settings, films)
        service_runner.run_command(settings, "create-admin", ADMIN[0], stdin=ADMIN[1] + "\n")
        started_at = time.perf_counter()
        with service_runner.run_service(settings) as service:
            async with aiohttp.ClientSession() as session:
                await measure_indexing(service, session, count, started_at)
                await measure_searches(service, session, films)
                for rate in (50, 200):
                    await measure_lag(service, session, rate)
    finally:
        if database:
            await delete_database_and_indexes(database, settings["SEARCH_URL"])


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=25_193)
    args = parser.parse_args()
    for name, value in dotenv_values(ROOT / "var/backends/env").items():
        os.environ.setdefault(name, value or "")
    stacks = ["embedded", *(["full"] if os.environ.get("TEST_POSTGRES_URL") else [])]
    for stack in stacks:
        with tempfile.TemporaryDirectory() as folder:
            films = prepare_films(Path(folder), args.films)
            await measure_stack(stack, films, Path(folder))
    if "full" not in stacks:
        print("\nnot measured: the full stack; 'make backends.start' brings it up")


if __name__ == "__main__":
    asyncio.run(main())
