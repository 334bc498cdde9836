"""Curated queries, because a generator misspells titles only in ways that it knows.

Each line of `hard.tsv` is a query, the title of its film and the year. The queries form a class of
their own beside the generated ones; those behind a line `## name` form the class `hard: name`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from benches.films import JsonObject
from service.text.analysis import full_title_key

FILE = Path(__file__).with_suffix(".tsv")
CLASS_NAME = "hard"
CLASS_HEADING = "## "  # begins a class of its own, named behind it


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
        typed, title, year_text = line.split("\t")
        year = int(year_text)
        ids = [
            f["id"]
            for f in by_title.get(full_title_key(title), [])
            if abs((f["year"] or 0) - year) <= 1
        ]
        if not ids:
            raise LookupError(f"{title} ({year}) is not among the films")
        queries.append({"q": typed, "ids": ids, "class": class_name, "title": title, "year": year})
    return queries
