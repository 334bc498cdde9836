"""How often the right film comes first, per kind of misspelling, and how long it takes.

The product's own finder over real films on both engines, what each database finds alone while no
engine answers, and two ordinary queries on the same Elasticsearch: what most services send, and a
careful one. A query has one right film; films of the same whole title and a year within one count
as the same. S@1 and S@10 are the shares, in per cent, of queries whose right film is first, or
among the first ten. What is missed is told on stderr; the table is Markdown.

    python -m benches.search [--ways tantivy,elasticsearch,postgres,sqlite,plain,careful]
                             [--seed 7] [--each 100]

Without a seed the kept queries are asked, with one a fresh set is made from the titles. The queries
made by hand are a row of their own and no part of `all`.
"""

import argparse
import asyncio
import multiprocessing
import os
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from benches.films import PATIENCE, Facts, Indexed, Judge, backends, films_in, indexed, read, row
from benches.hard import CLASS as HARD
from benches.hard import hard
from benches.queries import SPELT_RIGHT, generate
from service.films.models import Film
from service.search.index.document import MovieDocument
from service.search.retrieval.database_search import DatabaseSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.search_request import Page, SearchRequest
from service.search.vocabulary.vocabulary import Vocabulary

NAMES = {
    "tantivy": "tantivy",
    "elasticsearch": "Elasticsearch",
    "postgres": "PostgreSQL alone",
    "sqlite": "SQLite alone",
    "plain": "`multi_match AUTO`",
    "careful": "a careful query",
}
"""The ways of searching that are measured, and their columns' heads."""

NEEDED = {
    "elasticsearch": "TEST_ELASTICSEARCH_URL",
    "plain": "TEST_ELASTICSEARCH_URL",
    "careful": "TEST_ELASTICSEARCH_URL",
    "postgres": "TEST_POSTGRES_URL",
}
WARMING = 300  # queries asked before it counts, so that caches are warm, as in a service that runs

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
        return f"{100 * self.first / self.asked:.1f} / {100 * self.among_ten / self.asked:.1f}"

    def at(self, share: float) -> float:
        """Milliseconds that this share of the queries stayed under."""
        return 1000 * sorted(self.seconds)[int(share * (len(self.seconds) - 1))]


Tallies = dict[str, Tally]


async def measured(ask: Ask, judge: Judge, queries: list[Facts], missed: list[str]) -> Tallies:
    """Ask every query, one at a time."""
    for query in queries[:: max(1, len(queries) // WARMING)]:
        await ask(query["q"])
    tallies: Tallies = {}
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


def summed(tallies: Tallies, kinds: frozenset[str] | None = None) -> Tally:
    """All classes together, or these; the queries made by hand are not among them."""
    total = Tally()
    for kind, tally in tallies.items():
        if kind != HARD and (kinds is None or kind in kinds):
            total += tally
    return total


def table(columns: dict[str, Tallies]) -> str:
    """S@1 / S@10 per class and way of searching, and the times, as Markdown."""
    kinds = next(iter(columns.values()))
    misspelt = frozenset(kinds) - SPELT_RIGHT
    totals = {name: summed(tallies) for name, tallies in columns.items()}
    lines = [["S@1 / S@10", *(NAMES[name] for name in columns)], ["---"] * (len(columns) + 1)]
    lines += [[kind, *(t[kind].shares() for t in columns.values())] for kind in kinds]
    lines.insert(-1, ["**all**", *(f"**{t.shares()}**" for t in totals.values())])
    for label, kept in (("spelt right", SPELT_RIGHT), ("misspelt", misspelt)):
        parts = [summed(tallies, kept) for tallies in columns.values()]
        if all(part.asked for part in parts):
            times = (f"{p.at(0.5):.1f} / {p.at(0.99):.1f}" for p in parts)
            lines.append([f"p50 / p99 ms, {label}", *times])
    times = (f"{t.at(0.5):.1f} / {t.at(0.99):.1f} / {t.at(1):.0f}" for t in totals.values())
    lines.append(["p50 / p99 / most ms, all", *times])
    wide = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = ([c.ljust(w) for c, w in zip(line, wide, strict=True)] for line in lines)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in padded)


def plain(query: str) -> dict[str, Any]:
    """Return the query that most services send."""
    fields = ["title", "aliases", "directors"]
    return {"multi_match": {"query": query, "fields": fields, "fuzziness": "AUTO"}}


def careful(query: str) -> dict[str, Any]:
    """Return a careful query: phrases, typos in longer words, the last word as a prefix, votes."""
    fields = ["title^3", "aliases^2", "directors"]
    ways = [
        {"multi_match": {"query": query, "fields": fields, "type": "phrase", "boost": 3}},
        {"multi_match": {"query": query, "fields": fields, "fuzziness": "AUTO:4,7"}},
        {"multi_match": {"query": query, "fields": fields, "type": "bool_prefix"}},
    ]
    votes = {"field": "votes", "modifier": "log2p", "missing": 0}
    return {"function_score": {"query": {"bool": {"should": ways}}, "field_value_factor": votes}}


ORDINARY: dict[str, Callable[[str], dict[str, Any]]] = {"plain": plain, "careful": careful}


async def by_engine(
    index: Indexed, ways: list[str], judge: Judge, queries: list[Facts], missed: list[str]
) -> dict[str, Tallies]:
    """Return the columns of one engine, its ordinary queries included."""
    columns = {}
    for way in ways:
        if way not in ORDINARY:
            columns[way] = await measured(found_by(index), judge, queries, missed)
            continue
        assert index.address is not None
        async with index.address.create_client(PATIENCE) as client:
            plainly = ordinary(client, index.address.alias, ORDINARY[way])
            columns[way] = await measured(plainly, judge, queries, [])
    return columns


def found_by(index: Indexed) -> Ask:
    """Ask the product."""

    async def ask(text: str) -> list[str]:
        found = await index.finder.search(SearchRequest(text, page=Page(10)))
        return [str(result.film.id) for result in found.hits]

    return ask


def ordinary(client: Any, alias: str, made: Callable[[str], dict[str, Any]]) -> Ask:
    """Ask Elasticsearch itself."""

    async def ask(text: str) -> list[str]:
        found = await client.search(index=alias, query=made(text), size=10, source=False)
        return [hit["_id"] for hit in found["hits"]["hits"]]

    return ask


async def by_database(
    rows: list[Film], judge: Judge, queries: list[Facts], missed: list[str]
) -> Tallies:
    """Return what the database finds alone, with the words of all films."""
    vocabulary = Vocabulary()
    vocabulary.add(
        word for film in rows for word in MovieDocument.from_film(film).vocabulary_words()
    )
    vocabulary.merge_pending()
    standby = DatabaseSearch(vocabulary, FilmCache(), PATIENCE)

    async def ask(text: str) -> list[str]:
        found = await standby.search(SearchRequest(text, page=Page(10)))
        return [str(result.film.id) for result in found.hits]

    return await measured(ask, judge, queries, missed)


async def _columns(ways: list[str], films: list[Facts], queries: list[Facts]) -> dict[str, Tallies]:
    rows = [row(film, number) for number, film in enumerate(films, 1)]
    judge = Judge(films, [str(film.id) for film in rows])
    missed: list[str] = []
    first = ways[0]
    async with films_in("postgres" if first == "postgres" else "sqlite", rows):
        if first in ("postgres", "sqlite"):
            columns = {first: await by_database(rows, judge, queries, missed)}
        else:
            engine = "tantivy" if first == "tantivy" else "elasticsearch"
            async with indexed(engine, rows) as index:
                columns = await by_engine(index, ways, judge, queries, missed)
    print(*(f"{first}: {line}" for line in missed), sep="\n", file=sys.stderr)
    return columns


def columns_of(ways: list[str], films: list[Facts], queries: list[Facts]) -> dict[str, Tallies]:
    """Return the columns of ways that one index or one database answers."""
    return asyncio.run(_columns(ways, films, queries))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ways", default=",".join(NAMES))
    options.add_argument("--seed", type=int)
    options.add_argument("--each", type=int, default=100)
    chosen = options.parse_args()
    backends()
    films = read("films.jsonl")
    if chosen.seed is None:
        queries = read("queries.jsonl")
    else:
        queries = list(generate(films, chosen.each, chosen.seed))
    queries += hard(films)
    ways: list[list[str]] = []
    for way in chosen.ways.split(","):
        if way in NEEDED and NEEDED[way] not in os.environ:
            print(f"{NAMES[way]} is left out: {NEEDED[way]} is not set.")
        elif way in ORDINARY and ways and ways[-1][0] in ("elasticsearch", *ORDINARY):
            ways[-1].append(way)
        else:
            ways.append([way])
    # Each in a process of its own: Tortoise keeps what it knows of one database per process, and no
    # way is slower for what another one left in memory.
    columns: dict[str, Tallies] = {}
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, max_tasks_per_child=1) as pool:
        for together in ways:
            measured_now = pool.submit(columns_of, together, films, queries).result()
            print(table(measured_now), file=sys.stderr)  # it takes long: what is done is told
            columns |= measured_now
    if columns:
        print(table({way: columns[way] for way in NAMES if way in columns}))


if __name__ == "__main__":
    main()
