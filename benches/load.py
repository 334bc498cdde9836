"""How fast each stack is, measured side by side in one run: `make bench.load`.

Films loaded a second; searches a second with p50 and p99, uncached and cached, beside a plain Sanic
page of the same size from the same server; and the time from a write's answer until the film is
found, at 50 and 200 writes a second. Figures are printed as they were measured; machines differ,
so the ratio to the plain page is what can be compared.

Searches are kept or generated queries, each asked once, those that are spelt as films are apart
from the others; as many different ones go before, so that both sides are warm.

Reads the real films beside the checkout where they are, else the samples. The full stack is
measured when the backends of `make backends.start` are there.
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

from benches.queries import SPELT_RIGHT
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from tests.support import ROOT, service_runner
from tests.support.backends import delete_indexes
from tests.support.service_runner import ADMIN, Service

REAL = ROOT.parent / "shared/data/films.jsonl"
SAMPLES = ROOT / "samples/films.jsonl"
QUERIES = ROOT.parent / "shared/data/queries.jsonl"
SEARCHES = 700  # of one measurement
CLIENTS = 8  # that ask at once when throughput is measured
LAG_SECONDS = 10.0  # of writing at each rate
PLAIN = """
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


def say(*columns: object) -> None:
    print("  ".join(f"{column!s:<14}" for column in columns).rstrip(), flush=True)


def prepared(folder: Path, most: int) -> Path:
    """Return the films to load, in the service's own shape."""
    if not REAL.exists():
        return SAMPLES
    path = folder / "films.jsonl"
    with REAL.open() as given, path.open("w") as made:
        for number, line in enumerate(given):
            if number == most:
                break
            made.write(json.dumps(_own_shape(json.loads(line))) + "\n")
    return path


def _own_shape(film: dict[str, object]) -> dict[str, object]:
    told = {name: film[name] for name in ("title", "year", "directors", "genres", "imdb_id")}
    told["aliases"] = film["alt_titles"]
    told["ratings"] = {"imdb": {"value": film["rating"], "votes": film["votes"]}}
    return told


def environment(stack: str, folder: Path, database: str) -> dict[str, str]:
    if stack == "embedded":
        return service_runner.embedded_settings(folder)
    return {
        **environment("embedded", folder, database),
        "DATABASE_URL": database,
        "SEARCH_URL": f"{os.environ['TEST_ELASTICSEARCH_URL']}?index=bench-{uuid.uuid4().hex[:8]}",
        "CACHE_URL": os.environ["TEST_REDIS_URL"],
    }


async def postgres(drop: str | None = None) -> str:
    address = os.environ["TEST_POSTGRES_URL"]
    connection = await asyncpg.connect(address)
    if drop:
        await connection.execute(f"DROP DATABASE {drop} WITH (FORCE)")
        name = drop
    else:
        name = f"movies_bench_{uuid.uuid4().hex[:8]}"
        await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return urlunsplit(urlsplit(address)._replace(path=f"/{name}"))


async def removed(database: str, search: str) -> None:
    """Remove what a run created on the full stack."""
    await postgres(drop=urlsplit(database).path[1:])
    await delete_indexes(ElasticsearchAddress.parse(search))


def loaded(given: dict[str, str], films: Path) -> int:
    began = time.perf_counter()
    done = service_runner.run_command(given, "load", str(films))
    took = time.perf_counter() - began
    count = int(re.search(r"(\d+) added", done.stdout)[1])  # type: ignore[index]
    say("load", f"{count} films", f"{took:.1f} s", f"{count / took:.0f}/s")
    return count


async def drained(
    service: Service, session: aiohttp.ClientSession, films: int, began: float
) -> None:
    while True:
        async with session.get(f"{service.url}/health/ready") as response:
            ready = await response.json()
        if ready["parts"]["indexer"]["detail"].startswith("0 films"):
            break
        await asyncio.sleep(0.2)
    took = time.perf_counter() - began
    say("start, index", f"{films} films", f"{took:.1f} s", f"{films / took:.0f}/s")


def percentiles(took: list[float]) -> tuple[str, str]:
    cuts = statistics.quantiles(took, n=100)
    return f"p50 {cuts[49] * 1000:.2f} ms", f"p99 {cuts[98] * 1000:.2f} ms"


async def asked(
    session: aiohttp.ClientSession, addresses: list[str], clients: int
) -> tuple[list[float], float]:
    """How long each took, in seconds, and how many were answered a second."""
    waiting = iter(addresses)
    took: list[float] = []

    async def client() -> None:
        for address in waiting:
            began = time.perf_counter()
            async with session.get(address) as response:
                await response.read()
                assert response.status == 200, (address, response.status)
                made = response.headers.get("Cache-Control")
                assert made != "no-store", f"the engine was away: {address}"
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return took, len(took) / (time.perf_counter() - began)


async def measured(session: aiohttp.ClientSession, name: str, addresses: list[str]) -> float:
    alone, _ = await asked(session, addresses, 1)
    _, rate = await asked(
        session,
        [f"{a}{'&' if '?' in a else '?'}limit=19" if "uncached" in name else a for a in addresses],
        CLIENTS,
    )
    say(name, *percentiles(alone), f"{rate:.0f}/s")
    return rate


@contextmanager
def plain_page(size: int) -> Iterator[str]:
    port = random.randint(20_000, 40_000)
    with tempfile.NamedTemporaryFile("w", suffix=".py") as program:
        program.write(PLAIN)
        program.flush()
        process = subprocess.Popen([sys.executable, program.name, str(port), str(size)])
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(10)


async def reachable(session: aiohttp.ClientSession, address: str) -> None:
    while True:
        try:
            async with session.get(address):
                return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.1)


async def searches(service: Service, session: aiohttp.ClientSession, films: Path) -> None:
    def addresses(typed: list[str]) -> list[str]:
        return [f"{service.url}/api/v1/search?{urlencode({'q': t})}" for t in typed]

    asked_for = await asyncio.to_thread(queries, films)
    await asked(session, addresses([typed for kind in asked_for for typed in kind.warming]), 1)
    async with session.get(addresses(asked_for[0].typed)[0]) as response:
        size = len(await response.read())
    with plain_page(size) as address:
        await reachable(session, address)
        plain = await measured(session, f"plain {size} B", [address] * SEARCHES)
    for kind in asked_for:
        rate = await measured(session, f"uncached, {kind.name}", addresses(kind.typed))
        say("", f"{rate / plain:.3f} of the plain page's rate")
    cached = await measured(session, "cached", addresses(asked_for[0].typed)[:1] * SEARCHES)
    say("", f"{cached / plain:.3f} of the plain page's rate")


@dataclass(frozen=True, slots=True)
class Kind:
    """Queries that are spelt alike; `warming` ones are asked before any is measured."""

    name: str
    typed: list[str]
    warming: list[str]


def queries(films: Path) -> list[Kind]:
    """Return the kept queries where they are, else some of the loaded films' titles."""
    if QUERIES.exists():
        kept = [json.loads(line) for line in QUERIES.read_text().splitlines()]
    else:
        titles = [json.loads(line)["title"][:150] for line in films.read_text().splitlines()]
        kept = [{"q": title, "class": "exact"} for title in titles]
        kept += [{"q": swapped(title), "class": "typo_swap"} for title in titles]
    random.Random(5).shuffle(kept)
    kinds = []
    for name, of_kind in (("spelt right", True), ("misspelt", False)):
        typed = list(dict.fromkeys(q["q"] for q in kept if (q["class"] in SPELT_RIGHT) is of_kind))
        kinds.append(Kind(name, typed[:SEARCHES], typed[SEARCHES : 2 * SEARCHES]))
    return kinds


def swapped(title: str) -> str:
    """Return the title with two neighbouring letters in the wrong order."""
    where = max(1, len(title) // 2)
    return title[: where - 1] + title[where : where + 1] + title[where - 1] + title[where + 1 :]


async def lag(service: Service, session: aiohttp.ClientSession, rate: int) -> None:
    """Measure the time from a write's response until the film is found, for a sample of writes."""
    given = {"username": ADMIN[0], "password": ADMIN[1]}
    async with session.post(f"{service.url}/api/v1/auth/login", json=given) as response:
        head = {"Authorization": f"Bearer {(await response.json())['access_token']}"}
    lags: list[float] = []
    watching: set[asyncio.Task[None]] = set()
    failed = 0

    async def write(watched: bool) -> None:
        nonlocal failed
        word = "q" + uuid.uuid4().hex[:14]
        async with session.post(
            f"{service.url}/api/v1/movies", json={"title": word}, headers=head
        ) as response:
            failed += response.status != 201
        began = time.perf_counter()
        while watched:
            wanted = {"q": word, "typo": "off"}  # a watcher should cost as little as it can
            async with session.get(f"{service.url}/api/v1/search", params=wanted) as found:
                if (await found.json())["results"]:
                    lags.append(time.perf_counter() - began)
                    return
            await asyncio.sleep(0.01)

    began = time.perf_counter()
    for number in range(round(rate * LAG_SECONDS)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        task = asyncio.create_task(write(watched=number % 25 == 0))
        watching.add(task)
        task.add_done_callback(watching.discard)
    wrote = number / (time.perf_counter() - began)
    await asyncio.gather(*watching)
    say(f"lag at {rate}/s", *percentiles(lags), f"{wrote:.0f}/s written", f"{failed} failed")


async def one_stack(stack: str, films: Path, folder: Path) -> None:
    database = await postgres() if stack == "full" else ""
    if database:
        async with redis.asyncio.from_url(os.environ["TEST_REDIS_URL"]) as cache:
            await cache.flushdb()  # no answer of an earlier run
    given = environment(stack, folder, database)
    print(f"\n{stack}: {given['DATABASE_URL'].split(':')[0]}, {given['SEARCH_URL'].split(':')[0]}")
    try:
        assert service_runner.run_command(given, "migrate").returncode == 0
        count = await asyncio.to_thread(loaded, given, films)
        service_runner.run_command(given, "create-admin", ADMIN[0], stdin=ADMIN[1] + "\n")
        began = time.perf_counter()
        with service_runner.run_service(given) as service:
            async with aiohttp.ClientSession() as session:
                await drained(service, session, count, began)
                await searches(service, session, films)
                for rate in (50, 200):
                    await lag(service, session, rate)
    finally:
        if database:
            await removed(database, given["SEARCH_URL"])


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--films", type=int, default=25_193)
    given = options.parse_args()
    for name, value in dotenv_values(ROOT / "var/backends/env").items():
        os.environ.setdefault(name, value or "")
    stacks = ["embedded", *(["full"] if os.environ.get("TEST_POSTGRES_URL") else [])]
    for stack in stacks:
        with tempfile.TemporaryDirectory() as folder:
            films = prepared(Path(folder), given.films)
            await one_stack(stack, films, Path(folder))
    if "full" not in stacks:
        print("\nnot measured: the full stack; 'make backends.start' brings it up")


if __name__ == "__main__":
    asyncio.run(main())
