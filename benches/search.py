"""Measure how often the right film comes first, by kind of misspelling, and the time of a search.

Compared are the engine search on both engines, the database search on both databases, and two
ordinary queries on the same Elasticsearch: the one that most services send, and a careful one. A
query has one right film; films with the same full title and years at most one apart count as the
same. S@1 and S@10 are the shares, in per cent, of queries whose right film is first, or among the
first ten. Misses are printed on stderr; the table is Markdown.

    python -m benches.search [--ways tantivy,elasticsearch,postgres,sqlite,plain,careful]
                             [--seed 7] [--each 100]

With a seed, fresh queries are generated from the titles; without one, the kept queries are used.
The curated queries have rows of their own and are not part of `all`; where a wording is stated, the
first film counts only with that `did_you_mean`.
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

from benches.cast import add_people
from benches.films import (
    ENGINE_TIMEOUT,
    FilmIndex,
    JsonObject,
    RelevanceJudge,
    build_row,
    film_database,
    film_index,
    load_backend_addresses,
    read_data_file,
)
from benches.hard import CLASS_NAME as HARD
from benches.hard import read_curated_queries
from benches.letters import add_letter_films, read_letter_queries
from benches.queries import CORRECTLY_SPELT, generate_queries
from service.films.models import Film
from service.search.index.document import MovieDocument
from service.search.retrieval.database_search import DatabaseSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.search_request import Page, SearchRequest
from service.search.vocabulary.vocabulary import Vocabulary

COLUMN_HEADINGS = {
    "tantivy": "tantivy",
    "elasticsearch": "Elasticsearch",
    "postgres": "PostgreSQL alone",
    "sqlite": "SQLite alone",
    "plain": "`multi_match AUTO`",
    "careful": "a careful query",
}
"""The ways of searching that are measured, with their column headings."""

REQUIRED_SETTINGS = {
    "elasticsearch": "TEST_ELASTICSEARCH_URL",
    "plain": "TEST_ELASTICSEARCH_URL",
    "careful": "TEST_ELASTICSEARCH_URL",
    "postgres": "TEST_POSTGRES_URL",
}
WARM_UP_QUERIES = 300  # unmeasured queries that fill the caches first


@dataclass(frozen=True, slots=True)
class Answer:
    """The ids of the first films, and the wording that is offered instead."""

    row_ids: list[str]
    did_you_mean: str | None = None


SearchFunction = Callable[[str], Awaitable[Answer]]


@dataclass
class Tally:
    """The results of the queries of one class."""

    count: int = 0
    first: int = 0
    in_first_ten: int = 0
    seconds: list[float] = field(default_factory=list)

    def __iadd__(self, other: "Tally") -> "Tally":
        self.count += other.count
        self.first += other.first
        self.in_first_ten += other.in_first_ten
        self.seconds += other.seconds
        return self

    def format_shares(self) -> str:
        return f"{100 * self.first / self.count:.1f} / {100 * self.in_first_ten / self.count:.1f}"

    def latency_ms(self, share: float) -> float:
        """Return the quantile of the latency in milliseconds."""
        return 1000 * sorted(self.seconds)[int(share * (len(self.seconds) - 1))]


TalliesByClass = dict[str, Tally]


async def measure_queries(
    search: SearchFunction, judge: RelevanceJudge, queries: list[JsonObject], misses: list[str]
) -> TalliesByClass:
    """Run every query, one at a time; append a line to `misses` for each film not first."""
    for query in queries[:: max(1, len(queries) // WARM_UP_QUERIES)]:
        await search(query["q"])
    tallies: TalliesByClass = {}
    for query in queries:
        began = time.perf_counter()
        answer = await search(query["q"])
        seconds = time.perf_counter() - began
        places = enumerate(answer.row_ids[:10])
        positions = [place for place, i in places if judge.is_relevant(query, i)]
        wording = query.get("did_you_mean", answer.did_you_mean)
        first = bool(positions) and positions[0] == 0 and wording == answer.did_you_mean
        if not first:
            misses.append(
                f"{query['class']}: {query['q']!r} for {query['title']!r} at {positions[:1]}"
                f", {answer.did_you_mean!r}"
            )
        tally = tallies.setdefault(query["class"], Tally())
        tally += Tally(1, first, bool(positions), [seconds])
    return tallies


def sum_tallies(tallies: TalliesByClass, classes: frozenset[str] | None = None) -> Tally:
    """Add up all classes, or those named; the curated queries are left out."""
    total = Tally()
    for name, tally in tallies.items():
        if not name.startswith(HARD) and (classes is None or name in classes):
            total += tally
    return total


def format_table(columns: dict[str, TalliesByClass]) -> str:
    """Return S@1 / S@10 per class and way of searching, and the times, as Markdown."""
    classes = next(iter(columns.values()))
    misspelt = frozenset(classes) - CORRECTLY_SPELT
    totals = {name: sum_tallies(tallies) for name, tallies in columns.items()}
    lines = [
        ["S@1 / S@10", *(COLUMN_HEADINGS[name] for name in columns)],
        ["---"] * (len(columns) + 1),
    ]
    lines += [[kind, *(t[kind].format_shares() for t in columns.values())] for kind in classes]
    curated = sum(kind.startswith(HARD) for kind in classes)
    if any(total.count for total in totals.values()):
        shares = [f"**{total.format_shares()}**" for total in totals.values()]
        lines.insert(len(lines) - curated, ["**all**", *shares])
    for label, group in (("spelt right", CORRECTLY_SPELT), ("misspelt", misspelt)):
        group_totals = [sum_tallies(tallies, group) for tallies in columns.values()]
        if all(total.count for total in group_totals):
            times = (f"{t.latency_ms(0.5):.1f} / {t.latency_ms(0.99):.1f}" for t in group_totals)
            lines.append([f"p50 / p99 ms, {label}", *times])
    times = (
        f"{t.latency_ms(0.5):.1f} / {t.latency_ms(0.99):.1f} / {t.latency_ms(1):.0f}"
        for t in totals.values()
    )
    lines.append(["p50 / p99 / max ms, all", *times])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = ([c.ljust(w) for c, w in zip(line, widths, strict=True)] for line in lines)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in padded)


def plain_query(query: str) -> dict[str, Any]:
    """Return the query that most services send."""
    fields = ["title", "aliases", "directors"]
    return {"multi_match": {"query": query, "fields": fields, "fuzziness": "AUTO"}}


def careful_query(query: str) -> dict[str, Any]:
    """Return a careful query: phrases, typos in longer words, the last word as a prefix, votes."""
    fields = ["title^3", "aliases^2", "directors"]
    clauses = [
        {"multi_match": {"query": query, "fields": fields, "type": "phrase", "boost": 3}},
        {"multi_match": {"query": query, "fields": fields, "fuzziness": "AUTO:4,7"}},
        {"multi_match": {"query": query, "fields": fields, "type": "bool_prefix"}},
    ]
    votes = {"field": "votes", "modifier": "log2p", "missing": 0}
    return {"function_score": {"query": {"bool": {"should": clauses}}, "field_value_factor": votes}}


COMPARISON_QUERIES: dict[str, Callable[[str], dict[str, Any]]] = {
    "plain": plain_query,
    "careful": careful_query,
}


async def measure_engine(
    index: FilmIndex,
    ways: list[str],
    judge: RelevanceJudge,
    queries: list[JsonObject],
    misses: list[str],
) -> dict[str, TalliesByClass]:
    """Return the columns of one engine, including the ordinary queries on it."""
    columns = {}
    for way in ways:
        if way not in COMPARISON_QUERIES:
            columns[way] = await measure_queries(search_with_service(index), judge, queries, misses)
            continue
        assert index.address is not None
        async with index.address.create_client(ENGINE_TIMEOUT) as client:
            search = search_with_query(client, index.address.alias, COMPARISON_QUERIES[way])
            columns[way] = await measure_queries(search, judge, queries, [])
    return columns


def search_with_service(index: FilmIndex) -> SearchFunction:
    """Return a function that searches through the service's engine search."""

    async def search(text: str) -> Answer:
        page = await index.engine_search.search(SearchRequest(text, page=Page(10)))
        return Answer([str(result.film.id) for result in page.hits], page.did_you_mean)

    return search


def search_with_query(
    client: Any, alias: str, build_query: Callable[[str], dict[str, Any]]
) -> SearchFunction:
    """Return a function that sends a query of its own to Elasticsearch."""

    async def search(text: str) -> Answer:
        response = await client.search(index=alias, query=build_query(text), size=10, source=False)
        return Answer([hit["_id"] for hit in response["hits"]["hits"]])

    return search


async def measure_database(
    rows: list[Film], judge: RelevanceJudge, queries: list[JsonObject], misses: list[str]
) -> TalliesByClass:
    """Measure the database search, with the vocabulary of all films."""
    vocabulary = Vocabulary()
    vocabulary.add(
        word for film in rows for word in MovieDocument.from_film(film).vocabulary_words()
    )
    vocabulary.merge_pending()
    database_search = DatabaseSearch(vocabulary, FilmCache(), ENGINE_TIMEOUT)

    async def search(text: str) -> Answer:
        page = await database_search.search(SearchRequest(text, page=Page(10)))
        return Answer([str(result.film.id) for result in page.hits], page.did_you_mean)

    return await measure_queries(search, judge, queries, misses)


async def _measure_columns(
    ways: list[str], films: list[JsonObject], queries: list[JsonObject]
) -> dict[str, TalliesByClass]:
    rows = [build_row(film, number) for number, film in enumerate(films, 1)]
    judge = RelevanceJudge(films, [str(film.id) for film in rows])
    misses: list[str] = []
    first = ways[0]
    async with film_database("postgres" if first == "postgres" else "sqlite", rows):
        if first in ("postgres", "sqlite"):
            columns = {first: await measure_database(rows, judge, queries, misses)}
        else:
            engine = "tantivy" if first == "tantivy" else "elasticsearch"
            async with film_index(engine, rows) as index:
                columns = await measure_engine(index, ways, judge, queries, misses)
    print(*(f"{first}: {line}" for line in misses), sep="\n", file=sys.stderr)
    return columns


def measure_columns(
    ways: list[str], films: list[JsonObject], queries: list[JsonObject]
) -> dict[str, TalliesByClass]:
    """Return the columns of the ways that share one index or one database."""
    return asyncio.run(_measure_columns(ways, films, queries))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ways", default=",".join(COLUMN_HEADINGS))
    parser.add_argument("--seed", type=int)
    parser.add_argument("--each", type=int, default=100)
    args = parser.parse_args()
    load_backend_addresses()
    films = add_people(add_letter_films(read_data_file("films.jsonl")))
    if args.seed is None:
        queries = read_data_file("queries.jsonl")
    else:
        queries = list(generate_queries(films, args.each, args.seed))
    queries += read_curated_queries(films)
    queries += read_letter_queries(films)
    ways: list[list[str]] = []
    for way in args.ways.split(","):
        if way in REQUIRED_SETTINGS and REQUIRED_SETTINGS[way] not in os.environ:
            print(f"{COLUMN_HEADINGS[way]} is left out: {REQUIRED_SETTINGS[way]} is not set.")
        elif (
            way in COMPARISON_QUERIES
            and ways
            and ways[-1][0] in ("elasticsearch", *COMPARISON_QUERIES)
        ):
            ways[-1].append(way)
        else:
            ways.append([way])
    # One process for each group: Tortoise keeps one database per process, and memory that one group
    # leaves behind must not slow down another.
    columns: dict[str, TalliesByClass] = {}
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, max_tasks_per_child=1) as pool:
        for group in ways:
            group_columns = pool.submit(measure_columns, group, films, queries).result()
            print(
                format_table(group_columns), file=sys.stderr
            )  # it takes long: what is done is told
            columns |= group_columns
    if columns:
        print(format_table({way: columns[way] for way in COLUMN_HEADINGS if way in columns}))


if __name__ == "__main__":
    main()
