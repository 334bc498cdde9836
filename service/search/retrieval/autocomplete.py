"""Suggest titles and names of people while a query is being typed.

Titles that begin as typed come first. It runs at every key stroke, so it is light: the plan of the
words as typed, the last one unfinished, in the engine's own order. Actors and writers are looked at
where titles and directors leave room for them. Typos are expanded only when all that finds nothing.
There is no reranking, since that compares complete queries.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Annotated, Literal

from pydantic import Field
from rapidfuzz.distance import OSA

from service.errors import Unavailable
from service.film_fields import FilmRow
from service.films.rows import get_film_row
from service.resilience.work_budget import WorkBudget
from service.search.criteria.filters import DEFAULT_FILTERS
from service.search.engines.base import Engine, Hits, IndexOutdated
from service.search.query.fields import SearchFields, restrict_plan
from service.search.query.noise import STOP_WORDS
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.query.typo_budget import MIN_FUZZY_LENGTH, ONE_EDIT
from service.search.retrieval.film_cache import FilmCache, FilmLabel, FilmPeople
from service.search.retrieval.stage_runner import PLAN_WORK
from service.search.retrieval.work_threads import WorkThreads, search_budget
from service.search.vocabulary.vocabulary import Vocabulary
from service.text import numerals
from service.text.analysis import fold, tokenize
from service.text.titles import full_title_keys, unique

HITS_PER_SUGGESTION = 3  # films of one director or title make one suggestion
MIN_PEOPLE_LETTERS = 3  # of what is typed; fewer begin the names of too many people
HITS_PER_ACRONYM = 20  # `m*a*s` begins many words that are none
_ACRONYM = re.compile(r"\W*[^\W\d_](?:[.*][^\W\d_])+")  # m*a*s  r.i.p
_CAPITALS = re.compile(r"\W*[A-Z]{2,}\b")

_PEOPLE: SearchFields = frozenset({"cast", "writer"})

SuggestionKind = Literal["title", "director", "actor", "writer"]
FetchFirstHits = Callable[[Plan, int], Awaitable[Hits]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to search for; a title comes with its best known film's id, year and directors."""

    text: Annotated[str, Field(description="The text to search for.", examples=["The Godfather"])]
    kind: Annotated[
        SuggestionKind,
        Field(
            description="What it is; a person who directs and acts is a director.",
            examples=["title"],
        ),
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
            description="That film's directors; empty for a person.",
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
        query = replace(Query.parse(text), is_unfinished=True)
        if query.imdb_id is not None:
            film = await get_film_row(query.imdb_id)
            return (_title_suggestion(film),) if film else ()
        fetch = fetch_hits or self._fetch_from_engine
        suggestions = await self._suggest_as_typed(query, text, limit, fetch)
        if not suggestions:
            suggestions = await self._suggest_with_typos(query, text, limit, fetch, budget)
        return tuple(suggestions)[:limit]

    async def _suggest_as_typed(
        self, query: Query, text: str, limit: int, fetch: FetchFirstHits
    ) -> list[Suggestion]:
        plan = Plan.exact(query)
        titles = await self._suggest_titles(query, text, limit, partial(fetch, plan))
        if len(titles) >= limit or len(query.compact_key) < MIN_PEOPLE_LETTERS:
            return titles
        plan = restrict_plan(plan, _PEOPLE, self._vocabulary, typos=False)
        return _merge(titles, await self._suggest_people(query, limit, fetch, plan))

    async def _suggest_with_typos(
        self, query: Query, text: str, limit: int, fetch: FetchFirstHits, budget: WorkBudget | None
    ) -> list[Suggestion]:
        budget = budget or search_budget()
        vocabulary = self._vocabulary.within(budget)

        def build_plans() -> tuple[Plan, Plan]:
            plan = Plan.fuzzy(query, vocabulary)
            return plan, restrict_plan(plan, _PEOPLE, vocabulary, typos=True)

        work = PLAN_WORK * len(query.core)
        plan, people_plan = await self._threads.run(budget, work, build_plans)
        titles = await self._suggest_titles(query, text, limit, partial(fetch, plan))
        if len(titles) >= limit or len(query.compact_key) < MIN_PEOPLE_LETTERS:
            return titles
        people = await self._suggest_people(query, limit, fetch, people_plan)
        return _merge(titles, people)

    async def _suggest_titles(
        self, query: Query, text: str, limit: int, fetch: Callable[[int], Awaitable[Hits]]
    ) -> list[Suggestion]:
        """Return titles, and directors whose names are being typed."""
        is_acronym = _ACRONYM.search(text) is not None
        hits = await fetch((HITS_PER_ACRONYM if is_acronym else HITS_PER_SUGGESTION) * limit)
        labels = await self._film_cache.get_labels(hits.hits)
        typed = unique("".join(words) for words in (query.core, *_number_forms(query)))
        labels.sort(key=lambda label: _begin_rank(typed, label, is_acronym))
        return _merge(s for label in labels for s in _suggestions_for(query, label))

    async def _suggest_people(
        self, query: Query, limit: int, fetch: FetchFirstHits, plan: Plan
    ) -> list[Suggestion]:
        """Return actors, then writers, whose names are being typed, by the order of their films."""
        if plan.matches_nothing:
            return []
        try:
            hits = await fetch(plan, HITS_PER_SUGGESTION * limit)
        except IndexOutdated:  # an index of an earlier release, until it is rebuilt
            return []
        return [
            Suggestion(name, kind, None, None, ())
            for film in await self._film_cache.get_people(hits.hits)
            for kind, names in _people_of(film)
            for name in names
            if _is_begun_by(query, name)
        ]

    async def _fetch_from_engine(self, plan: Plan, limit: int) -> Hits:
        hits = await self._engine.search(plan, 0, limit, filters=DEFAULT_FILTERS)
        if hits.partial:  # among so few hits the best ones may be those that are missing
            raise Unavailable(
                "Completing takes too long now.", code="search_unavailable", retry_after=1
            )
        return hits


def _merge(*lists: Iterable[Suggestion]) -> list[Suggestion]:
    """Return the suggestions of all lists in their order; each title and each person once."""
    suggestions: dict[tuple[bool, str], Suggestion] = {}
    for suggestion in chain.from_iterable(lists):
        suggestions.setdefault((suggestion.kind == "title", fold(suggestion.text)), suggestion)
    return list(suggestions.values())


def _people_of(film: FilmPeople) -> Iterator[tuple[SuggestionKind, tuple[str, ...]]]:
    yield "actor", film.actors
    yield "writer", film.writers


def _number_forms(query: Query) -> list[list[str]]:
    """Return the words with numbers in digits, which a numeral that is being typed may not be."""
    return [] if query.has_unfinished_numeral else [numerals.normalize_numerals(list(query.core))]


def _begin_rank(typed: tuple[str, ...], label: FilmLabel, is_acronym: bool) -> int:
    """Return 0 for the film of a title that begins as typed, 1 for any other.

    Behind letters with signs between them, only an acronym counts: for `m*a*s`, `MASH`.
    """
    for title in (label.title, *label.aliases):
        if is_acronym and not _ACRONYM.match(title) and not _CAPITALS.match(title):
            continue
        if any(key.startswith(typed) for key in full_title_keys(tokenize(title))):
            return 0
    return 1


def _title_suggestion(film: FilmLabel | FilmRow) -> Suggestion:
    film_id = film.film_id if isinstance(film, FilmLabel) else str(film.id)
    return Suggestion(film.title, "title", film_id, film.year, tuple(film.directors))


def _suggestions_for(query: Query, label: FilmLabel) -> list[Suggestion]:
    """Return the title if it is being typed, else the directors whose names are, else the title."""
    by_title = _title_suggestion(label)
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
