"""From what a person typed to films in order: the use case behind every search.

A ladder of plans, the cheapest first. Words as typed are enough for most queries; if the best hit
does not explain all of the query, typos are expanded; if too little of it is explained even then,
any word and any pieces of words will do. The best hundred hits are looked at a second time, so
pages within them come from that order, and later ones from the engine in its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from cachetools import LRUCache

from service.database import on_postgres, rows
from service.films.models import Film
from service.search.candidate import Candidate
from service.search.engines.ports import Engine, Hit, Hits, Relation
from service.search.nicknames import unfolded
from service.search.plan import Plan
from service.search.query import Query
from service.search.rank import Ranked, rank
from service.search.series import numbered
from service.search.vocabulary import Vocabulary

RANKED = 100  # hits that are looked at a second time
MOST_CANDIDATES = 50_000  # films kept prepared for ranking, some 60 MB
MOST_FILMS = 5_000  # rows kept for answers
SURE = 0.995  # of the query explained: no typo is looked for
ENOUGH = 0.80  # of the query explained: the query is not loosened


@dataclass(frozen=True, slots=True)
class Result:
    """One film that was found. Scores order the results of one query and mean nothing else."""

    film: Film
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results, and how many there are in all."""

    results: tuple[Result, ...]
    total: int
    relation: Relation = "eq"
    did_you_mean: str | None = None
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one plan gave: its first hits, ranked."""

    plan: Plan
    hits: Hits
    ranked: list[Ranked]

    @property
    def explained(self) -> float:
        return self.ranked[0].features.explained if self.ranked else 0.0


class Finder:
    """Finds films by what people type."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._candidates: LRUCache[tuple[str, int], Candidate] = LRUCache(MOST_CANDIDATES)
        self._films: LRUCache[str, Film] = LRUCache(MOST_FILMS)

    async def find(self, text: str, limit: int, offset: int) -> Found:
        """The films from `offset` on, at most `limit`, best first.

        Raises:
            Invalid: the text is empty, too long or unreadable.
            Unavailable: the index does not answer.
        """
        query = Query.parse(text)
        if query.imdb_id is not None:
            return await self._by_imdb_id(query.imdb_id, limit, offset)
        answer = await self._answer(query)
        scored = [(r.candidate.film_id, r.score) for r in answer.ranked[offset : offset + limit]]
        beyond = offset + limit - RANKED
        if beyond > 0 and answer.hits.total > RANKED:
            start = max(offset, RANKED)
            more = await self._engine.search(answer.plan, start, offset + limit - start)
            scored += [(hit.film_id, hit.score) for hit in more.found]
        films = await self._rows([film_id for film_id, _ in scored])
        results = tuple(Result(films[i], score) for i, score in scored if i in films)
        return Found(results, answer.hits.total, answer.hits.relation)

    async def _by_imdb_id(self, imdb_id: str, limit: int, offset: int) -> Found:
        film = await Film.get_or_none(imdb_id=imdb_id)
        if film is None:
            return Found((), 0)
        return Found((Result(film, 1.0),)[offset : offset + limit], 1)

    async def _answer(self, query: Query) -> _Answer:
        exact = await self._ask(query, Plan.exact(query))
        if exact.explained >= SURE:
            return exact
        if (longer := unfolded(query)) is not None:
            query = longer
        guessed = await self._ask(query, Plan.of(query, self._vocabulary))
        if guessed.explained >= ENOUGH:
            return guessed
        loose = await self._ask(query, Plan.loose(query, self._vocabulary))
        return loose if loose.explained > guessed.explained else guessed

    async def _ask(self, query: Query, plan: Plan) -> _Answer:
        hits = await self._engine.search(plan, 0, RANKED)
        ranked = rank(query, await self._prepared(hits.found))
        return _Answer(plan, hits, numbered(query, ranked))

    async def _prepared(self, hits: Sequence[Hit]) -> list[Candidate]:
        """The hits' films for ranking; one whose row is gone is left out."""
        known = self._candidates
        missing = [hit.film_id for hit in hits if (hit.film_id, hit.version) not in known]
        fresh = {c.film_id: c for c in await _candidates(missing)} if missing else {}
        for hit in hits:
            if hit.film_id in fresh:
                known[hit.film_id, hit.version] = fresh[hit.film_id]
        return [
            known[hit.film_id, hit.version] for hit in hits if (hit.film_id, hit.version) in known
        ]

    async def _rows(self, ids: Sequence[str]) -> dict[str, Film]:
        """The films' rows as they are now; those that have not changed are not read again."""
        if not ids:
            return {}
        now = await _stamps(ids)
        known = {i: self._films[i] for i in now if i in self._films}
        stale = [i for i, stamp in now.items() if i not in known or _stamp(known[i]) != stamp]
        if stale:
            for film in await Film.filter(id__in=stale):
                known[str(film.id)] = self._films[str(film.id)] = film
        return known


def _stamp(film: Film) -> tuple[int, int]:
    return film.version, film.counters


async def _stamps(ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    found = await _by_ids("SELECT id, version, counters FROM films", ids)
    return {str(row["id"]): (row["version"], row["counters"]) for row in found}


async def _candidates(ids: Sequence[str]) -> list[Candidate]:
    select = "SELECT id, version, title, aliases, directors, year, imdb_votes FROM films"
    return [
        Candidate.of(
            film_id=str(row["id"]),
            version=row["version"],
            title=row["title"],
            aliases=_texts(row["aliases"]),
            directors=_texts(row["directors"]),
            year=row["year"],
            votes=row["imdb_votes"],
        )
        for row in await _by_ids(select, ids)
    ]


async def _by_ids(select: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    if on_postgres():
        return await rows(f"{select} WHERE id = ANY($1::uuid[])", [UUID(i) for i in ids])
    marks = ", ".join(f"${place}" for place in range(1, len(ids) + 1))
    return await rows(f"{select} WHERE id IN ({marks})", *ids)


def _texts(column: str | bytes | list[str]) -> list[str]:
    texts: list[str] = orjson.loads(column) if isinstance(column, (str, bytes)) else column
    return texts
