"""Searches in the embedded index.

Searches run in two threads of their own: tantivy releases the interpreter lock while it works, so a
heavy query does not block the event loop. The pointer to the live index is read again when the
generation moves; a search in progress resolves its hits with the searcher that found them.
"""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from math import inf
from pathlib import Path
from typing import Any, TypeVar, cast

import tantivy

from service.errors import Unavailable
from service.resilience.causes import describe_cause
from service.search.criteria import sorting
from service.search.criteria.facets import FacetCounts, order_counts
from service.search.criteria.filters import NO_FILTERS, Facet, Filters, Range
from service.search.criteria.sorting import Sort, SortKey
from service.search.engines.base import Hit, Hits, IndexOutdated
from service.search.engines.tantivy.folder import (
    UNREADABLE_ADVICE,
    read_field_names,
    read_pointer,
)
from service.search.engines.tantivy.queries import (
    CURRENT_QUERIES,
    FACET_AGGREGATIONS,
    QueryBuilder,
    facet_field,
    required_fields,
)
from service.search.engines.tantivy.schema import SCHEMA, TANTIVY_VERSION
from service.search.engines.tantivy.serializer import columns_to_id, id_to_columns
from service.search.query.plan import Plan

T = TypeVar("T")

THREADS = 2
MAX_READ_HITS = 100_000  # read for one page; a cursor by relevance ends there
COLUMNS = ("votes", "id_high", "id_low", "version")
_ScoredAddress = tuple[Any, tantivy.DocAddress]
"""The first part of a hit's sort key, and where its document is."""
_Entry = tuple[Any, int, int, int, int]
"""A hit as numbers that sort quickly: its key, votes, the two columns of its id, its version."""


@dataclass(frozen=True, slots=True)
class _OpenIndex:
    name: str
    index: tantivy.Index
    fields: frozenset[str]
    queries: QueryBuilder

    @classmethod
    def open(cls, folder: Path) -> "_OpenIndex":
        index = tantivy.Index.open(str(folder))
        is_current = index.schema == SCHEMA
        queries = CURRENT_QUERIES if is_current else QueryBuilder(index.schema)
        return cls(folder.name, index, read_field_names(folder), queries)

    def get_searcher(self, fields: Callable[[], frozenset[str]]) -> tantivy.Searcher:
        """Return a searcher if the index has all `fields`; otherwise raise `IndexOutdated`.

        tantivy panics when it sorts or counts by a field that the index lacks.
        """
        if self.queries is not CURRENT_QUERIES and not fields() <= self.fields:
            raise IndexOutdated
        return self.index.searcher()


class TantivyEngine:
    """The engine for one machine: a folder that its processes share."""

    def __init__(self, root: Path, name: str | None = None) -> None:
        """Read the index `name`, or without a name the live one."""
        self._root = root
        self._name = name
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tantivy")
        self._index: _OpenIndex | None = None

    async def open(self) -> None:
        await self._run(self._refresh)

    async def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._index = None

    async def refresh(self, generation: int) -> None:
        try:
            await self._run(self._refresh)
        except Unavailable:
            self._index = None  # the next search opens it again
            raise

    async def search(
        self,
        plan: Plan | None,
        offset: int,
        limit: int,
        *,
        filters: Filters = NO_FILTERS,
        sort: Sort = "relevance",
        after: SortKey | None = None,
    ) -> Hits:
        return await self._run(partial(self._search, plan, offset, limit, filters, sort, after))

    async def count(
        self, plan: Plan | None, filters: Filters, facets: Sequence[Facet]
    ) -> FacetCounts:
        return await self._run(partial(self._count, plan, filters, facets))

    async def check(self) -> str:
        await self._run(self._refresh)  # another index may have become the live one
        live = await self._run(self._get_index)
        count = live.index.searcher().num_docs
        return f"tantivy {TANTIVY_VERSION}, index {live.name}: {count} documents in {self._root}"

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except Unavailable:
            raise
        except (OSError, ValueError, RuntimeError) as error:
            raise Unavailable(
                f"The search index cannot be read: {describe_cause(error, UNREADABLE_ADVICE)}.",
                code="search_unavailable",
                retry_after=1,
            ) from error

    def _refresh(self) -> _OpenIndex | None:
        """Open the live index if it changed, and show all commits. Safe in several threads."""
        name, index = self._name or read_pointer(self._root), self._index
        if index is not None and index.name == name:
            index.index.reload()
            return index
        self._index = index = _OpenIndex.open(self._root / name) if name else None
        return index

    def _get_index(self) -> _OpenIndex:
        index = self._index or self._refresh()
        if index is None:
            raise Unavailable(
                "There is no search index yet; the indexer creates it when it starts.",
                code="search_unavailable",
                retry_after=1,
            )
        return index

    def _search(  # noqa: PLR0917  # the parameters of `search`
        self,
        plan: Plan | None,
        offset: int,
        limit: int,
        filters: Filters,
        sort: Sort,
        after: SortKey | None,
    ) -> Hits:
        if plan is not None and plan.matches_nothing:
            return Hits((), 0)
        column = sorting.sort_column(sort, plan is not None)
        index = self._get_index()
        searcher = index.get_searcher(lambda: required_fields(plan, filters, column))
        query = index.queries.build_query(plan, filters)
        if after is None or column is None:
            return _HitReader(searcher, query, column).read_page(offset, limit, after)
        total = _total(searcher.search(query, limit=1))
        query = _skip_earlier(index.queries, query, column, after)
        page = _HitReader(searcher, query, column).read_page(0, limit, after)
        return Hits(page.hits, total)

    def _count(self, plan: Plan | None, filters: Filters, facets: Sequence[Facet]) -> FacetCounts:
        if plan is not None and plan.matches_nothing:
            return dict.fromkeys(facets, ())
        index = self._get_index()
        searcher = index.get_searcher(
            lambda: required_fields(plan, filters) | {facet_field(facet) for facet in facets}
        )
        counts: FacetCounts = {}
        for facet in facets:
            query = index.queries.build_query(plan, filters.without_facet(facet))
            aggregations = searcher.aggregate(query, {"of": FACET_AGGREGATIONS[facet]})
            counts[facet] = order_counts(facet, map(_parse_bucket, aggregations["of"]["buckets"]))
        return counts


def _total(result: tantivy.SearchResult) -> int:
    return int(result.count)  # type: ignore[attr-defined]  # missing in the stubs


def _parse_bucket(bucket: dict[str, Any]) -> tuple[str | int, int]:
    key = bucket["key"]
    return key if isinstance(key, str) else int(key), bucket["doc_count"]


def _skip_earlier(
    queries: QueryBuilder, query: tantivy.Query, column: sorting.Column, after: SortKey
) -> tantivy.Query:
    """Return the query without most of the hits that come before a sort key."""
    field, minimum = f"by_{column}", after[0]
    if column == "title":
        field, minimum = "n_title", sorting.title_prefix_number(str(minimum))
    assert not isinstance(minimum, str)
    return query.and_must_match(queries.between(field, Range(minimum)))


class _HitReader:
    """Reads one query's hits in the order of a column, or of the score for None."""

    def __init__(
        self, searcher: tantivy.Searcher, query: tantivy.Query, column: sorting.Column | None
    ) -> None:
        self._searcher = searcher
        self._query = query
        self._column = column

    def read_page(self, offset: int, limit: int, after: SortKey | None) -> Hits:
        """Return the hits from `offset` on or, with `after`, those behind it.

        tantivy returns ties in no stable order. So hits are read, ever more of them, until all
        that tie with the page's last hit are there to be sorted.
        """
        count = offset + limit
        while True:
            top, total = self._read_top(count + 1)
            entries = self._sort(top, after)
            page = entries[:limit] if after else entries[offset : offset + limit]
            if len(top) <= count or count >= MAX_READ_HITS:
                break
            if len(page) == limit and page[-1][0] != self._precedence(top[-1][0]):
                break
            count = min(4 * count, MAX_READ_HITS)
        return Hits(tuple(map(self._build_hit, page)), total)

    def _read_top(self, limit: int) -> tuple[list[_ScoredAddress], int]:
        """Return the first hits, ties in any order, and the total."""
        if self._column is None:
            result = self._searcher.search(self._query, limit=limit, weight_by_field="weight")
        else:
            result = self._searcher.search(
                self._query,
                limit=limit,
                order_by_field=f"by_{self._column}",
                order=tantivy.Order.Asc,
            )
        return result.hits, _total(result)

    def _sort(self, top: list[_ScoredAddress], after: SortKey | None) -> list[_Entry]:
        """Return the hits in their order, without those up to `after`."""
        if after is not None and self._column is None:  # higher scores surely come before
            top = top[bisect_left(top, -float(after[0]), key=lambda scored: -scored[0]) :]
        addresses = [address for _, address in top]
        votes, high, low, version = (
            cast(list[int], self._searcher.fast_field_values(name, addresses)) for name in COLUMNS
        )
        keys = [self._precedence(key) for key, _ in top]
        fewer_votes = repeat(0) if self._has_numbers else [-count for count in votes]
        entries = sorted(zip(keys, fewer_votes, high, low, version, strict=False))
        if after is None:
            return entries
        *_, film_id = after
        precedence = sorting.sort_precedence(self._column, after)[:-1]
        ids = id_to_columns(str(film_id))
        first = (*precedence, *((0,) if self._has_numbers else ()), *ids, inf)
        return entries[bisect_right(entries, first) :]

    @property
    def _has_numbers(self) -> bool:
        """Whether the column's numbers hold the votes as well."""
        return self._column in sorting.NUMBER_COLUMNS

    def _precedence(self, key: Any) -> Any:
        """Return a key as a value that sorts in the order of the hits; the highest score first."""
        return -key if self._column is None else key

    def _build_hit(self, entry: _Entry) -> Hit:
        precedence, fewer_votes, high, low, version = entry
        film_id, key = columns_to_id(high, low), self._precedence(precedence)
        sort_key: SortKey = (key, film_id) if self._has_numbers else (key, -fewer_votes, film_id)
        return Hit(film_id, version, float(key) if self._column is None else 0.0, sort_key)
