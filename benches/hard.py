"""Queries that were made by hand, because a generator spoils titles only in ways that it knows.

`hard.tsv` has one a line: what is typed, the title and the year of the film that is meant. They are
asked like the generated ones, as a class of their own.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from benches.films import JsonObject
from service.text.analysis import full_title_key

FILE = Path(__file__).with_suffix(".tsv")
CLASS_NAME = "hard"


def read_curated_queries(
    films: Sequence[JsonObject], lines: Iterable[str] | None = None
) -> list[JsonObject]:
    """Return the queries, with the ids of the right films.

    Those have the title and the year, or a year next to it, since sources differ.

    Raises:
        LookupError: a film is not among `films`, so that its query could only be missed.
    """
    by_title: dict[str, list[JsonObject]] = {}
    for film in films:
        by_title.setdefault(full_title_key(film["title"]), []).append(film)
    queries = []
    for line in FILE.read_text().splitlines() if lines is None else lines:
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
        queries.append({"q": typed, "ids": ids, "class": CLASS_NAME, "title": title, "year": year})
    return queries
