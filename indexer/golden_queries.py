"""Trial queries before an index goes live: what people will ask first, asked of old and new.

The best-known films, by their titles as they are and with two letters swapped. Only what the words
of these films can answer is loaded, so a trial costs the same among a million films.
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

FILMS = 20  # titles that are tried
FIRST = 10  # hits among which the film must be, if the old index has it there
SHOWN = 3  # titles of each answer that the job keeps
LONG_ENOUGH = 6  # letters of a word that may be misspelt


@dataclass(frozen=True, slots=True)
class GoldenQuery:
    """One query: the film that is meant, and the first hits of either index."""

    query: str
    film_id: str
    expected: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def worse(self) -> bool:
        """Whether the old index finds the film and the new one does not."""
        return self.film_id in self.old and self.film_id not in self.new


async def run_golden_queries(
    open_engine: Callable[[str], Engine], old: str | None, new: str
) -> tuple[GoldenQuery, ...]:
    """The trial queries, asked of the index `old` (if there is one) and of `new`.

    Raises:
        Unavailable: an index does not answer.
    """
    films = await _best_known()
    vocabulary = Vocabulary()
    for film in films:
        with suppress(*DOCUMENT_ERRORS):  # of such a film there is no document to find
            vocabulary.add(MovieDocument.from_film(film).vocabulary_words())
    asked = [(text, film) for film in films for text in _typed(film.title)]
    answers: list[list[tuple[str, ...]]] = []
    for name in (old, new):
        engine = open_engine(name) if name else None
        if engine is None:
            answers.append([()] * len(asked))
            continue
        await engine.open()
        try:
            answers.append([await _first(engine, vocabulary, text) for text, _ in asked])
        finally:
            await engine.close()
    return tuple(
        GoldenQuery(text, str(film.id), film.title, *found)
        for (text, film), *found in zip(asked, *answers, strict=True)
    )


async def golden_report(found: tuple[GoldenQuery, ...]) -> list[dict[str, object]]:
    """The trials for people: titles in place of ids."""
    ids = {film_id for trial in found for film_id in (*trial.old[:SHOWN], *trial.new[:SHOWN])}
    titles = {str(film.id): film.title for film in await Film.filter(id__in=list(ids))}
    return [
        {
            "query": trial.query,
            "expected": trial.expected,
            "old": [titles.get(film_id, film_id) for film_id in trial.old[:SHOWN]],
            "new": [titles.get(film_id, film_id) for film_id in trial.new[:SHOWN]],
        }
        for trial in found
    ]


async def _best_known() -> list[Film]:
    known = await Film.filter(imdb_votes__gt=0).order_by("-imdb_votes", "id").limit(FILMS)
    return known or await Film.all().order_by("id").limit(FILMS)


async def _first(engine: Engine, vocabulary: Vocabulary, text: str) -> tuple[str, ...]:
    plan = Plan.fuzzy(Query.parse(text), vocabulary)
    hits = await engine.search(plan, 0, FIRST)
    return tuple(hit.film_id for hit in hits.hits)


def _typed(title: str) -> list[str]:
    """The title, and the title with two letters of its longest word swapped, if that is long."""
    try:
        Query.parse(title)
    except Invalid:
        return []  # longer than a query may be, or without a letter
    longest = max(title.split(), key=len)
    middle = len(longest) // 2
    swapped = longest[: middle - 1] + longest[middle] + longest[middle - 1] + longest[middle + 1 :]
    if len(longest) < LONG_ENOUGH or not longest.isalpha() or swapped == longest:
        return [title]
    return [title, title.replace(longest, swapped)]
