"""Films with a cast and writers: `films_with_cast.tsv`, and the samples that have a cast."""

from pathlib import Path
from typing import Any

from tests.support.sample_catalogue import load_sample_films

FILE = Path(__file__).with_name("films_with_cast.tsv")
NAME_SEPARATOR = "; "


def load_cast_films() -> list[dict[str, Any]]:
    """Return the facts of each film, best known first as far as votes are stated."""
    lines = [line for line in FILE.read_text().splitlines() if not line.startswith("#")]
    samples = [film for film in load_sample_films() if film.get("actors")]
    return [*samples, *map(_parse_line, lines)]


def _parse_line(line: str) -> dict[str, Any]:
    title, year, *names = line.split("\t")
    people = [text.split(NAME_SEPARATOR) if text else [] for text in names]
    directors, writers, actors = people
    return {
        "title": title,
        "year": int(year),
        "directors": directors,
        "writers": writers,
        "actors": actors,
    }
