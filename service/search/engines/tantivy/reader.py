"""Reading the embedded index.

Searches run in two threads of their own: tantivy lets go of the interpreter while it works, so a
heavy query does not hold up the event loop. Which index is live is looked up when the generation
moves; a search that is under way resolves its hits with the searcher that found them."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import tantivy

from service.errors import Unavailable
from service.search.criteria import sorting
from service.search.criteria.facets import FacetCounts, order_counts
from service.search.criteria.filters import NO_FILTERS, Facet, Filters, Range
from service.search.criteria.sorting import Sort, SortKey
from service.search.engines.base import Hit, Hits, IndexOutdated
from service.search.engines.tantivy import schema as layout
from service.search.engines.tantivy.queries import COUNTED, NOW, QueryBuilder, asked
from service.search.engines.tantivy.schema import SCHEMA
from service.search.query.plan import Plan

T = TypeVar("T")

THREADS = 2
MOST_READ = 100_000  # hits looked at for one page; a walk by relevance ends there
COLUMNS = ("votes", "id_high", "id_low", "version")
_Scored = tuple[Any, tantivy.DocAddress]
"""What a hit is ordered by, and where it is."""


@dataclass(frozen=True, slots=True)
class _Live:
    name: str
    index: tantivy.Index
    fields: frozenset[str]
    phrasing: QueryBuilder

    @classmethod
    def of(cls, folder: Path) -> "_Live":
        index = tantivy.Index.open(str(folder))
        fields = layout.fields_of(folder)
        return cls(
            folder.name,
            index,
            fields,
            NOW if index.schema == SCHEMA else QueryBuilder(index.schema),
        )

    def searcher(self, fields: Callable[[], frozenset[str]]) -> tantivy.Searcher:
        """What the index shows now, if it has all `fields`: tantivy panics at an order or a count
        of one that an index of an earlier release does not have.
        """
        if self.phrasing is not NOW and not fields() <= self.fields:
            raise IndexOutdated
        return self.index.searcher()


class TantivyEngine:
    """The engine for one machine: a folder that its processes share."""

    def __init__(self, root: Path, name: str | None = None) -> None:
        """With `name` it reads that index; without, whichever is live."""
        self._root = root
        self._name = name
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tantivy")
        self._live: _Live | None = None

    async def open(self) -> None:
        await self._run(self._look)

    async def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._live = None

    async def refresh(self, generation: int) -> None:
        try:
            await self._run(self._look)
        except Unavailable:
            self._live = None  # the next search looks anew
            raise

    async def search(
        self,
        plan: Plan | None,
        offset: int,
        limit: int,
        *,
        selection: Filters = NO_FILTERS,
        sort: Sort = "relevance",
        after: SortKey | None = None,
    ) -> Hits:
        return await self._run(partial(self._search, plan, offset, limit, selection, sort, after))

    async def count(
        self, plan: Plan | None, selection: Filters, facets: Sequence[Facet]
    ) -> FacetCounts:
        return await self._run(partial(self._count, plan, selection, facets))

    async def check(self) -> str:
        await self._run(self._look)  # since it was last asked another index may have become live
        live = await self._run(self._reading)
        number = live.index.searcher().num_docs
        return f"tantivy {layout.RELEASE}, index {live.name}: {number} documents in {self._root}"

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except Unavailable:
            raise
        except (OSError, ValueError, RuntimeError) as error:
            raise Unavailable(
                "The search index cannot be read just now.",
                code="search_unavailable",
                retry_after=1,
            ) from error

    def _look(self) -> _Live | None:
        """Follow the pointer, and show what has been committed since. Several threads may be here
        at once.
        """
        name, live = self._name or layout.pointed(self._root), self._live
        if live is not None and live.name == name:
            live.index.reload()
            return live
        self._live = live = _Live.of(self._root / name) if name else None
        return live

    def _reading(self) -> _Live:
        live = self._live or self._look()
        if live is None:
            raise Unavailable(
                "There is no search index yet; the indexer makes it when it starts.",
                code="search_unavailable",
                retry_after=1,
            )
        return live

    def _search(  # noqa: PLR0917  # as `search` has them
        self,
        plan: Plan | None,
        offset: int,
        limit: int,
        selection: Filters,
        sort: Sort,
        after: SortKey | None,
    ) -> Hits:
        if plan is not None and plan.matches_nothing:
            return Hits((), 0)
        by = sorting.sort_column(sort, plan is not None)
        live = self._reading()
        searcher = live.searcher(lambda: asked(plan, selection, by))
        query = live.phrasing.query(plan, selection)
        most, total = offset + limit, None
        read = _Read(searcher, query, by)
        if after is not None and by is not None:
            most, total = limit, _counted(searcher.search(query, limit=1))
            read = _Read(searcher, _from(live.phrasing, query, by, after), by)
        while True:
            scored, count = read.best(most + 1)
            hits = read.ordered(scored, after)
            page = hits[:limit] if after else hits[offset : offset + limit]
            if len(scored) <= most or most >= MOST_READ:
                break
            # Equals come in no order that lasts, so all equals of the last wanted hit are read.
            if len(page) == limit and page[-1].sort_key[0] != scored[-1][0]:
                break
            most = min(4 * most, MOST_READ)
        return Hits(tuple(page), count if total is None else total)

    def _count(self, plan: Plan | None, selection: Filters, facets: Sequence[Facet]) -> FacetCounts:
        if plan is not None and plan.matches_nothing:
            return dict.fromkeys(facets, ())
        live = self._reading()
        searcher = live.searcher(
            lambda: asked(plan, selection) | {_counts(facet) for facet in facets}
        )
        found: FacetCounts = {}
        for facet in facets:
            query = live.phrasing.query(plan, selection.without_facet(facet))
            buckets = searcher.aggregate(query, {"of": COUNTED[facet]})["of"]["buckets"]
            values = ((_value(b["key"]), b["doc_count"]) for b in buckets)
            found[facet] = order_counts(facet, values)
        return found


def _counted(found: tantivy.SearchResult) -> int:
    return int(found.count)  # type: ignore[attr-defined]  # the stubs leave it out


def _counts(facet: Facet) -> str:
    """The field that a facet's counts look at."""
    (way,) = COUNTED[facet].values()
    return str(way["field"])


def _value(key: str | float) -> str | int:
    return key if isinstance(key, str) else int(key)


def _from(
    phrasing: QueryBuilder, query: tantivy.Query, by: sorting.Column | None, after: SortKey
) -> tantivy.Query:
    """The query without most of what comes before a place in the order of a column."""
    name, least = f"by_{by}", after[0]
    if by == "title":
        name, least = "n_title", sorting.title_prefix_number(str(least))
    assert not isinstance(least, str)
    return query.and_must_match(phrasing.between(name, Range(least)))


class _Read:
    """One query's hits, in the order of one column."""

    def __init__(
        self, searcher: tantivy.Searcher, query: tantivy.Query, by: sorting.Column | None
    ) -> None:
        self._searcher = searcher
        self._query = query
        self._by = by

    def best(self, limit: int) -> tuple[list[_Scored], int]:
        """The first hits, equals in any order, and how many there are in all."""
        if self._by is None:
            found = self._searcher.search(self._query, limit=limit, weight_by_field="weight")
        else:
            by, ascending = f"by_{self._by}", tantivy.Order.Asc
            found = self._searcher.search(
                self._query, limit=limit, order_by_field=by, order=ascending
            )
        return found.hits, _counted(found)

    def ordered(self, scored: list[_Scored], after: SortKey | None) -> list[Hit]:
        """The hits in their order, those up to `after` left out."""
        if after is not None and self._by is None:  # those that are surely before are not looked at
            scored = scored[bisect_left(scored, -float(after[0]), key=lambda each: -each[0]) :]
        addresses = [address for _, address in scored]
        columns = [self._searcher.fast_field_values(name, addresses) for name in COLUMNS]
        first = sorting.sort_precedence(self._by, after) if after is not None else None
        found = []
        for (key, _), votes, high, low, version in zip(scored, *columns, strict=True):
            film_id = layout.id_of(high, low)
            place: SortKey = (
                (key, film_id) if self._by in sorting.NUMBER_COLUMNS else (key, votes, film_id)
            )
            where = sorting.sort_precedence(self._by, place)
            if first is None or where > first:
                score = float(key) if self._by is None else 0.0
                found.append((where, Hit(film_id, version, score, place)))
        found.sort(key=itemgetter(0))
        return [hit for _, hit in found]
