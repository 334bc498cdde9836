"""Curated queries, because a generator misspells titles only in ways that it knows.

Each line of `hard.tsv` is a query, the title of its film and the year. `@` and a name stand for all
films of that person. A fourth column has what `did_you_mean` must be, nothing for null. The queries
form a class of their own beside the generated ones; those behind a line `## name` form the class
`hard: name`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benches.films import JsonObject
from service.text.analysis import full_title_key

FILE = Path(__file__).with_suffix(".tsv")
CLASS_NAME = "hard"
CLASS_HEADING = "## "  # begins a class of its own, named behind it
PERSON_MARK = "@"


class CuratedQuery(NamedTuple):
    """One line: the wording is None if it does not matter, and empty for none."""

    text: str
    title: str
    year: int = 0
    wording: str | None = None

    @classmethod
    def parse(cls, line: str) -> "CuratedQuery":
        """Read a line of the file."""
        text, title, *rest = line.split("\t")
        return cls(text, title, int(rest[0]) if rest else 0, rest[1] if len(rest) > 1 else None)


def read_curated_queries(
    films: Sequence[JsonObject], lines: Iterable[str] | None = None
) -> list[JsonObject]:
    """Return the queries with the ids of their films.

    A film is right if it has the title and its year differs by one at most, since sources differ.

    Raises:
        LookupError: the film of a query is not among `films`.
    """
    by_title: dict[str, list[JsonObject]] = {}
    for film in films:
        by_title.setdefault(full_title_key(film["title"]), []).append(film)
    queries = []
    class_name = CLASS_NAME
    for line in FILE.read_text().splitlines() if lines is None else lines:
        if line.startswith(CLASS_HEADING):
            class_name = f"{CLASS_NAME}: {line.removeprefix(CLASS_HEADING)}"
        if not line or line.startswith("#"):
            continue
        query = CuratedQuery.parse(line)
        ids = [film["id"] for film in by_title.get(full_title_key(query.title), [])
               if abs((film["year"] or 0) - query.year) <= 1]  # fmt: skip
        if query.title.startswith(PERSON_MARK):
            ids = [film["id"] for film in films if _has_person(film, query.title[1:])]
        if not ids:
            raise LookupError(f"{query.title} ({query.year}) is not among the films")
        facts = {"q": query.text, "title": query.title, "year": query.year}
        wording = {} if query.wording is None else {"did_you_mean": query.wording or None}
        queries.append({**facts, "ids": ids, "class": class_name, **wording})
    return queries


def _has_person(film: JsonObject, name: str) -> bool:
    return any(name in film.get(role, []) for role in ("directors", "writers", "actors"))
