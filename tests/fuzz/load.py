"""Load random files: `python -m tests.fuzz.load --files 20000`.

Films of every shape, with odd values, in every format, with random damage to the bytes. Whatever a
file holds, loading it ends with a count that adds up or with one sentence, never with another
error. Each file is loaded twice into a catalogue that grows, where most of its films are already.
"""

import argparse
import asyncio
import csv
import gzip
import io
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Any

import structlog
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from service.clock import utc_now
from service.database import connection
from service.database.migrate import migrate
from service.errors import DomainError
from service.films.catalogue import Catalogue
from service.films.importer import UNFORESEEN_FAULT, FilmImporter, ImportProgress
from service.films.line_parser import OMDB_FIELDS, READERS, TMDB_FIELDS
from service.omdb.parser import parse_film
from service.outbox.notifications import notifier_for

ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "", " ", "N/A", "\\N", "None", "null", "nan", "1999.0", "2013–2008", "2013–", "9 947",
            "9\u202f947", "7,5", "87/100", "97%", "$1,000", "117 min", "2024 TV Special", "½" * 350,
            "ﷺ" * 40, "x" * 600, "a\x00b", "\ud800", "&amp;", "٣", "Drama, Crime", "http://[",
            "tt9500002", "TT00038675", " tt0073195 ", "tt٣٣٣٣٣٣٣", 10**30, -1, 1e308, float("nan"),
        ]
    ),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=8)), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)  # fmt: skip
INNER_NAMES = (
    "cast", "crew", "name", "job", "department", "english_name", "imdb", "value", "votes",
    "rotten_tomatoes", "metacritic", "Source", "Value",
)  # fmt: skip
NESTED_VALUES = st.recursive(
    ODD_VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(INNER_NAMES), inner, max_size=3),
    ),
    max_leaves=4,
)
ALL_FIELDS = sorted({*READERS, *OMDB_FIELDS, *TMDB_FIELDS, "id"})
TITLES = st.one_of(
    st.sampled_from(["Jaws", "Alien", "Heat", "Nameless", "Solaris", "½", "七人の侍"]),
    st.text(max_size=12),
)
NAMES = st.lists(st.sampled_from(["Ann Lee", "Bo Å", "C. D."]), max_size=2)
IMDB_IDS = st.integers(1, 60).map("tt{:07}".format)
YEARS = st.integers(1900, 2030)

SHAPES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "own": {
        "title": TITLES, "imdb_id": IMDB_IDS, "year": YEARS, "end_year": YEARS,
        "type": st.sampled_from(["movie", "series", "episode", "game"]), "genres": NAMES,
        "directors": NAMES, "actors": NAMES, "aliases": NAMES, "released": st.just("1975-06-20"),
        "runtime_minutes": st.integers(1, 300), "poster_url": st.just("https://films.example/a"),
        "ratings": st.fixed_dictionaries({"imdb": st.just({"value": 7.1, "votes": 12})}),
        "id": st.uuids().map(str), "version": st.integers(1, 9), "yeer": YEARS,
    },
    "omdb": {
        "Title": TITLES, "imdbID": IMDB_IDS, "Year": YEARS.map(str), "Type": st.just("movie"),
        "Genre": st.just("Drama, Crime"), "Director": st.just("Ann Lee"),
        "imdbRating": st.just("8.1"),
        "imdbVotes": st.just("1,234"), "Runtime": st.just("117 min"), "Poster": st.just("N/A"),
        "Metascore": st.just("87"), "Ratings": st.just([{"Source": "x", "Value": "97%"}]),
        "Released": st.just("20 Jun 1975"), "BoxOffice": st.just("$1,000"),
        "Response": st.just("True"),
    },
    "compact": {
        "name": TITLES, "director": st.just("Ann Lee"), "imdb_score": st.floats(0, 10),
        "genre": st.just(["Drama", " Crime"]), "99popularity": st.floats(0, 100),
    },
    "tmdb": {
        "title": TITLES, "original_title": TITLES, "imdb_id": IMDB_IDS, "id": st.integers(1, 99),
        "release_date": st.just("1975-06-20"), "vote_average": st.floats(0, 10),
        "vote_count": st.integers(0, 99), "genres": st.just([{"id": 1, "name": "Drama"}]),
        "spoken_languages": st.just([{"iso_639_1": "en", "english_name": "English"}]),
        "production_countries": st.just([{"iso_3166_1": "US", "name": "United States"}]),
        "runtime": st.integers(1, 200), "revenue": st.integers(0, 10**9),
        "genre_ids": st.just([18]),
    },
}  # fmt: skip
FORMATS = ("lines", "array", "indented array", "objects", "csv", "tsv")
FILES_PER_RUN = 200  # after so many it is looked at whether time is up
SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", ".txt", ".json.gz", "")


@st.composite
def films(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one film of any shape, some of whose values are odd or missing."""
    fields = SHAPES[draw(st.sampled_from(sorted(SHAPES)))]
    film = {}
    for name, values in fields.items():
        choice = draw(st.integers(0, 19))
        if choice == 19:
            film[name] = draw(ODD_VALUES)
        elif choice < 8 or (choice < 18 and values is TITLES):
            film[name] = draw(values)
    if draw(st.integers(0, 3)) == 0:
        film[draw(st.sampled_from(ALL_FIELDS))] = draw(NESTED_VALUES)
    return film


@st.composite
def damage(draw: st.DrawFn, content: bytes) -> bytes:
    """Draw `content` with up to three pieces deleted, repeated, overwritten or inserted."""
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        piece = content[start:end]
        replacement = draw(st.one_of(st.just(b""), st.just(piece * 2), st.binary(max_size=8)))
        content = content[:start] + replacement + content[end:]
    return content


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw the name and the bytes of a file."""
    rows, form = draw(st.lists(films(), max_size=5)), draw(st.sampled_from(FORMATS))
    content = encode(rows, form).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 3)) == 0:
        content = b"\xef\xbb\xbf" + content
    if draw(st.integers(0, 19)) == 0:
        content = encode(rows, form).encode("utf-16", "surrogatepass")
    if draw(st.integers(0, 19)) == 0:
        content *= 2
    if draw(st.booleans()):
        content = draw(damage(content))
    if draw(st.integers(0, 3)) == 0:
        content = gzip.compress(content, 1, mtime=0)
        if draw(st.booleans()):
            content = draw(damage(content))
    return "films" + draw(st.sampled_from(SUFFIXES)), content


def encode(rows: list[dict[str, Any]], form: str) -> str:
    """Return the films as text in one of the formats."""
    if form in ("csv", "tsv"):
        header = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, header, delimiter="," if form == "csv" else "\t")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()
    if form == "lines":
        return "\n".join(json.dumps(row, ensure_ascii=len(rows) % 2 == 0) for row in rows)
    if form == "objects":
        return "\n".join(json.dumps(row, indent=2) for row in rows)
    return json.dumps(rows, indent=2 if form == "indented array" else None)


async def load(importer: FilmImporter, path: Path) -> tuple[ImportProgress, str | None]:
    """Return the last progress of loading a file, and the sentence with which it broke off."""
    progress = ImportProgress()
    try:
        async with aclosing(importer.import_file(path)) as steps:
            async for latest in steps:
                progress = latest
    except DomainError as error:
        return progress, error.detail
    return progress, None


def check_counts(progress: ImportProgress) -> None:
    parts = (progress.added, progress.changed, progress.same, progress.left_out)
    note(f"read {progress.read}, added, changed, same, left out {parts}: {progress.bad_lines}")
    assert progress.read == sum(parts)
    assert not [line for line in progress.bad_lines if line.reason == UNFORESEEN_FAULT]


def fuzz(database_url: str, folder: Path, max_files: int, seconds: float) -> Counter[str]:
    """Load up to `max_files` random files, for `seconds` at most; return what happened.

    Raises:
        AssertionError: or whatever error a file caused, with the smallest such file.
    """
    counts: Counter[str] = Counter()
    ends_at = time.monotonic() + seconds
    with asyncio.Runner() as runner:
        runner.run(migrate(database_url))
        runner.run(connection.open_database(database_url))
        notifier = notifier_for(database_url)
        importer = FilmImporter(Catalogue(notifier, utc_now), parse_film, batch_size=3)

        @settings(
            max_examples=min(max_files, FILES_PER_RUN),
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @given(files())
        def load_twice(file: tuple[str, bytes]) -> None:
            path = folder / file[0]
            path.write_bytes(file[1])
            progress, sentence = runner.run(load(importer, path))
            check_counts(progress)
            again, same_sentence = runner.run(load(importer, path))
            check_counts(again)
            assert (again.read, same_sentence) == (progress.read, sentence)
            assert (again.added, again.changed) == (0, 0)
            for name in ("read", "added", "changed", "same", "left_out"):
                counts[name] += getattr(progress, name)
            counts["files"] += 1
            counts["broken off"] += sentence is not None

        try:
            while counts["files"] < max_files and time.monotonic() < ends_at:
                load_twice()
        finally:
            runner.run(notifier.close())
            runner.run(connection.close_database())
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--database", help="the URL of an empty database; by default a new SQLite")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a disk would be most of the time
    with tempfile.TemporaryDirectory(prefix="movies-fuzz-", dir=memory) as name:
        folder = Path(name)
        url = options.database or f"sqlite://{folder}/movies.db"
        counts = fuzz(url, folder, options.files, options.seconds)
    print(", ".join(f"{name} {count}" for name, count in counts.items()))
    sys.exit(0 if counts["files"] else "no file was loaded")


if __name__ == "__main__":
    main()
