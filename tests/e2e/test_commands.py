"""The commands in an operator's hands: 0 done, 1 failed with one clear line, 2 called wrongly."""

import contextlib
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import running


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite://{tmp_path}/movies.db",
        "SEARCH_URL": f"tantivy://{tmp_path}/index",
        "CACHE_URL": "memory://",
        "POSTERS_URL": f"file://{tmp_path}/posters",
        "JWT_SECRET": "a secret that is only used by tests, 32+",
    }


def test_what_is_called_wrongly_ends_with_two(embedded: dict[str, str]) -> None:
    for words in (["nonsense"], ["load"], ["reindex", "--fast"]):
        assert running.movies(embedded, *words).returncode == 2


def test_what_fails_says_so_in_one_line(embedded: dict[str, str]) -> None:
    unready = running.movies(embedded, "load", "samples/films.jsonl")
    assert (unready.returncode, unready.stderr.count("\n")) == (1, 1)
    assert "movies migrate" in unready.stderr
    ill = running.movies(embedded, "doctor")
    assert ill.returncode == 1
    assert "run `movies migrate`" in ill.stdout
    assert running.movies(embedded, "migrate").returncode == 0
    missing = running.movies(embedded, "load", "nowhere.jsonl")
    assert (missing.returncode, missing.stderr) == (1, "movies: there is no nowhere.jsonl\n")
    weak = running.movies(embedded, "create-admin", "root", given="short\n")
    assert (weak.returncode, weak.stderr.count("\n")) == (1, 1)
    wrong = running.movies({**embedded, "PORT": "many", "WORKERS": "-1"}, "serve")
    assert wrong.returncode == 1
    assert "PORT" in wrong.stderr and "WORKERS" in wrong.stderr


def test_two_migrations_at_once_both_end_well(embedded: dict[str, str]) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: running.movies(embedded, "migrate"), range(2)))
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    assert running.movies(embedded, "migrate").stdout == "the schema is up to date\n"


def test_samples_go_only_into_an_empty_catalogue(embedded: dict[str, str]) -> None:
    running.movies(embedded, "migrate")
    first = running.movies(embedded, "load", "--sample", "samples/films.jsonl")
    assert "500 added" in first.stdout
    again = running.movies(embedded, "load", "--sample", "samples/films.jsonl")
    assert again.returncode == 0
    assert "no samples were loaded" in again.stdout


EARLIER = """
import asyncio, sys
from tortoise import Tortoise
from tortoise.migrations.api import migrate
from service.database import config

async def main():
    await migrate(config=config(sys.argv[1]), target="movies.0002_open_outbox")
    await Tortoise.close_connections()

asyncio.run(main())
"""


def test_films_of_an_earlier_release_outlive_the_migrations(
    embedded: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", EARLIER, embedded["DATABASE_URL"]]
    subprocess.run(command, cwd=running.ROOT, check=True, timeout=running.STARTING)
    film: dict[str, object] = dict.fromkeys(("id", "title", "whole_title"), "jaws")
    film |= dict.fromkeys(("version", "counters", "poster_attempts"), 1)
    film |= dict.fromkeys(("genres", "directors", "writers", "actors"), '["Spielberg"]')
    film |= dict.fromkeys(("aliases", "languages", "countries"), "[]")
    film |= {"type": "movie", "poster_status": "missing", "source": "user"}
    film |= dict.fromkeys(("created_at", "updated_at"), "2026-01-01 00:00:00+00:00")
    with contextlib.closing(sqlite3.connect(tmp_path / "movies.db")) as old, old:
        marks = ", ".join("?" * len(film))
        old.execute(f"INSERT INTO films ({', '.join(film)}) VALUES ({marks})", [*film.values()])
    done = running.movies(embedded, "migrate")
    assert done.returncode == 0, done.stderr
    with contextlib.closing(sqlite3.connect(tmp_path / "movies.db")) as new:
        [(title, text)] = new.execute("SELECT title, plaintext FROM films").fetchall()
    assert title == "jaws" and "spielberg" in text
