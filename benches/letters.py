"""Curated queries in other letters: signs that look alike, parts of words, scripts, layouts, ids.

Each line of `letters.tsv` is a class, a query, the title of its film and the year. The films that
the data lacks, since it has Latin titles only, are added to it.
"""

from collections.abc import Sequence
from pathlib import Path

from benches.films import JsonObject
from benches.hard import CLASS_NAME, read_curated_queries

FILE = Path(__file__).with_suffix(".tsv")


def read_letter_lines() -> list[tuple[str, str]]:
    """Return the class of each line, and the rest, which is a line as in `hard.tsv`."""
    lines = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition("\t") for line in lines)]


def add_letter_films(films: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the films, and those of the queries that are not among them."""
    stored = {(film["title"], film["year"]) for film in films}
    added = []
    for _, line in read_letter_lines():
        _, title, year_text = line.split("\t")
        if any((title, int(year_text) + near) in stored for near in (-1, 0, 1)):
            continue
        stored.add((title, int(year_text)))
        added.append(_describe_film(title, int(year_text)))
    return [*films, *added]


def read_letter_queries(films: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the queries with the ids of their films, which are among `films`."""
    return [
        query | {"class": f"{CLASS_NAME}: {class_name}"}
        for class_name, line in read_letter_lines()
        for query in read_curated_queries(films, [line])
    ]


def _describe_film(title: str, year: int) -> JsonObject:
    return {
        "id": f"{title} {year}",
        "imdb_id": None,
        "title": title,
        "alt_titles": [],
        "year": year,
        "directors": [],
        "genres": [],
        "rating": None,
        "votes": 0,
    }
