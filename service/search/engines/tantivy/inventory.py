"""Reading the embedded index document by document, beside the process that writes it.

A page is found by the first column of the id and put in order by both. Ids that share that column
stay on one page, however many they are; with version 7 ids they are those of one millisecond.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import tantivy
from tantivy import Occur, Order, Query

from service.errors import Unavailable
from service.search.criteria.filters import Range
from service.search.engines.base import IndexEntry
from service.search.engines.tantivy import schema as layout
from service.search.engines.tantivy.queries import QueryBuilder

T = TypeVar("T")


class TantivyInventory:
    """The inventory of a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: tuple[str, tantivy.Index] | None = None

    async def close(self) -> None:
        self._known = None

    async def live_index(self) -> str | None:
        return await self._run(partial(layout.pointed, self._root))

    async def is_current_schema(self, name: str) -> bool:
        return await self._run(partial(self._fits, name))

    async def list_entries(self, name: str, after: str, limit: int) -> tuple[IndexEntry, ...]:
        return await self._run(partial(self._page, name, after, limit))

    async def get_entry(self, name: str, film_id: str) -> IndexEntry | None:
        return await self._run(partial(self._look, name, film_id))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except (OSError, ValueError, RuntimeError) as error:
            raise Unavailable(
                "The search index cannot be read just now.",
                code="search_unavailable",
                retry_after=1,
            ) from error

    def _fits(self, name: str) -> bool:
        made_by = (self._root / name / layout.MARK).read_text().strip()
        return made_by == layout.FINGERPRINT and self._index(name).schema == layout.SCHEMA

    def _page(self, name: str, after: str, limit: int) -> tuple[IndexEntry, ...]:
        index = self._index(name)
        searcher, phrasing = index.searcher(), QueryBuilder(index.schema)
        first = layout.columns_of(after)[0]
        wanted = limit
        while True:
            rest = phrasing.between("id_high", Range(first))
            hits = searcher.search(
                rest, limit=wanted + 1, count=False, order_by_field="id_high", order=Order.Asc
            ).hits
            complete = len(hits) <= wanted
            if not complete:
                last = hits[-1][0]  # of this group more may follow: it belongs to the next page
                hits = [hit for hit in hits if hit[0] != last]
            gone = _gone(searcher, phrasing, [high for high, _ in hits])
            held = [one for one in _held(searcher, hits, gone) if one.film_id > after]
            if complete or len(held) >= limit:
                return tuple(held[:limit])
            wanted *= 2

    def _look(self, name: str, film_id: str) -> IndexEntry | None:
        index = self._index(name)
        searcher, phrasing = index.searcher(), QueryBuilder(index.schema)
        gone = {film_id} if phrasing.is_gone(searcher, film_id) else set()
        this = searcher.search(phrasing.term("id", film_id), limit=1, count=False)
        found = _held(searcher, this.hits, gone)
        return found[0] if found else None

    def _index(self, name: str) -> tantivy.Index:
        """The index `name`, with what has been committed to it so far.

        Two threads may be here at once, for a rebuild's index and for the live one.
        """
        known = self._known
        if known is None or known[0] != name:
            known = self._known = name, tantivy.Index.open(str(self._root / name))
        known[1].reload()
        return known[1]


def _held(
    searcher: tantivy.Searcher, hits: list[tuple[Any, tantivy.DocAddress]], gone: set[str]
) -> list[IndexEntry]:
    addresses = [address for _, address in hits]
    highs, lows, versions = (
        _column(searcher, name, addresses) for name in ("id_high", "id_low", "version")
    )
    held = [
        IndexEntry(film_id, version, searcher.doc(address)["digest"][0], film_id in gone)
        for film_id, version, address in zip(
            map(layout.id_of, highs, lows), versions, addresses, strict=True
        )
    ]
    return sorted(held, key=lambda one: one.film_id)


def _gone(searcher: tantivy.Searcher, phrasing: QueryBuilder, highs: list[int]) -> set[str]:
    """The tombstones among documents with these first columns, which are all that have them."""
    if not highs:
        return set()
    between = phrasing.between("id_high", Range(min(highs), max(highs)))
    both = Query.boolean_query([(Occur.Must, between), (Occur.Must, phrasing.gone)])
    found = searcher.search(both, limit=len(highs), count=False).hits
    addresses = [address for _, address in found]
    columns = (_column(searcher, name, addresses) for name in ("id_high", "id_low"))
    return set(map(layout.id_of, *columns))


def _column(
    searcher: tantivy.Searcher, name: str, addresses: list[tantivy.DocAddress]
) -> list[int]:
    return [int(value or 0) for value in searcher.fast_field_values(name, addresses)]
