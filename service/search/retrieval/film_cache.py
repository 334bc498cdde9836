"""The films behind hits: as candidates for reranking, as labels, and as rows for responses.

The engine returns ids and versions. Candidates and labels of a version are cached; rows are read as
they are now. A hit whose row is gone is left out and reported, so that the index gets repaired.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from cachetools import LRUCache

from service.film_fields import FilmRow
from service.films.responses import FilmView
from service.films.rows import get_rows_by_id
from service.resilience.work_budget import WorkBudget
from service.search.engines.base import Hit
from service.search.query.fields import DEFAULT_FIELDS, SearchFields, ranking_texts
from service.search.ranking.candidates import Candidate
from service.search.retrieval.film_rows import FilmRows
from service.search.retrieval.work_threads import WorkThreads, search_budget

MAX_CANDIDATES = 50_000  # some 120 MB
MAX_LABELS = 20_000
CANDIDATE_WORK = 80  # units, to prepare one film


@dataclass(frozen=True, slots=True)
class FilmLabel:
    """The names of a film, for suggestions."""

    film_id: str
    title: str
    aliases: tuple[str, ...]
    directors: tuple[str, ...]
    year: int | None


@dataclass(frozen=True, slots=True)
class FilmPeople:
    """The names of a film's actors and writers, for suggestions."""

    actors: tuple[str, ...]
    writers: tuple[str, ...]


MissingRowHandler = Callable[[Iterable[str]], None]


def ignore_missing_rows(_: Iterable[str]) -> None:
    """Do nothing: no repair is running in this process."""


class FilmCache:
    """An LRU cache of this process.

    Args:
        on_missing_rows: called with the ids of hits whose film is not in the database.
        threads: prepare films where there are many of them.
    """

    def __init__(
        self,
        on_missing_rows: MissingRowHandler = ignore_missing_rows,
        threads: WorkThreads | None = None,
    ) -> None:
        self._on_missing_rows = on_missing_rows
        self._threads = threads or WorkThreads()
        self._rows = FilmRows(self._threads)
        self._labels: LRUCache[tuple[str, int], FilmLabel] = LRUCache(MAX_LABELS)
        self._candidates: LRUCache[tuple[str, int, SearchFields], Candidate] = LRUCache(
            MAX_CANDIDATES
        )

    async def get_candidates(
        self,
        hits: Sequence[Hit],
        fields: SearchFields = DEFAULT_FIELDS,
        budget: WorkBudget | None = None,
    ) -> list[Candidate]:
        """Return the candidates of these hits, with the texts of `fields` only."""
        cache = self._candidates
        keys = [(hit.film_id, hit.version, fields) for hit in hits]
        missing = [key[0] for key in keys if key not in cache]
        if missing:
            candidates = await self._load_candidates(missing, fields, budget or search_budget())
            loaded = {candidate.film_id: candidate for candidate in candidates}
            self._on_missing_rows(film_id for film_id in missing if film_id not in loaded)
            for key in keys:
                if key[0] in loaded:
                    cache[key] = loaded[key[0]]
        return [cache[key] for key in keys if key in cache]

    async def get_labels(self, hits: Sequence[Hit]) -> list[FilmLabel]:
        """Return the labels of these hits in their indexed version."""
        cache, keys = self._labels, [(hit.film_id, hit.version) for hit in hits]
        missing = [key[0] for key in keys if key not in cache]
        if missing:
            loaded = {label.film_id: label for label in await _load_labels(missing)}
            cache.update((key, loaded[key[0]]) for key in keys if key[0] in loaded)
        return [cache[key] for key in keys if key in cache]

    async def get_people(self, hits: Sequence[Hit]) -> list[FilmPeople]:
        """Return the actors and writers of these hits as they are now."""
        ids = [hit.film_id for hit in hits]
        rows = await get_rows_by_id("SELECT id, actors, writers FROM films", ids)
        people = {
            str(row["id"]): FilmPeople(
                tuple(_decode_texts(row["actors"])), tuple(_decode_texts(row["writers"]))
            )
            for row in rows
        }
        return [people[film_id] for film_id in ids if film_id in people]

    async def get_rows(
        self, ids: Sequence[str], budget: WorkBudget | None = None
    ) -> dict[str, FilmRow]:
        """Return the present rows of these films by id."""
        films = await self._rows.get(ids, budget or search_budget())
        self._on_missing_rows(film_id for film_id in ids if film_id not in films)
        return films

    def view(self, film: FilmRow, now: datetime) -> FilmView:
        """Return the film as clients see it at `now`; see `FilmRows.view`."""
        return self._rows.view(film, now)

    async def _load_candidates(
        self, ids: Sequence[str], fields: SearchFields, budget: WorkBudget
    ) -> list[Candidate]:
        optional_columns = (("writer", "writers"), ("cast", "actors"), ("plot", "plot"))
        extra_columns = "".join(f", {name}" for part, name in optional_columns if part in fields)
        columns = "id, version, title, aliases, directors, year, imdb_votes" + extra_columns
        rows = await get_rows_by_id(f"SELECT {columns} FROM films", ids)  # noqa: S608  # names of ours

        def build_candidates() -> list[Candidate]:
            candidates = []
            for row in rows:
                budget.checkpoint()
                candidates.append(_build_candidate(row, fields))
            return candidates

        return await self._threads.run(budget, CANDIDATE_WORK * len(rows), build_candidates)


def _build_candidate(row: dict[str, Any], fields: SearchFields) -> Candidate:
    return Candidate.from_facts(
        film_id=str(row["id"]),
        version=row["version"],
        year=row["year"],
        votes=row["imdb_votes"],
        plot=row.get("plot"),
        **ranking_texts(
            fields,
            titles=[row["title"], *_decode_texts(row["aliases"])],
            directors=_decode_texts(row["directors"]),
            writers=_decode_texts(row.get("writers", [])),
            actors=_decode_texts(row.get("actors", [])),
        ),
    )


async def _load_labels(ids: Sequence[str]) -> list[FilmLabel]:
    select = "SELECT id, title, aliases, directors, year FROM films"
    return [
        FilmLabel(
            str(row["id"]),
            row["title"],
            tuple(_decode_texts(row["aliases"])),
            tuple(_decode_texts(row["directors"])),
            row["year"],
        )
        for row in await get_rows_by_id(select, ids)
    ]


def _decode_texts(column: str | bytes | list[str]) -> list[str]:
    texts: list[str] = orjson.loads(column) if isinstance(column, (str, bytes)) else column
    return texts
