"""How often the right film comes first, per kind of misspelling, and how long it takes.

The product's own finder over real films in both engines, beside two ordinary queries on the same
Elasticsearch: what most services send, and a careful one. A query has one right film; films of the
same whole title and a year within one count as the same. S@1 and S@10 are the shares, in per cent,
of queries whose right film is first, or among the first ten. `database` is what answers while no
engine does; `--on postgres` keeps the films there instead of in SQLite.

    python -m benches.search [--engine tantivy,elasticsearch,database] [--on sqlite]
                             [--seed 7] [--each 100]

Without a seed the kept queries are asked, with one a fresh set is made from the titles.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from benches.queries import generate
from service.database import close_database, open_database
from service.films.models import Film
from service.migrate import migrate
from service.search.document import MovieDocument
from service.search.engines.elastic import Address, ElasticEngine
from service.search.engines.elastic_writer import ElasticWriter
from service.search.engines.ports import Engine, IndexWriter
from service.search.engines.tantivy import TantivyEngine
from service.search.engines.tantivy_writer import TantivyWriter
from service.search.finder import ANYHOW, Finder
from service.search.plaintext import plaintext
from service.search.query import Query
from service.search.shelf import Shelf
from service.search.standby import Standby
from service.search.text import whole
from service.search.vocabulary import Vocabulary
from tests.conftest import fresh_postgres

PROJECT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("BENCH_DATA", PROJECT.parent / "shared" / "data"))
BATCH = 2_000  # films written at a time
PATIENCE = 30.0  # seconds: a busy machine shows in the times, not as a failure

Film_ = dict[str, Any]
Ask = Callable[[str], Awaitable[list[str]]]


@dataclass
class Tally:
    """What became of the queries of one class."""

    asked: int = 0
    first: int = 0
    among_ten: int = 0
    seconds: list[float] = field(default_factory=list)

    def __iadd__(self, other: "Tally") -> "Tally":
        self.asked += other.asked
        self.first += other.first
        self.among_ten += other.among_ten
        self.seconds += other.seconds
        return self

    def shares(self) -> str:
        return f"{100 * self.first / self.asked:5.1f} /{100 * self.among_ten / self.asked:6.1f}"

    def at(self, share: float) -> float:
        """Milliseconds that this share of the queries stayed under."""
        return 1000 * sorted(self.seconds)[int(share * (len(self.seconds) - 1))]


class Judge:
    """Knows which films answer a query."""

    def __init__(self, films: list[Film_]) -> None:
        self._films = {film["id"]: film for film in films}

    def right(self, query: dict[str, Any], answer: str) -> bool:
        """Whether `answer` is a film that was meant."""
        if answer in query["ids"]:
            return True
        given = self._films[answer]
        return any(
            whole(given["title"]) == whole(meant["title"])
            and abs((given["year"] or 0) - (meant["year"] or 0)) <= 1
            for meant in (self._films[i] for i in query["ids"])
        )


def row(film: Film_, number: int) -> Film:
    """A film of the data as a row of ours."""
    now = datetime.now(UTC)
    lists = {
        "aliases": film["alt_titles"],
        "directors": film["directors"],
        "genres": film["genres"],
    }
    return Film(
        id=uuid.UUID(int=number),
        imdb_id=film["imdb_id"],
        title=film["title"],
        whole_title=whole(film["title"])[:600],
        plaintext=plaintext(title=film["title"], **lists),
        **lists,
        year=film["year"],
        imdb_rating=film["rating"],
        imdb_votes=film["votes"] or None,
        created_at=now,
        updated_at=now,
    )


async def measured(
    ask: Ask, judge: Judge, queries: list[dict[str, Any]], missed: list[str]
) -> dict[str, Tally]:
    """Ask every query, one at a time."""
    for query in queries[:: max(1, len(queries) // 300)]:
        await ask(query["q"])  # caches of both sides are warm, as in a service that runs
    tallies: dict[str, Tally] = {}
    for query in queries:
        began = time.perf_counter()
        answers = await ask(query["q"])
        took = time.perf_counter() - began
        places = [place for place, i in enumerate(answers[:10]) if judge.right(query, i)]
        first = bool(places) and places[0] == 0
        if not first:
            missed.append(
                f"{query['class']}: {query['q']!r} for {query['title']!r} at {places[:1]}"
            )
        tally = tallies.setdefault(query["class"], Tally())
        tally += Tally(1, first, bool(places), [took])
    return tallies


def printed(columns: dict[str, dict[str, Tally]]) -> None:
    """The table: S@1 / S@10 per class and way of searching."""
    print(f"{'S@1 / S@10':<22}" + "".join(f"{name:>18}" for name in columns))
    for kind in next(iter(columns.values())):
        shares = "".join(f"{tallies[kind].shares():>18}" for tallies in columns.values())
        print(f"{kind:<22}{shares}")
    totals = {}
    for name, tallies in columns.items():
        totals[name] = Tally()
        for tally in tallies.values():
            totals[name] += tally
    print(f"{'all':<22}" + "".join(f"{total.shares():>18}" for total in totals.values()))
    for label, share in (("p50 ms", 0.5), ("p99 ms", 0.99)):
        print(f"{label:<22}" + "".join(f"{total.at(share):>18.1f}" for total in totals.values()))


@contextlib.asynccontextmanager
async def store(
    name: str, folder: Path
) -> AsyncIterator[tuple[Engine, IndexWriter, Address | None]]:
    """A fresh index of one engine, gone afterwards."""
    engine: Engine
    writer: IndexWriter
    address = None
    if name == "tantivy":
        engine, writer = TantivyEngine(folder / "index"), TantivyWriter(folder / "index")
    else:
        address = Address.parse(os.environ["TEST_ELASTICSEARCH_URL"])
        address = replace(address, alias=f"bench-{uuid.uuid4().hex[:8]}", deadline=PATIENCE)
        engine, writer = ElasticEngine(address), ElasticWriter(address)
    await writer.open()
    await engine.open()
    try:
        yield engine, writer, address
    finally:
        await engine.close()
        await writer.close()
        if address is not None:
            async with address.client(PATIENCE) as client:
                for index in await client.indices.get(index=f"{address.alias}-*"):
                    await client.indices.delete(index=index)


def plain(query: str) -> dict[str, Any]:
    """What most services send."""
    fields = ["title", "aliases", "directors"]
    return {"multi_match": {"query": query, "fields": fields, "fuzziness": "AUTO"}}


def careful(query: str) -> dict[str, Any]:
    """A careful one: phrases, typos in longer words, the last word as a beginning, votes."""
    fields = ["title^3", "aliases^2", "directors"]
    ways = [
        {"multi_match": {"query": query, "fields": fields, "type": "phrase", "boost": 3}},
        {"multi_match": {"query": query, "fields": fields, "fuzziness": "AUTO:4,7"}},
        {"multi_match": {"query": query, "fields": fields, "type": "bool_prefix"}},
    ]
    votes = {"field": "votes", "modifier": "log2p", "missing": 0}
    return {"function_score": {"query": {"bool": {"should": ways}}, "field_value_factor": votes}}


def ordinary(address: Address, client: Any, made: Callable[[str], dict[str, Any]]) -> Ask:
    """Ask Elasticsearch itself."""

    async def ask(text: str) -> list[str]:
        found = await client.search(index=address.alias, query=made(text), size=10, source=False)
        return [hit["_id"] for hit in found["hits"]["hits"]]

    return ask


async def by_database(
    rows: list[Film], judge: Judge, queries: list[dict[str, Any]], ids: dict[str, str]
) -> dict[str, Tally]:
    """What the database finds alone, with the words of all films."""
    vocabulary = Vocabulary()
    vocabulary.add(word for film in rows for word in MovieDocument.of(film).words())
    vocabulary.settle()
    standby = Standby(vocabulary, Shelf(), PATIENCE)

    async def ask(text: str) -> list[str]:
        found = await standby.find(Query.parse(text), 10, 0, ANYHOW)
        return [ids[str(result.film.id)] for result in found.results]

    return await measured(ask, judge, queries, [])


@contextlib.asynccontextmanager
async def films_in(database: str, rows: list[Film]) -> AsyncIterator[None]:
    """The films in a fresh database, gone afterwards."""
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = f"sqlite://{folder}/movies.db"
        if database == "postgres":
            url = await stack.enter_async_context(contextlib.asynccontextmanager(fresh_postgres)())
        await migrate(url)
        await open_database(url)
        await Film.bulk_create(rows, batch_size=500)
        yield
        await close_database()


async def columns_of(
    name: str, rows: list[Film], judge: Judge, queries: list[dict[str, Any]], ids: dict[str, str]
) -> dict[str, dict[str, Tally]]:
    """One engine's columns of the table."""
    columns = {}
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        async with store(name, Path(folder)) as (engine, writer, address):
            vocabulary = Vocabulary()
            for start in range(0, len(rows), BATCH):
                documents = [MovieDocument.of(film) for film in rows[start : start + BATCH]]
                vocabulary.add(word for document in documents for word in document.words())
                assert not await writer.write(documents)
            vocabulary.settle()
            await engine.see(1)
            finder = Finder(engine, vocabulary)

            async def ask(text: str) -> list[str]:
                found = await finder.find(text, 10, 0)
                return [ids[str(result.film.id)] for result in found.results]

            columns[name] = await measured(ask, judge, queries, missed)
            print(*missed, sep="\n", file=sys.stderr)
            if address is not None:
                async with address.client(PATIENCE) as client:
                    for label, made in (("plain", plain), ("careful", careful)):
                        plainly = ordinary(address, client, made)

                        async def named(text: str, ask: Ask = plainly) -> list[str]:
                            return [ids[i] for i in await ask(text)]

                        columns[f"{label} query"] = await measured(named, judge, queries, [])
    return columns


async def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--engine", default="tantivy,elasticsearch,database")
    options.add_argument("--on", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--seed", type=int)
    options.add_argument("--each", type=int, default=100)
    chosen = options.parse_args()
    if not (DATA / "films.jsonl").exists():
        print(f"The films to measure with are not there: {DATA / 'films.jsonl'} (BENCH_DATA).")
        return 0
    for name, value in dotenv_values(PROJECT / "var/backends/env").items():
        os.environ.setdefault(name, value or "")
    films = [json.loads(line) for line in (DATA / "films.jsonl").open()]
    if chosen.seed is None:
        queries = [json.loads(line) for line in (DATA / "queries.jsonl").open()]
    else:
        queries = list(generate(films, chosen.each, chosen.seed))
    rows = [row(film, number) for number, film in enumerate(films, 1)]
    ids = {str(r.id): film["id"] for r, film in zip(rows, films, strict=True)}
    columns: dict[str, dict[str, Tally]] = {}
    async with films_in(chosen.on, rows):
        for name in chosen.engine.split(","):
            if name == "database":
                columns[f"{chosen.on} alone"] = await by_database(rows, Judge(films), queries, ids)
            elif name == "elasticsearch" and "TEST_ELASTICSEARCH_URL" not in os.environ:
                print("Elasticsearch is left out: TEST_ELASTICSEARCH_URL is not set.")
            else:
                columns |= await columns_of(name, rows, Judge(films), queries, ids)
    printed(columns)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
