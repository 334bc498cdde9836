"""From what a person typed to films in order: the use case behind every search.

A ladder of plans, the cheapest first. Words as typed are enough for most queries; if no film has
them, or the best hit does not explain all of the query, typos are expanded; if too little of it is
explained even then, any word and any pieces of words will do. The best hundred hits are looked at a
second time (`head.py`), so pages within them come from that order, and later ones from the engine
in its own.
Whoever sorts by something else gets the same films in that order, without a second look.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.films.rows import FilmRow, film_row_of
from service.search.criteria.facets import Counts, counted
from service.search.criteria.filters import EVERY_FILM, Facet, Selection
from service.search.criteria.sorting import Sort, precedence
from service.search.engines.base import Engine, Hit, Hits, Relation
from service.search.query.fields import DEFAULT, Scope, scoped
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.query.spellcheck import misspelt
from service.search.query.synonyms import unfolded
from service.search.ranking.did_you_mean import did_you_mean
from service.search.ranking.rerank_window import Head, near
from service.search.ranking.scorer import Ranked, rank
from service.search.ranking.sequels import numbered
from service.search.retrieval.cursors import Rung, Walk, mark
from service.search.retrieval.film_cache import Shelf
from service.search.vocabulary.vocabulary import Vocabulary

RANKED = 100  # hits that are looked at a second time
MOST_HEAD = 1_000  # hits read to find those hundred again after others came before them
SURE = 0.995  # of the query explained: no typo is looked for
ENOUGH = 0.80  # of the query explained: the query is not loosened
INCOMPLETE = "some_results_left_out"  # said in `degraded`: the engine ran out of time


@dataclass(frozen=True, slots=True)
class Wish:
    """How to search, beside the words."""

    selection: Selection = EVERY_FILM
    sort: Sort = "relevance"
    scope: Scope = DEFAULT
    typos: bool = True
    facets: tuple[Facet, ...] = ()


ANYHOW = Wish()


@dataclass(frozen=True, slots=True)
class Result:
    """One film that was found. Scores order the results of one query and mean nothing else."""

    film: FilmRow
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results, how many there are in all, and how to go on, if there are more.

    `query` is what was looked for in the end, with nicknames written out; none without words."""

    results: tuple[Result, ...]
    total: int
    relation: Relation = "eq"
    did_you_mean: str | None = None
    degraded: tuple[str, ...] = ()
    walk: Walk | None = None
    facets: Counts | None = None
    query: Query | None = None
    more: bool = False
    """Whether more follow, though there is no walk to them."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one plan gave, and its first hits in order."""

    rung: Rung
    query: Query
    plan: Plan
    hits: Hits
    head: Head


class Finder:
    """Finds films by what people type."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary, shelf: Shelf | None = None) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._shelf = shelf or Shelf()

    async def find(
        self, text: str, limit: int, offset: int, wish: Wish = ANYHOW, walk: Walk | None = None
    ) -> Found:
        """The films from `offset` on, or those that follow on a walk, at most `limit`.

        Raises:
            Invalid: the text is empty, too long or unreadable.
            Unavailable: the index does not answer.
        """
        query = Query.parse(text)
        if query.imdb_id is not None:
            return await self._by_imdb_id(query, limit, offset, wish)
        if walk is not None:
            return await self._go_on(query, limit, wish, walk)
        answer = await self._answer(query, wish)
        if wish.sort != "relevance":
            found = await self._listed(answer.plan, limit, offset, wish, rung=answer.rung)
        else:
            found = await self._first(answer, limit, offset, wish)
        meant = None
        if answer.head.ranked and wish.typos and wish.scope == DEFAULT:
            meant = did_you_mean(answer.query, answer.head.ranked[0])
        return replace(found, query=answer.query, did_you_mean=meant)

    async def browse(
        self, limit: int, offset: int, wish: Wish = ANYHOW, walk: Walk | None = None
    ) -> Found:
        """Films without any words; by relevance means the best known first.

        Raises:
            Unavailable: the index does not answer.
        """
        return await self._listed(None, limit, offset, wish, walk=walk)

    async def _by_imdb_id(self, query: Query, limit: int, offset: int, wish: Wish) -> Found:
        assert query.imdb_id is not None
        film = await film_row_of(query.imdb_id)
        films = [] if film is None else [film]
        counts = counted(films, wish.selection, wish.facets) if wish.facets else None
        results = [Result(film, 1.0) for film in filter(wish.selection.accepts, films)]
        page = tuple(results[offset : offset + limit])
        return Found(page, len(results), facets=counts, query=query)

    async def _answer(self, query: Query, wish: Wish) -> _Answer:
        if not (wish.typos and wish.scope == DEFAULT and misspelt(query, self._vocabulary)):
            exact = await self._ask(query, "exact", wish)
            enough = "plot" in wish.scope and exact.hits.total
            if not wish.typos or exact.head.explained >= SURE or enough:
                return exact
        query = unfolded(query) or query
        guessed = await self._ask(query, "guessed", wish)
        if guessed.head.explained >= ENOUGH or "plot" in wish.scope:
            return guessed
        if wish.sort != "relevance" and guessed.hits.total:
            return guessed  # what is sorted by year must not begin with what hardly fits
        loose = await self._ask(query, "loose", wish)
        return loose if loose.head.explained > guessed.head.explained else guessed

    async def _ask(self, query: Query, rung: Rung, wish: Wish) -> _Answer:
        plan = self._plan(query, rung, wish)
        hits = await self._engine.search(plan, 0, RANKED, selection=wish.selection)
        return _Answer(rung, query, plan, hits, await self._head(query, hits.found, wish))

    def _plan(self, query: Query, rung: Rung, wish: Wish) -> Plan:
        if rung == "exact":
            return scoped(Plan.exact(query), wish.scope, self._vocabulary, typos=False)
        make = Plan.of if rung == "guessed" else Plan.loose
        plan = make(query, self._vocabulary)
        return scoped(plan, wish.scope, self._vocabulary, typos=True)

    async def _head(self, query: Query, hits: Sequence[Hit], wish: Wish) -> Head:
        if "plot" in wish.scope:  # what only a plot explains stays in the engine's order
            ranked = rank(query, await self._shelf.prepared(hits, wish.scope))
            at = {hit.film_id: place for place, hit in enumerate(hits)}
            ranked.sort(key=lambda r: at[r.candidate.film_id] if _little(r) else -1)
            return Head(ranked)
        count = near(hits)
        ranked = rank(query, await self._shelf.prepared(hits[:count], wish.scope))
        return Head(numbered(query, ranked), hits[count:])

    async def _first(self, answer: _Answer, limit: int, offset: int, wish: Wish) -> Found:
        """A page by offset, the ranked hits first."""
        hits, head = answer.hits, answer.head.scored
        scored = head[offset : offset + limit]
        last = hits.found[-1].place if hits.found else ()
        beyond = offset + limit - RANKED
        if beyond > 0 and hits.total > RANKED:
            start = max(offset, RANKED)
            more = await self._engine.search(
                answer.plan, start, offset + limit - start, selection=wish.selection
            )
            hits = replace(hits, partial=hits.partial or more.partial)
            scored += [(hit.film_id, hit.score) for hit in more.found]
            last = more.found[-1].place if more.found else last
        count = offset + limit
        shown = b"".join(mark(film_id) for film_id, _ in head[:count]) if beyond < 0 else b""
        walk = Walk(answer.rung, last, count, shown) if count < hits.total and last else None
        return await self._found(scored, hits, walk, answer.plan, wish)

    async def _go_on(self, query: Query, limit: int, wish: Wish, walk: Walk) -> Found:
        if walk.rung != "exact":
            query = unfolded(query) or query
        plan = self._plan(query, walk.rung, wish)
        if walk.shown:
            found = await self._rest_of_head(query, plan, limit, wish, walk)
        else:
            found = await self._listed(plan, limit, 0, wish, walk=walk, rung=walk.rung)
        return replace(found, query=query)

    async def _rest_of_head(
        self, query: Query, plan: Plan, limit: int, wish: Wish, walk: Walk
    ) -> Found:
        """What was not shown of the first hits, and as much of the others as fills the page."""
        hits, first = await self._first_again(plan, wish, walk)
        head = await self._head(query, first, wish)
        left = [each for each in head.scored if not walk.has_shown(each[0])]
        scored = left[:limit]
        count = walk.count + limit
        if len(left) > limit:
            shown = walk.shown + b"".join(mark(film_id) for film_id, _ in scored)
            return await self._found(
                scored, hits, replace(walk, count=count, shown=shown), plan, wish
            )
        room = limit - len(scored)
        more = await self._engine.search(
            plan, len(first), room + 1, selection=wish.selection, after=walk.place
        )
        hits = replace(hits, partial=hits.partial or more.partial)
        scored += [(hit.film_id, hit.score) for hit in more.found[:room]]
        further = None
        if len(more.found) > room:
            place = more.found[room - 1].place if room else walk.place
            further = Walk(walk.rung, place, count)
        return await self._found(scored, hits, further, plan, wish)

    async def _first_again(self, plan: Plan, wish: Wish, walk: Walk) -> tuple[Hits, list[Hit]]:
        """The hits up to the place where the first ones ended when the walk began."""
        end = precedence(None, walk.place)
        head: list[Hit] = []
        while True:
            hits = await self._engine.search(plan, len(head), 2 * RANKED, selection=wish.selection)
            within = [hit for hit in hits.found if precedence(None, hit.place) <= end]
            head += within
            if len(within) < 2 * RANKED or len(head) >= MOST_HEAD:
                return hits, head

    async def _listed(
        self,
        plan: Plan | None,
        limit: int,
        offset: int,
        wish: Wish,
        *,
        walk: Walk | None = None,
        rung: Rung = "exact",
    ) -> Found:
        """A page in the order of a column, or of the engine's scores."""
        hits = await self._engine.search(
            plan,
            walk.count if walk else offset,
            limit + 1,
            selection=wish.selection,
            sort=wish.sort,
            after=walk.place if walk else None,
        )
        page = hits.found[:limit]
        count = (walk.count if walk else offset) + len(page)
        further = Walk(rung, page[-1].place, count) if len(hits.found) > limit else None
        scored = [(hit.film_id, hit.score) for hit in page]
        return await self._found(scored, hits, further, plan, wish)

    async def _found(
        self,
        scored: Sequence[tuple[str, float]],
        hits: Hits,
        walk: Walk | None,
        plan: Plan | None,
        wish: Wish,
    ) -> Found:
        films = await self._shelf.films([film_id for film_id, _ in scored])
        results = tuple(Result(films[i], score) for i, score in scored if i in films)
        counts = None
        if wish.facets:
            counts = await self._engine.count(plan, wish.selection, wish.facets)
        degraded = (INCOMPLETE,) if hits.partial else ()
        return Found(
            results, hits.total, hits.relation, degraded=degraded, walk=walk, facets=counts
        )


def _little(ranked: Ranked) -> bool:
    return ranked.features.explained < ENOUGH
