"""Suggest titles and directors while a query is being typed.

It runs at every key stroke, so it is light: the plan of the words as typed, the last one
unfinished, in the engine's own order. Typos are expanded only when that finds nothing. There is no
reranking, since that compares complete queries.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from rapidfuzz.distance import OSA

from service.errors import Unavailable
from service.resilience.work_budget import WorkBudget
from service.search.engines.base import Engine, Hits
from service.search.query.parser import STOP_WORDS, Query
from service.search.query.plan import Plan
from service.search.query.typo_budget import MIN_FUZZY_LENGTH, ONE_EDIT
from service.search.retrieval.engine_search import PLAN_WORK
from service.search.retrieval.film_cache import FilmCache, FilmLabel
from service.search.retrieval.work_threads import WorkThreads, search_budget
from service.search.vocabulary.vocabulary import Vocabulary
from service.text.analysis import fold, tokenize

HITS_PER_SUGGESTION = 3  # films of one director or title make one suggestion

FetchFirstHits = Callable[[Plan, int], Awaitable[Hits]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to search for; a title comes with its best known film's id, year and directors."""

    text: Annotated[str, Field(description="The text to search for.", examples=["The Godfather"])]
    kind: Annotated[
        Literal["title", "director"], Field(description="What it is.", examples=["title"])
    ]
    movie_id: Annotated[
        str | None,
        Field(
            description="The film of a title.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"]
        ),
    ]
    year: Annotated[int | None, Field(description="That film's year.", examples=[1972])]
    directors: Annotated[
        tuple[str, ...],
        Field(
            description="That film's directors; empty for a director.",
            examples=[["Francis Ford Coppola"]],
        ),
    ]


class Autocomplete:
    """Complete what is being typed."""

    def __init__(
        self,
        engine: Engine,
        vocabulary: Vocabulary,
        film_cache: FilmCache,
        threads: WorkThreads | None = None,
    ) -> None:
        self._threads = threads or WorkThreads()
        self._engine = engine
        self._vocabulary = vocabulary
        self._film_cache = film_cache

    async def suggest(
        self,
        text: str,
        limit: int,
        fetch_hits: FetchFirstHits | None = None,
        budget: WorkBudget | None = None,
    ) -> tuple[Suggestion, ...]:
        """Return at most `limit` different suggestions, the likeliest first.

        Args:
            fetch_hits: returns the first hits of a plan; the engine by default.
            budget: the work that it may cause.

        Raises:
            Invalid: the text is empty, too long or unreadable.
            Unavailable: the index cannot be read.
        """
        query = Query.parse(text)
        hits = await self._fetch_with_typos(
            query,
            HITS_PER_SUGGESTION * limit,
            fetch_hits or self._fetch_from_engine,
            budget or search_budget(),
        )
        suggestions: dict[tuple[str, str], Suggestion] = {}
        for label in await self._film_cache.get_labels(hits.hits):
            for suggestion in _suggestions_for(query, label):
                suggestions.setdefault((suggestion.kind, fold(suggestion.text)), suggestion)
        return tuple(suggestions.values())[:limit]

    async def _fetch_with_typos(
        self, query: Query, limit: int, fetch_hits: FetchFirstHits, budget: WorkBudget
    ) -> Hits:
        hits = await fetch_hits(Plan.exact(query), limit)
        if hits.hits:
            return hits
        build = partial(Plan.fuzzy, query, self._vocabulary.within(budget))
        work = PLAN_WORK * len(query.core)
        return await fetch_hits(await self._threads.run(budget, work, build), limit)

    async def _fetch_from_engine(self, plan: Plan, limit: int) -> Hits:
        hits = await self._engine.search(plan, 0, limit)
        if hits.partial:  # among so few hits the best ones may be those that are missing
            raise Unavailable(
                "Completing takes too long now.", code="search_unavailable", retry_after=1
            )
        return hits


def _suggestions_for(query: Query, label: FilmLabel) -> list[Suggestion]:
    """Return the title if it is being typed, else the directors whose names are, else the title."""
    by_title = Suggestion(label.title, "title", label.film_id, label.year, tuple(label.directors))
    if any(_is_begun_by(query, title) for title in (label.title, *label.aliases)):
        return [by_title]
    directors = [name for name in label.directors if _is_begun_by(query, name)]
    return [Suggestion(name, "director", None, None, ()) for name in directors] or [by_title]


def _is_begun_by(query: Query, text: str) -> bool:
    """Return whether `text` has all words of the query, the last one perhaps unfinished."""
    text_words = tokenize(text)
    if "".join(text_words).startswith(query.compact_key):
        return True
    query_words = [word for word in query.title if word not in STOP_WORDS] or list(query.title)
    return all(
        any(_is_near(word, other, position == len(query_words) - 1) for other in text_words)
        for position, word in enumerate(query_words)
    )


def _is_near(typed: str, word: str, is_last: bool) -> bool:
    """Return whether `typed` is at most an edit away from `word`, or from its beginning."""
    length = len(typed)
    if word == typed or (is_last and word.startswith(typed)):
        return True
    if length < MIN_FUZZY_LENGTH:
        return False
    forms = {word[: length + more] for more in (-1, 0, 1)} if is_last else {word}
    return any(OSA.distance(typed, form, score_cutoff=ONE_EDIT) <= ONE_EDIT for form in forms)
