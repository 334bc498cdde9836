"""What could be meant by what has been typed so far: titles and directors.

Asked at every key, so it is light: the plan of words as typed, their last one unfinished, in the
engine's own order; typos are looked for only when that finds nothing. Ranking is left out, since
it compares whole queries and the query is not whole yet.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import OSA

from service.errors import Unavailable
from service.search.engines.base import Engine, Hits
from service.search.query.parser import STOP_WORDS, Query
from service.search.query.plan import MIN_FUZZY_LENGTH, Plan
from service.search.retrieval.film_cache import FilmCache, FilmLabel
from service.search.vocabulary.vocabulary import Vocabulary
from service.text.analysis import fold, words

LOOKED_AT = 3  # hits per wanted suggestion: films of one director or title are one suggestion


HitsOf = Callable[[Plan, int], Awaitable[Hits]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to search for. For a title also its best known film and that film's year."""

    text: str
    kind: Literal["title", "director"]
    movie_id: str | None
    year: int | None


class Autocomplete:
    """Completes what people type."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary, shelf: FilmCache) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._shelf = shelf

    async def suggest(
        self, text: str, limit: int, hits_of: HitsOf | None = None
    ) -> tuple[Suggestion, ...]:
        """At most `limit` suggestions, each once, the likeliest first.

        Args:
            hits_of: who gives the first hits of a plan in the engine's place.

        Raises:
            Invalid: the text is empty, too long or unreadable.
            Unavailable: the index does not answer.
        """
        query = Query.parse(text)
        hits = await self._hits(query, LOOKED_AT * limit, hits_of or self._first)
        found: dict[tuple[str, str], Suggestion] = {}
        for label in await self._shelf.labels(hits.hits):
            for suggestion in _meant(query, label):
                found.setdefault((suggestion.kind, fold(suggestion.text)), suggestion)
        return tuple(found.values())[:limit]

    async def _hits(self, query: Query, limit: int, hits_of: HitsOf) -> Hits:
        hits = await hits_of(Plan.exact(query), limit)
        return hits if hits.hits else await hits_of(Plan.fuzzy(query, self._vocabulary), limit)

    async def _first(self, plan: Plan, limit: int) -> Hits:
        hits = await self._engine.search(plan, 0, limit)
        if hits.partial:  # few hits are looked at, so the best ones may be those that are missing
            raise Unavailable(
                "Completing takes too long now.", code="search_unavailable", retry_after=1
            )
        return hits


def _meant(query: Query, label: FilmLabel) -> list[Suggestion]:
    """The film's title if that is being typed, else the director whose name is, else the title."""
    title = Suggestion(label.title, "title", label.film_id, label.year)
    if any(_begun(query, one) for one in (label.title, *label.aliases)):
        return [title]
    directors = [name for name in label.directors if _begun(query, name)]
    return [Suggestion(name, "director", None, None) for name in directors] or [title]


def _begun(query: Query, text: str) -> bool:
    """Whether `text` has all words of the query, the last one perhaps unfinished."""
    there = words(text)
    if "".join(there).startswith(query.compact_key):
        return True
    typed = [word for word in query.title if word not in STOP_WORDS] or list(query.title)
    return all(
        any(_near(word, other, place == len(typed) - 1) for other in there)
        for place, word in enumerate(typed)
    )


def _near(typed: str, word: str, last: bool) -> bool:
    """Whether `word`, or where it is the last one its beginning, is `typed` but for a letter."""
    size = len(typed)
    if word == typed or (last and word.startswith(typed)):
        return True
    if size < MIN_FUZZY_LENGTH:
        return False
    forms = {word[: size + more] for more in (-1, 0, 1)} if last else {word}
    return any(OSA.distance(typed, form, score_cutoff=1) <= 1 for form in forms)
