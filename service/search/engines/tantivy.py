"""Reading the embedded index.

Searches run in two threads of their own: tantivy lets go of the interpreter while it works, so a
heavy query does not hold up the event loop. Which index is live is looked up when the generation
moves; a search that is under way resolves its hits with the searcher that found them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import tantivy

from service.errors import Unavailable
from service.search.engines import tantivy_layout as layout
from service.search.engines.ports import Hit, Hits
from service.search.plan import Plan

T = TypeVar("T")

THREADS = 2
MOST_EQUAL = 10_000  # hits read to order equal ones; among more, their order is the engine's


@dataclass(frozen=True, slots=True)
class _Live:
    name: str
    index: tantivy.Index


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

    async def see(self, generation: int) -> None:
        await self._run(self._look)

    async def search(self, plan: Plan, offset: int, limit: int) -> Hits:
        return await self._run(partial(self._search, plan, offset, limit))

    async def check(self) -> str:
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

    def _look(self) -> None:
        """Follow the pointer, and show what has been committed since."""
        name = self._name or layout.pointed(self._root)
        if name is None:
            self._live = None
        elif self._live is not None and self._live.name == name:
            self._live.index.reload()
        else:
            self._live = _Live(name, tantivy.Index.open(str(self._root / name)))

    def _reading(self) -> _Live:
        if self._live is None:
            self._look()
        if self._live is None:
            raise Unavailable(
                "There is no search index yet; the indexer makes it when it starts.",
                code="search_unavailable",
                retry_after=1,
            )
        return self._live

    def _search(self, plan: Plan, offset: int, limit: int) -> Hits:
        searcher = self._reading().index.searcher()
        query = layout.translated(plan)
        wanted = offset + limit
        while True:
            result = searcher.search(query, limit=wanted + 1, weight_by_field="weight")
            scored = result.hits
            # Equal scores come in no order that lasts, so all equals of the last wanted hit are
            # read.
            if (
                len(scored) <= wanted
                or scored[-1][0] < scored[offset + limit - 1][0]
                or wanted >= MOST_EQUAL
            ):
                break
            wanted = min(4 * wanted, MOST_EQUAL)
        return Hits(_ordered(searcher, scored)[offset : offset + limit], result.count)  # type: ignore[attr-defined]  # the stubs leave it out


def _ordered(
    searcher: tantivy.Searcher, scored: list[tuple[float, tantivy.DocAddress]]
) -> tuple[Hit, ...]:
    addresses = [address for _, address in scored]
    columns = [
        searcher.fast_field_values(name, addresses)
        for name in ("votes", "id_high", "id_low", "version")
    ]
    rows = [
        (-score, -votes, layout.id_of(high, low), version)
        for (score, _), votes, high, low, version in zip(scored, *columns, strict=True)
    ]
    rows.sort()
    return tuple(Hit(film_id, version, -score) for score, _, film_id, version in rows)
