"""The inventory of an embedded index, read while another process writes it.

A page is found by the high column of the id and then sorted by both columns. Ids with the same high
column stay on one page, however many they are; version 7 UUIDs share it if they are of the same
millisecond.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import tantivy
from tantivy import Occur, Order, Query

from service.errors import Unavailable
from service.resilience.causes import describe_cause
from service.search.criteria.filters import Range
from service.search.engines.base import IndexEntry
from service.search.engines.tantivy import schema
from service.search.engines.tantivy.folder import (
    UNREADABLE_ADVICE,
    read_fingerprint,
    read_pointer,
)
from service.search.engines.tantivy.queries import QueryBuilder
from service.search.engines.tantivy.serializer import columns_to_id, id_to_columns

T = TypeVar("T")


class TantivyInventory:
    """The inventory of a folder's indexes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open_index: tuple[str, tantivy.Index] | None = None

    async def close(self) -> None:
        self._open_index = None

    async def live_index(self) -> str | None:
        return await self._run(partial(read_pointer, self._root))

    async def is_current_schema(self, name: str) -> bool:
        return await self._run(partial(self._is_current_schema, name))

    async def list_entries(self, name: str, after: str, limit: int) -> tuple[IndexEntry, ...]:
        return await self._run(partial(self._list_entries, name, after, limit))

    async def get_entry(self, name: str, film_id: str) -> IndexEntry | None:
        return await self._run(partial(self._get_entry, name, film_id))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except (OSError, ValueError, RuntimeError) as error:
            raise Unavailable(
                f"The search index cannot be read: {describe_cause(error, UNREADABLE_ADVICE)}.",
                code="search_unavailable",
                retry_after=1,
            ) from error

    def _is_current_schema(self, name: str) -> bool:
        fingerprint = read_fingerprint(self._root / name)
        return fingerprint == schema.FINGERPRINT and self._get_index(name).schema == schema.SCHEMA

    def _list_entries(self, name: str, after: str, limit: int) -> tuple[IndexEntry, ...]:
        index = self._get_index(name)
        searcher, queries = index.searcher(), QueryBuilder(index.schema)
        query = queries.between("id_high", Range(id_to_columns(after)[0]))
        read_limit = limit
        while True:
            hits = searcher.search(
                query, limit=read_limit + 1, count=False, order_by_field="id_high", order=Order.Asc
            ).hits
            is_last_page = len(hits) <= read_limit
            if not is_last_page:
                last_high = hits[-1][0]  # more ids may share it: they all go to the next page
                hits = [hit for hit in hits if hit[0] != last_high]
            tombstones = _find_tombstones(searcher, queries, [high for high, _ in hits])
            addresses = [address for _, address in hits]
            entries = _read_entries(searcher, addresses, tombstones)
            entries = [entry for entry in entries if entry.film_id > after]
            if is_last_page or len(entries) >= limit:
                return tuple(entries[:limit])
            read_limit *= 2

    def _get_entry(self, name: str, film_id: str) -> IndexEntry | None:
        index = self._get_index(name)
        searcher, queries = index.searcher(), QueryBuilder(index.schema)
        tombstones = {film_id} if queries.has_tombstone(searcher, film_id) else set()
        hits = searcher.search(queries.term("id", film_id), limit=1, count=False).hits
        entries = _read_entries(searcher, [address for _, address in hits], tombstones)
        return entries[0] if entries else None

    def _get_index(self, name: str) -> tantivy.Index:
        """Return the index `name` as last committed.

        Two threads may call this at once, one for a rebuild's index and one for the live one.
        """
        opened = self._open_index
        if opened is None or opened[0] != name:
            opened = self._open_index = name, tantivy.Index.open(str(self._root / name))
        opened[1].reload()
        return opened[1]


def _read_entries(
    searcher: tantivy.Searcher, addresses: list[tantivy.DocAddress], tombstones: set[str]
) -> list[IndexEntry]:
    """Return the entries of these documents, ordered by id."""
    highs, lows, versions = (
        _read_column(searcher, name, addresses) for name in ("id_high", "id_low", "version")
    )
    entries = [
        IndexEntry(film_id, version, searcher.doc(address)["digest"][0], film_id in tombstones)
        for film_id, version, address in zip(
            map(columns_to_id, highs, lows), versions, addresses, strict=True
        )
    ]
    return sorted(entries, key=lambda entry: entry.film_id)


def _find_tombstones(
    searcher: tantivy.Searcher, queries: QueryBuilder, highs: list[Any]
) -> set[str]:
    """Return the ids of the tombstones among the documents with these high columns."""
    if not highs:
        return set()
    in_range = queries.between("id_high", Range(min(highs), max(highs)))
    query = Query.boolean_query([(Occur.Must, in_range), (Occur.Must, queries.tombstones)])
    hits = searcher.search(query, limit=len(highs), count=False).hits
    addresses = [address for _, address in hits]
    columns = (_read_column(searcher, name, addresses) for name in ("id_high", "id_low"))
    return set(map(columns_to_id, *columns))


def _read_column(
    searcher: tantivy.Searcher, name: str, addresses: list[tantivy.DocAddress]
) -> list[int]:
    return [int(value or 0) for value in searcher.fast_field_values(name, addresses)]
