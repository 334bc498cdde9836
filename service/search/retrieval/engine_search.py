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

from service.film_fields import FilmRow
from service.films.rows import get_film_row
from service.search.criteria.facets import FacetCounts, count_facets
from service.search.criteria.filters import NO_FILTERS, Facet, Filters
from service.search.criteria.sorting import Sort, precedence
from service.search.engines.base import Engine, Hit, Hits, Relation
from service.search.query.fields import DEFAULT_FIELDS, SearchFields, restrict_plan
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.query.spellcheck import has_misspelling
from service.search.query.synonyms import expand_nicknames
from service.search.ranking.did_you_mean import did_you_mean
from service.search.ranking.rerank_window import RerankWindow, rerank_cutoff
from service.search.ranking.scorer import Ranked, rank
from service.search.ranking.sequels import promote_sequel
from service.search.retrieval.cursors import Cursor, MatchStage, id_fingerprint
from service.search.retrieval.film_cache import FilmCache
from service.search.vocabulary.vocabulary import Vocabulary

RERANK_SIZE = 100  # hits that are looked at a second time
MAX_RERANK_READS = 1_000  # hits read to find those hundred again after others came before them
EXACT_SUFFICIENT = 0.995  # of the query explained: no typo is looked for
FUZZY_SUFFICIENT = 0.80  # of the query explained: the query is not loosened
PARTIAL_RESULTS = "some_results_left_out"  # said in `degraded`: the engine ran out of time


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How to search, beside the words."""

    filters: Filters = NO_FILTERS
    sort: Sort = "relevance"
    fields: SearchFields = DEFAULT_FIELDS
    typo_tolerance: bool = True
    facets: tuple[Facet, ...] = ()


DEFAULT_OPTIONS = SearchOptions()


@dataclass(frozen=True, slots=True)
class ScoredFilm:
    """One film that was found. Scores order the results of one query and mean nothing else."""

    film: FilmRow
    score: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of results, how many there are in all, and how to go on, if there are more.

    `query` is what was looked for in the end, with nicknames written out; none without words."""

    results: tuple[ScoredFilm, ...]
    total: int
    relation: Relation = "eq"
    did_you_mean: str | None = None
    degraded: tuple[str, ...] = ()
    cursor: Cursor | None = None
    facets: FacetCounts | None = None
    query: Query | None = None
    has_more: bool = False
    """Whether more follow, though there is no walk to them."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one plan gave, and its first hits in order."""

    rung: MatchStage
    query: Query
    plan: Plan
    hits: Hits
    head: RerankWindow


class EngineSearch:
    """Finds films by what people type."""

    def __init__(
        self, engine: Engine, vocabulary: Vocabulary, shelf: FilmCache | None = None
    ) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._shelf = shelf or FilmCache()

    async def find(
        self,
        text: str,
        limit: int,
        offset: int,
        wish: SearchOptions = DEFAULT_OPTIONS,
        walk: Cursor | None = None,
    ) -> SearchResult:
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
        if answer.head.ranked and wish.typo_tolerance and wish.fields == DEFAULT_FIELDS:
            meant = did_you_mean(answer.query, answer.head.ranked[0])
        return replace(found, query=answer.query, did_you_mean=meant)

    async def browse(
        self,
        limit: int,
        offset: int,
        wish: SearchOptions = DEFAULT_OPTIONS,
        walk: Cursor | None = None,
    ) -> SearchResult:
        """Films without any words; by relevance means the best known first.

        Raises:
            Unavailable: the index does not answer.
        """
        return await self._listed(None, limit, offset, wish, walk=walk)

    async def _by_imdb_id(
        self, query: Query, limit: int, offset: int, wish: SearchOptions
    ) -> SearchResult:
        assert query.imdb_id is not None
        film = await get_film_row(query.imdb_id)
        films = [] if film is None else [film]
        counts = count_facets(films, wish.filters, wish.facets) if wish.facets else None
        results = [ScoredFilm(film, 1.0) for film in filter(wish.filters.accepts, films)]
        page = tuple(results[offset : offset + limit])
        return SearchResult(page, len(results), facets=counts, query=query)

    async def _answer(self, query: Query, wish: SearchOptions) -> _Answer:
        if not (
            wish.typo_tolerance
            and wish.fields == DEFAULT_FIELDS
            and has_misspelling(query, self._vocabulary)
        ):
            exact = await self._ask(query, "exact", wish)
            enough = "plot" in wish.fields and exact.hits.total
            if not wish.typo_tolerance or exact.head.explained >= EXACT_SUFFICIENT or enough:
                return exact
        query = expand_nicknames(query) or query
        guessed = await self._ask(query, "guessed", wish)
        if guessed.head.explained >= FUZZY_SUFFICIENT or "plot" in wish.fields:
            return guessed
        if wish.sort != "relevance" and guessed.hits.total:
            return guessed  # what is sorted by year must not begin with what hardly fits
        loose = await self._ask(query, "loose", wish)
        return loose if loose.head.explained > guessed.head.explained else guessed

    async def _ask(self, query: Query, rung: MatchStage, wish: SearchOptions) -> _Answer:
        plan = self._plan(query, rung, wish)
        hits = await self._engine.search(plan, 0, RERANK_SIZE, selection=wish.filters)
        return _Answer(rung, query, plan, hits, await self._head(query, hits.hits, wish))

    def _plan(self, query: Query, rung: MatchStage, wish: SearchOptions) -> Plan:
        if rung == "exact":
            return restrict_plan(Plan.exact(query), wish.fields, self._vocabulary, typos=False)
        make = Plan.fuzzy if rung == "guessed" else Plan.relaxed
        plan = make(query, self._vocabulary)
        return restrict_plan(plan, wish.fields, self._vocabulary, typos=True)

    async def _head(self, query: Query, hits: Sequence[Hit], wish: SearchOptions) -> RerankWindow:
        if "plot" in wish.fields:  # what only a plot explains stays in the engine's order
            ranked = rank(query, await self._shelf.candidates(hits, wish.fields))
            at = {hit.film_id: place for place, hit in enumerate(hits)}
            ranked.sort(key=lambda r: at[r.candidate.film_id] if _little(r) else -1)
            return RerankWindow(ranked)
        count = rerank_cutoff(hits)
        ranked = rank(query, await self._shelf.candidates(hits[:count], wish.fields))
        return RerankWindow(promote_sequel(query, ranked), hits[count:])

    async def _first(
        self, answer: _Answer, limit: int, offset: int, wish: SearchOptions
    ) -> SearchResult:
        """A page by offset, the ranked hits first."""
        hits, head = answer.hits, answer.head.scored
        scored = head[offset : offset + limit]
        last = hits.hits[-1].sort_key if hits.hits else ()
        beyond = offset + limit - RERANK_SIZE
        if beyond > 0 and hits.total > RERANK_SIZE:
            start = max(offset, RERANK_SIZE)
            more = await self._engine.search(
                answer.plan, start, offset + limit - start, selection=wish.filters
            )
            hits = replace(hits, partial=hits.partial or more.partial)
            scored += [(hit.film_id, hit.score) for hit in more.hits]
            last = more.hits[-1].sort_key if more.hits else last
        count = offset + limit
        shown = (
            b"".join(id_fingerprint(film_id) for film_id, _ in head[:count]) if beyond < 0 else b""
        )
        walk = Cursor(answer.rung, last, count, shown) if count < hits.total and last else None
        return await self._found(scored, hits, walk, answer.plan, wish)

    async def _go_on(
        self, query: Query, limit: int, wish: SearchOptions, walk: Cursor
    ) -> SearchResult:
        if walk.stage != "exact":
            query = expand_nicknames(query) or query
        plan = self._plan(query, walk.stage, wish)
        if walk.shown:
            found = await self._rest_of_head(query, plan, limit, wish, walk)
        else:
            found = await self._listed(plan, limit, 0, wish, walk=walk, rung=walk.stage)
        return replace(found, query=query)

    async def _rest_of_head(
        self, query: Query, plan: Plan, limit: int, wish: SearchOptions, walk: Cursor
    ) -> SearchResult:
        """What was not shown of the first hits, and as much of the others as fills the page."""
        hits, first = await self._first_again(plan, wish, walk)
        head = await self._head(query, first, wish)
        left = [each for each in head.scored if not walk.has_returned(each[0])]
        scored = left[:limit]
        count = walk.count + limit
        if len(left) > limit:
            shown = walk.shown + b"".join(id_fingerprint(film_id) for film_id, _ in scored)
            return await self._found(
                scored, hits, replace(walk, count=count, shown=shown), plan, wish
            )
        room = limit - len(scored)
        more = await self._engine.search(
            plan, len(first), room + 1, selection=wish.filters, after=walk.sort_key
        )
        hits = replace(hits, partial=hits.partial or more.partial)
        scored += [(hit.film_id, hit.score) for hit in more.hits[:room]]
        further = None
        if len(more.hits) > room:
            place = more.hits[room - 1].sort_key if room else walk.sort_key
            further = Cursor(walk.stage, place, count)
        return await self._found(scored, hits, further, plan, wish)

    async def _first_again(
        self, plan: Plan, wish: SearchOptions, walk: Cursor
    ) -> tuple[Hits, list[Hit]]:
        """The hits up to the place where the first ones ended when the walk began."""
        end = precedence(None, walk.sort_key)
        head: list[Hit] = []
        while True:
            hits = await self._engine.search(
                plan, len(head), 2 * RERANK_SIZE, selection=wish.filters
            )
            within = [hit for hit in hits.hits if precedence(None, hit.sort_key) <= end]
            head += within
            if len(within) < 2 * RERANK_SIZE or len(head) >= MAX_RERANK_READS:
                return hits, head

    async def _listed(
        self,
        plan: Plan | None,
        limit: int,
        offset: int,
        wish: SearchOptions,
        *,
        walk: Cursor | None = None,
        rung: MatchStage = "exact",
    ) -> SearchResult:
        """A page in the order of a column, or of the engine's scores."""
        hits = await self._engine.search(
            plan,
            walk.count if walk else offset,
            limit + 1,
            selection=wish.filters,
            sort=wish.sort,
            after=walk.sort_key if walk else None,
        )
        page = hits.hits[:limit]
        count = (walk.count if walk else offset) + len(page)
        further = Cursor(rung, page[-1].sort_key, count) if len(hits.hits) > limit else None
        scored = [(hit.film_id, hit.score) for hit in page]
        return await self._found(scored, hits, further, plan, wish)

    async def _found(
        self,
        scored: Sequence[tuple[str, float]],
        hits: Hits,
        walk: Cursor | None,
        plan: Plan | None,
        wish: SearchOptions,
    ) -> SearchResult:
        films = await self._shelf.films([film_id for film_id, _ in scored])
        results = tuple(ScoredFilm(films[i], score) for i, score in scored if i in films)
        counts = None
        if wish.facets:
            counts = await self._engine.count(plan, wish.filters, wish.facets)
        degraded = (PARTIAL_RESULTS,) if hits.partial else ()
        return SearchResult(
            results, hits.total, hits.relation, degraded=degraded, cursor=walk, facets=counts
        )


def _little(ranked: Ranked) -> bool:
    return ranked.features.explained < FUZZY_SUFFICIENT
