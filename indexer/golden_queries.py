"""Golden queries: searches for known films that both the old and the new index must answer.

They are the most popular films' titles, as they are and with two letters swapped. The vocabulary
holds only the words of these films, so the check costs the same with a million films.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from service.errors import Invalid
from service.films.models import Film
from service.search.engines.base import Engine
from service.search.index.document import DOCUMENT_ERRORS, MovieDocument
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.vocabulary.vocabulary import Vocabulary

FILM_COUNT = 20  # films that are searched for
MAX_RANK = 10  # the film must be among this many hits, if it is in the old index
REPORTED_TITLES = 3  # of each index's hits, stored in the job
MIN_TYPO_LENGTH = 6  # letters of a word that may be misspelt


@dataclass(frozen=True, slots=True)
class GoldenQuery:
    """One query: the film that it should find, and the first hits of both indexes, as film ids."""

    text: str
    film_id: str
    title: str
    old_hits: tuple[str, ...]
    new_hits: tuple[str, ...]

    @property
    def is_regression(self) -> bool:
        """Return whether the old index finds the film and the new one does not."""
        return self.film_id in self.old_hits and self.film_id not in self.new_hits


async def run_golden_queries(
    build_engine: Callable[[str], Engine], old: str | None, new: str
) -> tuple[GoldenQuery, ...]:
    """Run the golden queries on the index `old`, if there is one, and on `new`.

    Raises:
        Unavailable: an index does not answer.
    """
    films = await _load_popular_films()
    vocabulary = Vocabulary()
    for film in films:
        with suppress(*DOCUMENT_ERRORS):  # such a film has no document that could be found
            vocabulary.add(MovieDocument.from_film(film).vocabulary_words())
    queries = [(text, film) for film in films for text in _query_variants(film.title)]
    hits_of_indexes: list[list[tuple[str, ...]]] = []
    for name in (old, new):
        if not name:
            hits_of_indexes.append([()] * len(queries))
            continue
        engine = build_engine(name)
        await engine.open()
        try:
            hits_of_indexes.append([await _search(engine, vocabulary, text) for text, _ in queries])
        finally:
            await engine.close()
    return tuple(
        GoldenQuery(text, str(film.id), film.title, *hits)
        for (text, film), *hits in zip(queries, *hits_of_indexes, strict=True)
    )


async def summarize_golden_queries(queries: tuple[GoldenQuery, ...]) -> list[dict[str, object]]:
    """Return the queries as the job's row stores them: with titles in place of ids."""
    ids = {
        film_id
        for query in queries
        for film_id in (*query.old_hits[:REPORTED_TITLES], *query.new_hits[:REPORTED_TITLES])
    }
    titles = {str(film.id): film.title for film in await Film.filter(id__in=list(ids))}
    return [
        {
            "query": query.text,
            "expected": query.title,
            "old": [titles.get(film_id, film_id) for film_id in query.old_hits[:REPORTED_TITLES]],
            "new": [titles.get(film_id, film_id) for film_id in query.new_hits[:REPORTED_TITLES]],
        }
        for query in queries
    ]


async def _load_popular_films() -> list[Film]:
    """Return the films with the most votes; where there are no votes, the oldest rows."""
    popular = await Film.filter(imdb_votes__gt=0).order_by("-imdb_votes", "id").limit(FILM_COUNT)
    return popular or await Film.all().order_by("id").limit(FILM_COUNT)


async def _search(engine: Engine, vocabulary: Vocabulary, text: str) -> tuple[str, ...]:
    plan = Plan.fuzzy(Query.parse(text), vocabulary)
    hits = await engine.search(plan, 0, MAX_RANK)
    return tuple(hit.film_id for hit in hits.hits)


def _query_variants(title: str) -> list[str]:
    """Return the title as typed correctly and, if its longest word is long enough, misspelt.

    The misspelt title has two letters of that word swapped.
    """
    try:
        Query.parse(title)
    except Invalid:
        return []  # longer than a query may be, or without a letter
    longest = max(title.split(), key=len)
    middle = len(longest) // 2
    swapped = longest[: middle - 1] + longest[middle] + longest[middle - 1] + longest[middle + 1 :]
    if len(longest) < MIN_TYPO_LENGTH or not longest.isalpha() or swapped == longest:
        return [title]
    return [title, title.replace(longest, swapped)]
