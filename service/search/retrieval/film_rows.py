"""Rows of films as they are now, each read in full only when it has changed.

A film's version and counters rise whenever clients would see a difference; its entity tag is made
of them. So a search reads only these two of films that this process has read before. What clients
see of such a film is encoded once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, cast

import orjson
from cachetools import LRUCache

from service.film_fields import FilmRow
from service.films.responses import FilmView, film_view
from service.films.rows import SELECT_WITH_STAMP, STAMP_COLUMNS, get_rows_by_id, parse_film_row
from service.resilience.work_budget import WorkBudget
from service.search.retrieval.work_threads import WorkThreads

MAX_FILMS = 20_000  # some 80 MB
ROW_WORK = 60  # units, to parse one row

_Stamp = tuple[int, int]
"""A film's version and counters."""


@dataclass(slots=True)
class _CachedFilm:
    """A film as it was at a stamp, and the JSON that clients got of it last, if any did."""

    stamp: _Stamp
    row: FilmRow
    is_stale: bool = False
    json: bytes = b""


class FilmRows:
    """An LRU cache of this process, which never returns a row that has changed.

    Args:
        threads: parse rows where there are many of them.
    """

    def __init__(self, threads: WorkThreads, max_films: int = MAX_FILMS) -> None:
        self._threads = threads
        self._films: LRUCache[str, _CachedFilm] = LRUCache(max_films)
        self._lock = Lock()  # pages are rendered in threads, too

    async def get(self, ids: Sequence[str], budget: WorkBudget) -> dict[str, FilmRow]:
        """Return the present rows of these films by id; those that do not exist are left out."""
        with self._lock:
            cached = {film_id: film for film_id in ids if (film := self._films.get(film_id))}
        unknown = [film_id for film_id in ids if film_id not in cached]
        stamps, films = await asyncio.gather(
            _read_stamps(list(cached)), self._read(unknown, budget)
        )
        changed = [film_id for film_id, stamp in stamps.items() if cached[film_id].stamp != stamp]
        films |= await self._read(changed, budget)
        for film_id in stamps:
            films.setdefault(film_id, cached[film_id])
        return {film_id: films[film_id].row for film_id in ids if film_id in films}

    def view(self, film: FilmRow, now: datetime) -> FilmView:
        """Return the film as clients see it at `now`, already encoded if it was read here."""
        with self._lock:
            cached = self._films.get(str(film.id))
        if cached is None or cached.row is not film:
            return film_view(film, now)
        is_stale = film.refresh_after is not None and film.refresh_after <= now
        if not cached.json or cached.is_stale != is_stale:
            cached.json, cached.is_stale = orjson.dumps(film_view(film, now)), is_stale
        return cast(FilmView, orjson.Fragment(cached.json))

    async def _read(self, ids: Sequence[str], budget: WorkBudget) -> dict[str, _CachedFilm]:
        rows = await get_rows_by_id(SELECT_WITH_STAMP, ids)

        def parse_rows() -> dict[str, _CachedFilm]:
            films = {}
            for row in rows:
                budget.checkpoint()
                film = _parse_row(row)
                films[str(film.row.id)] = film
            return films

        films = await self._threads.run(budget, ROW_WORK * len(rows), parse_rows)
        with self._lock:
            self._films.update(films)
        return films


async def _read_stamps(ids: Sequence[str]) -> dict[str, _Stamp]:
    select = f"SELECT id, {STAMP_COLUMNS} FROM films"  # noqa: S608  # names of ours
    rows = await get_rows_by_id(select, ids)
    return {str(row["id"]): (row["version"], row["counters"]) for row in rows}


def _parse_row(row: dict[str, Any]) -> _CachedFilm:
    counters = row.pop("counters")
    film = parse_film_row(row)
    return _CachedFilm((film.version, counters), film)
