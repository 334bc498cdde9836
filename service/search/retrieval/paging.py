"""Pages of hits, for engine search and database search alike.

A page by relevance begins in the rerank window and continues in the engine's own order; a page by
another sort is the engine's order throughout.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from service.resilience.work_budget import WorkBudget
from service.search.criteria.sorting import SortKey, sort_precedence
from service.search.engines.base import Hit, Hits
from service.search.ranking.match_level import MatchLevel
from service.search.ranking.rerank_window import RerankWindow, ScoredHit
from service.search.retrieval.cursors import Cursor, MatchStage, id_fingerprint
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.search_request import (
    Degradation,
    Page,
    SearchHit,
    SearchResult,
)

RERANK_SIZE = 100  # hits that are reranked
MAX_RERANK_READS = 1_000  # hits read to find those hundred again after others came before them
PARTIAL_RESULTS: Degradation = "some_results_left_out"  # in `degraded`: the engine ran out of time

NO_LEVELS: Mapping[str, MatchLevel] = {}

FetchHits = Callable[[int, int, SortKey | None], Awaitable[Hits]]
"""Return the hits of one plan by offset, limit, and the sort key behind which to continue."""

Rerank = Callable[[Sequence[Hit]], Awaitable[RerankWindow]]
"""Rerank the first hits of one query."""


@dataclass(frozen=True, slots=True)
class HitPage:
    """One page of hits, before the films' rows are read."""

    scored: Sequence[ScoredHit]
    hits: Hits
    cursor: Cursor | None = None
    has_more: bool = False

    @property
    def unjudged(self) -> list[Hit]:
        """The hits whose match level is not known."""
        return [Hit(s.film_id, s.version, s.score) for s in self.scored if s.level is None]

    def mark(self, similar_titles: tuple[str, ...]) -> "HitPage":
        """Return the page with the titles that the search added in its cursor."""
        if self.cursor is None or not similar_titles:
            return self
        return replace(self, cursor=replace(self.cursor, similar_titles=similar_titles))

    async def load(
        self, films: FilmCache, budget: WorkBudget, levels: Mapping[str, MatchLevel] = NO_LEVELS
    ) -> SearchResult:
        """Read the films' rows; a hit whose row is gone is left out.

        Args:
            levels: the match levels of `unjudged` hits by film id; others have every word.
        """
        rows = await films.get_rows([scored.film_id for scored in self.scored], budget)
        return SearchResult(
            tuple(
                SearchHit(rows[s.film_id], s.score, s.level or levels.get(s.film_id, "all"))
                for s in self.scored
                if s.film_id in rows
            ),
            self.hits.total,
            self.hits.relation,
            degraded=(PARTIAL_RESULTS,) if self.hits.partial else (),
            cursor=self.cursor,
            has_more=self.has_more,
        )


async def fetch_sorted_page(
    fetch: FetchHits, stage: MatchStage, page: Page, level: MatchLevel | None = None
) -> HitPage:
    """Return a page in the order of a column, or of the engine's scores.

    Args:
        level: the best match level of the list, for the next pages.
    """
    start = page.cursor.count if page.cursor else page.offset
    hits = await fetch(start, page.limit + 1, page.cursor.sort_key if page.cursor else None)
    shown = hits.hits[: page.limit]
    has_more = len(hits.hits) > page.limit
    cursor = None
    if has_more and shown[-1].sort_key:
        cursor = Cursor(stage, shown[-1].sort_key, start + len(shown), level=level)
    return HitPage(_scored(shown), hits, cursor, has_more)


def cut_window_page(window: RerankWindow, hits: Hits, page: Page) -> HitPage:
    """Return the part of a page that lies in the rerank window."""
    if window.is_cut:
        hits = replace(hits, total=len(window.ranked), relation="eq")
    end = page.offset + page.limit
    return HitPage(window.slice(page.offset, end), hits, has_more=end < len(window))


async def fetch_reranked_page(
    fetch: FetchHits, window: RerankWindow, hits: Hits, stage: MatchStage, page: Page
) -> HitPage:
    """Return a page by offset: the rerank window first, then the engine's order."""
    window_page = cut_window_page(window, hits, page)
    scored, hits = list(window_page.scored), window_page.hits
    end = page.offset + page.limit
    sort_key = hits.hits[-1].sort_key if hits.hits else ()
    if end > RERANK_SIZE and hits.total > RERANK_SIZE and not window.is_cut:
        start = max(page.offset, RERANK_SIZE)
        tail = await fetch(start, end - start, None)
        hits = replace(hits, partial=hits.partial or tail.partial)
        scored += _scored(tail.hits)
        sort_key = tail.hits[-1].sort_key if tail.hits else sort_key
    cursor = None
    if end < hits.total and sort_key:
        returned = _fingerprints(window.slice(0, end)) if end < RERANK_SIZE else b""
        cursor = Cursor(stage, sort_key, end, returned, window.level, window.is_cut)
    return HitPage(scored, hits, cursor)


async def fetch_rest_of_window(
    fetch: FetchHits, rerank: Rerank, cursor: Cursor, limit: int
) -> HitPage:
    """Return what is left of the rerank window, filled up with hits behind it.

    The window is read and reranked again; `cursor` says which of its films were returned.
    """
    hits, window_hits = await _fetch_window(fetch, cursor)
    window = await rerank(window_hits)
    if cursor.is_cut:
        hits = replace(hits, total=len(window.ranked), relation="eq")
    rest = [entry for entry in window.scored if not cursor.has_returned(entry.film_id)]
    count = cursor.count + limit
    if len(rest) > limit:
        returned = cursor.returned + _fingerprints(rest[:limit])
        return HitPage(rest[:limit], hits, replace(cursor, count=count, returned=returned))
    if cursor.is_cut:
        return HitPage(rest, hits)
    room = limit - len(rest)
    tail = await fetch(len(window_hits), room + 1, cursor.sort_key)
    hits = replace(hits, partial=hits.partial or tail.partial)
    next_cursor = None
    if len(tail.hits) > room:
        sort_key = tail.hits[room - 1].sort_key if room else cursor.sort_key
        next_cursor = Cursor(cursor.stage, sort_key, count, level=cursor.level)
    return HitPage([*rest, *_scored(tail.hits[:room])], hits, next_cursor)


async def _fetch_window(fetch: FetchHits, cursor: Cursor) -> tuple[Hits, list[Hit]]:
    """Return the last hits read, and all hits up to where the window ended for the first page."""
    end = sort_precedence(None, cursor.sort_key)
    window: list[Hit] = []
    while True:
        hits = await fetch(len(window), 2 * RERANK_SIZE, None)
        within = [hit for hit in hits.hits if sort_precedence(None, hit.sort_key) <= end]
        window += within
        if len(within) < 2 * RERANK_SIZE or len(window) >= MAX_RERANK_READS:
            return hits, window


def _scored(hits: Sequence[Hit]) -> list[ScoredHit]:
    return [ScoredHit.from_hit(hit) for hit in hits]


def _fingerprints(scored: Sequence[ScoredHit]) -> bytes:
    return b"".join(id_fingerprint(hit.film_id) for hit in scored)
