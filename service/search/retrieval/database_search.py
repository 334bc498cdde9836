"""Search while the engine is away: the database's own, with the same words and the same ranking.

Typos are expanded by the words that the indexer has left; where no indexer ever got to work, by
those of the films' own texts, read once in the background.

What it cannot do is said in `degraded`, in these words: `search_engine_away` always;
`typos_left_out` until any words are known;
`facets_left_out`; `cast_and_plot_left_out`; `later_results_left_out`, since only the hundred
ranked ones can be paged through; `similar_words_left_out` where the database has no trigrams.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from service.database.connection import is_postgres
from service.database.transactions import shield
from service.errors import Unavailable
from service.films.search_text import parse_writer_words
from service.limits import (
    DATABASE_SEARCH_CONCURRENCY_POSTGRES,
    DATABASE_SEARCH_CONCURRENCY_SQLITE,
    DATABASE_SEARCH_TIMEOUT,
)
from service.search.engines.base import Hits
from service.search.engines.sql import DatabaseEngine
from service.search.query.fields import DEFAULT_FIELDS, restrict_plan
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.ranking.did_you_mean import did_you_mean
from service.search.ranking.scorer import Ranked, rank
from service.search.ranking.sequels import promote_sequel
from service.search.retrieval.engine_search import (
    FUZZY_SUFFICIENT,
    RERANK_SIZE,
    ScoredFilm,
    SearchOptions,
    SearchResult,
)
from service.search.retrieval.film_cache import FilmCache
from service.search.vocabulary.vocabulary import Vocabulary

ENGINE_UNAVAILABLE = "search_engine_away"
IN_PLAINTEXT = (
    "tadjw"  # where its words may stand, by the letters of `MovieDocument.vocabulary_words`
)


def turns() -> int:
    """How many statements may run at the same time in this process."""
    return (
        DATABASE_SEARCH_CONCURRENCY_POSTGRES
        if is_postgres()
        else DATABASE_SEARCH_CONCURRENCY_SQLITE
    )


class DatabaseSearch:
    """Finds films in the database alone. Every method raises `Unavailable` when that takes too
    long, and the database's own errors. It is built when the database is bound.
    """

    def __init__(
        self, vocabulary: Vocabulary, shelf: FilmCache, deadline: float = DATABASE_SEARCH_TIMEOUT
    ) -> None:
        self._engine = DatabaseEngine()
        self._vocabulary = vocabulary
        self._own = Vocabulary()
        self._learning: asyncio.Task[None] | None = None
        self._shelf = shelf
        self._deadline = deadline
        self._turns = asyncio.Semaphore(turns())

    async def find(
        self, query: Query | None, limit: int, offset: int, wish: SearchOptions
    ) -> SearchResult:
        """As `Finder.find`, and without words as `Finder.browse`."""
        async with self._in_time():
            if query is not None and wish.typo_tolerance:
                await self._learn()
            if query is None or wish.sort != "relevance":
                return await self._listed(query, limit, offset, wish)
            return await self._ranked(query, limit, offset, wish)

    async def hits(self, plan: Plan, limit: int) -> Hits:
        """The first hits of a plan, in the database's order."""
        async with self._in_time():
            return await self._search(plan, 0, limit, SearchOptions())

    @contextlib.asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """The deadline of a whole search. The database may be well: what is away is search."""
        limit = asyncio.timeout(self._deadline)
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():  # the driver's own: there the database does not answer
                raise
            raise Unavailable(
                "Searching without the search engine takes too long now.",
                code="search_unavailable",
                retry_after=1,
            ) from None

    async def _search(
        self, plan: Plan | None, offset: int, limit: int, wish: SearchOptions
    ) -> Hits:
        return await self._in_turn(
            lambda: self._engine.search(plan, offset, limit, wish.filters, wish.sort)
        )

    async def _in_turn(self, statement: Callable[[], Awaitable[Hits]]) -> Hits:
        """A statement that may be long, when there is a turn.

        It keeps the turn until it ends, though its caller has given up: SQLite's one thread works
        on, and further statements would pile up behind it.
        """
        await self._turns.acquire()
        return await self._to_its_end(statement)

    @shield
    async def _to_its_end(self, statement: Callable[[], Awaitable[Hits]]) -> Hits:
        try:
            return await statement()
        finally:
            self._turns.release()

    async def _listed(
        self, query: Query | None, limit: int, offset: int, wish: SearchOptions
    ) -> SearchResult:
        plan = self._plan(query, wish) if query else None
        hits = await self._search(plan, offset, limit, wish)
        scored = [(hit.film_id, hit.score) for hit in hits.hits]
        films = await self._shelf.films([film_id for film_id, _ in scored])
        return SearchResult(
            tuple(ScoredFilm(films[i], score) for i, score in scored if i in films),
            hits.total,
            degraded=self._degraded(wish, query),
            query=query,
            has_more=offset + limit < hits.total,
        )

    async def _ranked(
        self, query: Query, limit: int, offset: int, wish: SearchOptions
    ) -> SearchResult:
        hits = await self._search(self._plan(query, wish), 0, RERANK_SIZE, wish)
        ranked, said, total = (
            await self._rank(query, hits, wish),
            list(self._degraded(wish, query)),
            hits.total,
        )
        if wish.typo_tolerance and (not ranked or ranked[0].features.explained < FUZZY_SUFFICIENT):
            loose = await self._loose(query, wish)
            if not await self._engine.knows_alike():
                said.append("similar_words_left_out")
            again = await self._rank(query, loose, wish)
            if again and (not ranked or again[0].score > ranked[0].score):
                ranked, total = again, loose.total
        page = ranked[offset : offset + limit]
        films = await self._shelf.films([r.candidate.film_id for r in page])
        if total > len(ranked):
            said.append("later_results_left_out")
        meant = did_you_mean(query, ranked[0]) if ranked and wish.typo_tolerance else None
        return SearchResult(
            tuple(
                ScoredFilm(films[r.candidate.film_id], r.score)
                for r in page
                if r.candidate.film_id in films
            ),
            total,
            did_you_mean=meant,
            degraded=tuple(said),
            query=query,
            has_more=offset + limit < len(ranked),
        )

    async def _loose(self, query: Query, wish: SearchOptions) -> Hits:
        """Films with words that look alike, or with any of the words."""
        if wish.fields & DEFAULT_FIELDS:
            alike = await self._in_turn(
                lambda: self._engine.alike(query, RERANK_SIZE, wish.filters)
            )
            if alike.hits:
                return alike
        plan = restrict_plan(Plan.relaxed(query, self._words), wish.fields, self._words, typos=True)
        return await self._search(plan, 0, RERANK_SIZE, wish)

    async def _rank(self, query: Query, hits: Hits, wish: SearchOptions) -> list[Ranked]:
        return promote_sequel(
            query, rank(query, await self._shelf.candidates(hits.hits, wish.fields))
        )

    def _plan(self, query: Query, wish: SearchOptions) -> Plan:
        plan = Plan.fuzzy(query, self._words) if wish.typo_tolerance else Plan.exact(query)
        return restrict_plan(plan, wish.fields, self._words, typos=wish.typo_tolerance)

    @property
    def _words(self) -> Vocabulary:
        return self._vocabulary if len(self._vocabulary) else self._own

    async def _learn(self) -> None:
        """Read words, if nobody left any; waits for them a moment, and else goes on without."""
        if len(self._vocabulary) or len(self._own):
            return
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._read_words())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._learning), self._deadline / 2)

    async def _read_words(self) -> None:
        words: set[str] = set()
        writers: set[str] = set()
        async for text, names in self._engine.texts():
            words.update(text.split())
            writers.update(parse_writer_words(names))

        def settle() -> None:
            self._own.add(place + word for word in sorted(words) for place in IN_PLAINTEXT)
            self._own.add("s" + word for word in sorted(writers))
            self._own.merge_pending()

        await asyncio.to_thread(settle)

    def _degraded(self, wish: SearchOptions, query: Query | None) -> tuple[str, ...]:
        said = [ENGINE_UNAVAILABLE]
        if query is not None and wish.typo_tolerance and not len(self._words):
            said.append("typos_left_out")
        if wish.facets:
            said.append("facets_left_out")
        if wish.fields & {"cast", "plot"}:
            said.append("cast_and_plot_left_out")
        return tuple(said)
