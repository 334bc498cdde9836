"""The films of some hits: prepared for ranking, which is kept at hand, and as rows for answers.

The engine gives ids and versions. What was prepared of a version is not prepared again; rows are
read as they are now. A hit whose row is gone is left out, and told to whoever repairs the index.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import orjson
from cachetools import LRUCache

from service.film_fields import FilmRow
from service.films.rows import get_film_rows, get_rows_by_id
from service.search.engines.base import Hit
from service.search.query.fields import DEFAULT_FIELDS, SearchFields, ranking_texts
from service.search.ranking.candidates import Candidate

MAX_CANDIDATES = 50_000  # films kept prepared for ranking, some 120 MB
MAX_LABELS = 20_000  # films kept for suggestions


@dataclass(frozen=True, slots=True)
class FilmLabel:
    """What a film is called, for suggestions."""

    film_id: str
    title: str
    aliases: tuple[str, ...]
    directors: tuple[str, ...]
    year: int | None


MissingRowHandler = Callable[[Iterable[str]], None]


def ignore_missing_rows(_: Iterable[str]) -> None:
    """Nobody repairs the index."""


class FilmCache:
    """What this process remembers of films; `gone` is told of hits that have no row."""

    def __init__(self, gone: MissingRowHandler = ignore_missing_rows) -> None:
        self._gone = gone
        self._labels: LRUCache[tuple[str, int], FilmLabel] = LRUCache(MAX_LABELS)
        self._candidates: LRUCache[tuple[str, int, SearchFields], Candidate] = LRUCache(
            MAX_CANDIDATES
        )

    async def candidates(
        self, hits: Sequence[Hit], scope: SearchFields = DEFAULT_FIELDS
    ) -> list[Candidate]:
        """The hits' films for ranking, with only those texts that are looked at."""
        known = self._candidates
        keys = [(hit.film_id, hit.version, scope) for hit in hits]
        missing = [key[0] for key in keys if key not in known]
        if missing:
            fresh = {c.film_id: c for c in await _candidates(missing, scope)}
            self._gone(film_id for film_id in missing if film_id not in fresh)
            for key in keys:
                if key[0] in fresh:
                    known[key] = fresh[key[0]]
        return [known[key] for key in keys if key in known]

    async def labels(self, hits: Sequence[Hit]) -> list[FilmLabel]:
        """What the hits' films are called in the version that the index has."""
        known, keys = self._labels, [(hit.film_id, hit.version) for hit in hits]
        missing = [key[0] for key in keys if key not in known]
        if missing:
            fresh = {label.film_id: label for label in await _labels(missing)}
            known.update((key, fresh[key[0]]) for key in keys if key[0] in fresh)
        return [known[key] for key in keys if key in known]

    async def films(self, ids: Sequence[str]) -> dict[str, FilmRow]:
        """The films' rows as they are now."""
        found = {str(film.id): film for film in await get_film_rows(ids)}
        self._gone(film_id for film_id in ids if film_id not in found)
        return found


async def _candidates(ids: Sequence[str], scope: SearchFields) -> list[Candidate]:
    names = (("writer", "writers"), ("cast", "actors"))
    more = "".join(f", {column}" for part, column in names if part in scope)
    columns = "id, version, title, aliases, directors, year, imdb_votes" + more
    return [
        Candidate.of(
            film_id=str(row["id"]),
            version=row["version"],
            year=row["year"],
            votes=row["imdb_votes"],
            **ranking_texts(
                scope,
                titles=[row["title"], *_texts(row["aliases"])],
                directors=_texts(row["directors"]),
                writers=_texts(row.get("writers", [])),
                actors=_texts(row.get("actors", [])),
            ),
        )
        for row in await get_rows_by_id(f"SELECT {columns} FROM films", ids)  # noqa: S608  # names of ours
    ]


async def _labels(ids: Sequence[str]) -> list[FilmLabel]:
    select = "SELECT id, title, aliases, directors, year FROM films"
    return [
        FilmLabel(
            str(row["id"]),
            row["title"],
            tuple(_texts(row["aliases"])),
            tuple(_texts(row["directors"])),
            row["year"],
        )
        for row in await get_rows_by_id(select, ids)
    ]


def _texts(column: str | bytes | list[str]) -> list[str]:
    texts: list[str] = orjson.loads(column) if isinstance(column, (str, bytes)) else column
    return texts
