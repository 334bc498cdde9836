"""The commands in an operator's hands: 0 done, 1 failed with one clear line, 2 called wrongly."""

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import service_runner


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, str]:
    return service_runner.embedded(tmp_path)


def test_what_is_called_wrongly_ends_with_two(embedded: dict[str, str]) -> None:
    for words in (["nonsense"], ["load"], ["reindex", "--fast"]):
        assert service_runner.movies(embedded, *words).returncode == 2


def test_what_fails_says_so_in_one_line(embedded: dict[str, str]) -> None:
    unready = service_runner.movies(embedded, "load", "samples/films.jsonl")
    assert (unready.returncode, unready.stderr.count("\n")) == (1, 1)
    assert "movies migrate" in unready.stderr
    ill = service_runner.movies(embedded, "doctor")
    assert ill.returncode == 1
    assert "run `movies migrate`" in ill.stdout
    assert service_runner.movies(embedded, "migrate").returncode == 0
    missing = service_runner.movies(embedded, "load", "nowhere.jsonl")
    assert (missing.returncode, missing.stderr) == (1, "movies: there is no nowhere.jsonl\n")
    weak = service_runner.movies(embedded, "create-admin", "root", given="short\n")
    assert (weak.returncode, weak.stderr.count("\n")) == (1, 1)
    wrong = service_runner.movies({**embedded, "PORT": "many", "WORKERS": "-1"}, "serve")
    assert wrong.returncode == 1
    assert "PORT" in wrong.stderr and "WORKERS" in wrong.stderr


def test_two_migrations_at_once_both_end_well(embedded: dict[str, str]) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: service_runner.movies(embedded, "migrate"), range(2)))
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    assert service_runner.movies(embedded, "migrate").stdout == "the schema is up to date\n"


def test_samples_go_only_into_an_empty_catalogue(embedded: dict[str, str]) -> None:
    service_runner.movies(embedded, "migrate")
    first = service_runner.movies(embedded, "load", "--sample", "samples/films.jsonl")
    assert "500 added" in first.stdout
    again = service_runner.movies(embedded, "load", "--sample", "samples/films.jsonl")
    assert again.returncode == 0
    assert "no samples were loaded" in again.stdout


EARLIER = """
import asyncio, sys
from tortoise import Tortoise
from tortoise.migrations.api import migrate
from service.database.connection import tortoise_config

async def main():
    await migrate(config=tortoise_config(sys.argv[1]), target="movies.0002_open_outbox")
    await Tortoise.close_connections()

asyncio.run(main())
"""


def test_films_of_an_earlier_release_outlive_the_migrations(
    embedded: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", EARLIER, embedded["DATABASE_URL"]]
    subprocess.run(command, cwd=service_runner.ROOT, check=True, timeout=service_runner.STARTING)
    film: dict[str, object] = dict.fromkeys(("id", "title", "whole_title"), "jaws")
    film |= dict.fromkeys(("version", "counters", "poster_attempts"), 1)
    film |= dict.fromkeys(("genres", "directors", "writers", "actors"), '["Spielberg"]')
    film |= dict.fromkeys(("aliases", "languages", "countries"), "[]")
    film |= {"type": "movie", "poster_status": "missing", "source": "user"}
    film |= dict.fromkeys(("created_at", "updated_at"), "2026-01-01 00:00:00+00:00")
    with contextlib.closing(sqlite3.connect(tmp_path / "movies.db")) as old, old:
        marks = ", ".join("?" * len(film))
        old.execute(f"INSERT INTO films ({', '.join(film)}) VALUES ({marks})", [*film.values()])
    done = service_runner.movies(embedded, "migrate")
    assert done.returncode == 0, done.stderr
    with contextlib.closing(sqlite3.connect(tmp_path / "movies.db")) as new:
        [found] = new.execute("SELECT title, plaintext, nametext FROM films").fetchall()
    title, text, names = found
    assert title == "jaws" and "spielberg" in text
    assert {"@spielberg", "#spielberg", "=spielberg"} <= set(names.split())


def test_a_database_that_does_not_answer_is_one_line(embedded: dict[str, str]) -> None:
    away = {**embedded, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/movies"}
    for words in (["migrate"], ["search", "jaws"], ["load", "samples/films.jsonl"]):
        done = service_runner.movies(away, *words)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert "does not answer" in done.stderr


def test_a_shell_that_is_not_installed_is_named(embedded: dict[str, str]) -> None:
    for url, shell in (
        (embedded["DATABASE_URL"], "sqlite3"),
        ("postgres://127.0.0.1/movies", "psql"),
    ):
        done = service_runner.movies(
            {**embedded, "DATABASE_URL": url, "PATH": "/nowhere"}, "database"
        )
        assert (done.returncode, done.stderr) == (1, f"movies: {shell} is not installed\n")


@contextlib.contextmanager
def database_of(folder: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(folder / "movies.db", timeout=30)) as opened, opened:
        yield opened


@pytest.fixture
def indexed(embedded: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Three films that an indexer has indexed; it has ended since."""
    assert service_runner.movies(embedded, "migrate").returncode == 0
    titles = ("The Godfather", "Jaws", "Metropolis")
    (tmp_path / "films.jsonl").write_text("".join(f'{{"title": "{t}"}}\n' for t in titles))
    assert service_runner.movies(embedded, "load", str(tmp_path / "films.jsonl")).returncode == 0
    command = [sys.executable, "-m", "service", "indexer"]
    with subprocess.Popen(
        command, cwd=service_runner.ROOT, env=service_runner.settings(embedded)
    ) as indexer:
        deadline = time.monotonic() + service_runner.STARTING
        left = 1
        while left and time.monotonic() < deadline:
            with database_of(tmp_path) as database:
                [(left,)] = database.execute("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL")
            time.sleep(0.05)
        indexer.terminate()
        assert (indexer.wait(30), left) == (0, 0)
    return embedded


def test_what_differs_is_named_and_filed_for_repair(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    level = service_runner.movies(indexed, "check")
    assert (level.returncode, level.stdout) == (0, "0 of 3 films differ\n")
    with database_of(tmp_path) as database:
        database.execute("UPDATE films SET plot = 'by hand' WHERE title = 'Jaws'")
        database.execute("DELETE FROM films WHERE title = 'Metropolis'")
        database.execute("UPDATE outbox SET done_at = 1")
    found = service_runner.movies(indexed, "check")
    assert found.returncode == 1
    assert "2 of 2 films differ; `movies check --repair`" in found.stderr
    kinds = {line.split()[0] for line in found.stdout.splitlines()}
    assert kinds == {"stale", "orphaned"}
    repaired = service_runner.movies(indexed, "check", "--repair")
    assert (repaired.returncode, repaired.stdout.splitlines()[-1]) == (
        0,
        "2 of 2 films differ, and will be indexed",
    )
    with database_of(tmp_path) as database:
        [(filed,)] = database.execute("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL")
    assert filed == 2


def test_films_are_found_from_the_command_line_too(indexed: dict[str, str]) -> None:
    found = service_runner.movies(indexed, "search", "--explain", "godfahter")
    assert found.returncode == 0, found.stderr
    assert "The Godfather" in found.stdout and "1 film" in found.stdout
    assert "no film fits" in service_runner.movies(indexed, "search", "xyzzyplugh").stdout
    away = {**indexed, "SEARCH_URL": indexed["SEARCH_URL"] + "-elsewhere"}
    makeshift = service_runner.movies(away, "search", "godfather")
    assert makeshift.returncode == 0
    assert "The Godfather" in makeshift.stdout
    assert "degraded: search_engine_away" in makeshift.stderr


def test_a_rebuild_is_filed_and_one_that_was_called_off_is_told(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    filed = service_runner.movies(indexed, "reindex", "--no-wait")
    assert filed.returncode == 0
    assert filed.stdout.startswith("filed: /api/v1/admin/reindex/")
    second = service_runner.movies(indexed, "reindex")
    assert (second.returncode, second.stderr.count("\n")) == (1, 1)
    where = filed.stdout.split()[1]
    assert where in second.stderr

    def end(state: str) -> None:
        with database_of(tmp_path) as database:
            database.execute(
                "UPDATE reindex_jobs SET state = ?, active = NULL, reason = 'the disk is full', "
                "finished_at = '2026-01-01 00:00:00+00:00' WHERE finished_at IS NULL",
                [state],
            )

    end("cancelled")
    for state, told in (("cancelled", "was called off"), ("failed", "failed, the old index goes")):
        command = [sys.executable, "-m", "service", "reindex"]
        with subprocess.Popen(
            command,
            cwd=service_runner.ROOT,
            env=service_runner.settings(indexed),
            stderr=subprocess.PIPE,
            text=True,
        ) as waiting:
            deadline = time.monotonic() + service_runner.STARTING
            while waiting.poll() is None and time.monotonic() < deadline:
                end(state)
                time.sleep(0.1)
            assert waiting.stderr is not None
            assert (waiting.returncode, told in waiting.stderr.read()) == (1, True)
