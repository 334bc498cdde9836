"""The commands as an operator runs them: 0 done, 1 failed with one clear line, 2 called wrongly."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.service_runner import (
    START_TIMEOUT,
    embedded_settings,
    process_environment,
    run_command,
)

SAMPLES = "samples/films.jsonl"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return embedded_settings(tmp_path)


def test_wrong_arguments_end_with_2(environment: dict[str, str]) -> None:
    for words in (["nonsense"], ["load"], ["reindex", "--fast"]):
        assert run_command(environment, *words).returncode == 2


def test_the_version_is_printed_without_settings() -> None:
    run = run_command({"PORT": "many"}, "--version")
    assert (run.returncode, run.stdout.split()[0]) == (0, "movies")


def test_failures_are_explained_in_one_line(environment: dict[str, str]) -> None:
    doctor = run_command(environment, "doctor")
    assert doctor.returncode == 1
    assert "run `movies migrate`" in doctor.stdout
    assert run_command(environment, "migrate").returncode == 0
    missing = run_command(environment, "load", "nowhere.jsonl")
    assert (missing.returncode, missing.stderr) == (
        1,
        "movies: nowhere.jsonl: it does not exist; create it, or correct the path\n",
    )
    weak = run_command(environment, "create-admin", "root", stdin="short\n")
    assert (weak.returncode, weak.stderr.count("\n")) == (1, 1)
    wrong = run_command({**environment, "PORT": "many", "WORKERS": "-1"}, "serve")
    assert wrong.returncode == 1
    assert "PORT" in wrong.stderr and "WORKERS" in wrong.stderr


def test_two_migrations_at_once_both_succeed(environment: dict[str, str]) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: run_command(environment, "migrate"), range(2)))
    assert [run.returncode for run in runs] == [0, 0], [run.stderr for run in runs]
    assert run_command(environment, "migrate").stdout == "the schema is up to date\n"


def test_samples_are_loaded_only_into_an_empty_catalogue(environment: dict[str, str]) -> None:
    run_command(environment, "migrate")
    first = run_command(environment, "load", "--sample")
    assert "500 added" in first.stdout
    second = run_command(environment, "load", "--sample", SAMPLES)
    assert second.returncode == 0
    assert "no samples were loaded" in second.stdout


MIGRATE_TO_EARLIER_RELEASE = """
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
    environment: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", MIGRATE_TO_EARLIER_RELEASE, environment["DATABASE_URL"]]
    subprocess.run(command, cwd=ROOT, check=True, timeout=START_TIMEOUT)
    film: dict[str, object] = dict.fromkeys(("id", "title", "whole_title"), "jaws")
    film |= dict.fromkeys(("version", "counters", "poster_attempts"), 1)
    film |= dict.fromkeys(("genres", "directors", "writers", "actors"), '["Spielberg"]')
    film |= dict.fromkeys(("aliases", "languages", "countries"), "[]")
    film |= {"type": "movie", "poster_status": "missing", "source": "user"}
    film |= dict.fromkeys(("created_at", "updated_at"), "2026-01-01 00:00:00+00:00")
    with open_database(tmp_path) as database:
        marks = ", ".join("?" * len(film))
        database.execute(
            f"INSERT INTO films ({', '.join(film)}) VALUES ({marks})", [*film.values()]
        )
    run = run_command(environment, "migrate")
    assert run.returncode == 0, run.stderr
    with open_database(tmp_path) as database:
        [row] = database.execute("SELECT title, plaintext, nametext FROM films").fetchall()
    title, plaintext, nametext = row
    assert title == "jaws" and "spielberg" in plaintext
    assert {"@spielberg", "#spielberg", "=spielberg"} <= set(nametext.split())


def test_an_unreachable_database_is_reported_in_one_line(environment: dict[str, str]) -> None:
    unreachable = {**environment, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/movies"}
    for words in (["migrate"], ["search", "jaws"], ["load", SAMPLES]):
        run = run_command(unreachable, *words)
        assert (run.returncode, run.stderr.count("\n")) == (1, 1), run.stderr
        assert run.stderr == (
            "movies: the database at 127.0.0.1:1/movies: "
            "nothing listens there; start it, or correct host and port\n"
        )


def test_a_folder_or_other_file_in_place_of_the_database_is_named(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("not a database at all\n" * 100)
    (tmp_path / "folder").mkdir()
    for name, words in (("text", "is not an SQLite database"), ("folder", "it is a folder")):
        url = f"sqlite://{tmp_path}/{name}"
        run = run_command({**environment, "DATABASE_URL": url}, "migrate")
        assert (run.returncode, run.stderr.count("\n")) == (1, 1), run.stderr
        assert f"{tmp_path}/{name}" in run.stderr and words in run.stderr


def test_the_doctor_names_place_cause_and_remedy_without_a_password(
    environment: dict[str, str],
) -> None:
    broken = {
        **environment,
        "DATABASE_URL": "postgres://ann:hush@127.0.0.1:1/movies",
        "SEARCH_URL": "http://elastic:hush@nowhere.invalid:9200",
        "CACHE_URL": "redis://:hush@127.0.0.1:1/0",
        "POSTERS_URL": "file:///proc/posters",
        "PORT": "1",
    }
    run = run_command(broken, "doctor")
    lines = {line.split()[1]: line for line in run.stdout.splitlines()}
    assert run.returncode == 1
    assert "start `movies serve`" in lines["api"]
    for part in ("database", "cache"):
        assert "127.0.0.1:1" in lines[part] and "nothing listens there" in lines[part]
    assert "nowhere.invalid:9200" in lines["search"] and "no host of that name" in lines["search"]
    assert "/proc/posters" in lines["posters"]
    assert "hush" not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr and "Error" not in run.stdout


def test_a_database_shell_that_is_not_installed_is_named(environment: dict[str, str]) -> None:
    for url, shell in (
        (environment["DATABASE_URL"], "sqlite3"),
        ("postgres://127.0.0.1/movies", "psql"),
    ):
        run = run_command({**environment, "DATABASE_URL": url, "PATH": "/nowhere"}, "dbshell")
        assert (run.returncode, run.stderr) == (1, f"movies: {shell} is not installed\n")


def test_the_database_shell_gets_no_password_among_its_arguments(
    environment: dict[str, str], tmp_path: Path
) -> None:
    psql = tmp_path / "bin/psql"
    psql.parent.mkdir()
    psql.write_text('#!/bin/sh\necho "$1 $PGPASSWORD"\n')
    psql.chmod(0o755)
    url = "postgres://movies:se%40cret@127.0.0.1:5433/movies?maxsize=3"
    path = f"{psql.parent}:/usr/bin:/bin"
    run = run_command({**environment, "DATABASE_URL": url, "PATH": path}, "dbshell")
    assert run.stdout == "postgres://movies@127.0.0.1:5433/movies se@cret\n", run.stderr


def test_the_old_name_of_dbshell_works_and_warns_once(environment: dict[str, str]) -> None:
    run = run_command({**environment, "PATH": "/nowhere"}, "database")
    assert run.stderr == (
        "movies: `movies database` works until 1.0; use `movies dbshell`\n"
        "movies: sqlite3 is not installed\n"
    )
    assert "│ database " not in run_command(environment, "--help").stdout


def test_a_renamed_setting_is_warned_about_once(environment: dict[str, str]) -> None:
    run = run_command({**environment, "POSTER_HOSTS": "127.0.0.1:80"}, "migrate")
    assert run.returncode == 0
    [warning] = run.stderr.splitlines()
    assert "setting_renamed" in warning
    assert "set POSTER_ALLOWED_PRIVATE_HOSTS; POSTER_HOSTS works until 1.0" in warning


@contextlib.contextmanager
def open_database(folder: Path) -> Iterator[sqlite3.Connection]:
    with (
        contextlib.closing(sqlite3.connect(folder / "movies.db", timeout=30)) as database,
        database,
    ):
        yield database


@pytest.fixture(scope="module")
def indexed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three films that an indexer has indexed; it has stopped since."""
    folder = tmp_path_factory.mktemp("indexed")
    environment = embedded_settings(folder)
    titles = ("The Godfather", "Jaws", "Metropolis")
    (folder / "films.jsonl").write_text("".join(f'{{"title": "{t}"}}\n' for t in titles))
    assert run_command(environment, "load", str(folder / "films.jsonl")).returncode == 0
    command = [sys.executable, "-m", "service", "indexer"]
    with subprocess.Popen(command, cwd=ROOT, env=process_environment(environment)) as indexer:
        deadline = time.monotonic() + START_TIMEOUT
        pending = 1
        while pending and time.monotonic() < deadline:
            with open_database(folder) as database:
                [(pending,)] = database.execute("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL")
            time.sleep(0.05)
        indexer.terminate()
        assert (indexer.wait(30), pending) == (0, 0)
    return folder


@pytest.fixture
def indexed(indexed_folder: Path, environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Return the environment of a copy of the three indexed films."""
    shutil.copytree(indexed_folder, tmp_path, dirs_exist_ok=True)
    return environment


def test_a_load_ends_with_what_is_still_being_indexed(
    environment: dict[str, str], tmp_path: Path
) -> None:
    run_command(environment, "migrate")
    path = tmp_path / "films.jsonl"
    path.write_text('{"title": "Ünï ﷺ", "yeer": 1}\n{"title": 5, "year": "ﷺ"}\n[]\n', "utf-8")
    narrow = {**environment, "PYTHONIOENCODING": "ascii"}
    run = run_command(narrow, "load", str(path))
    assert (run.returncode, run.stdout.splitlines()[-1]) == (1, "1 film, 1 still being indexed")
    assert run.stdout.startswith("films.jsonl: 3 read, 1 added, 0 changed, 0 unchanged, 2 left out")
    assert "films.jsonl:2: year: " in run.stderr and "is not an object" in run.stderr
    assert "unknown fields, left out: yeer (1)" in run.stderr
    strict = run_command(narrow, "load", "--strict", "-", stdin='{"title": "A", "yeer": 1}\n')
    assert "standard input:1: yeer: is not a known field" in strict.stderr


def test_films_that_only_wait_to_be_indexed_are_no_drift(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    assert run_command(indexed, "load", "-", stdin='{"title": "Heat"}\n').returncode == 0
    waiting = run_command(indexed, "check")
    assert (waiting.returncode, waiting.stderr) == (3, "")
    assert waiting.stdout.splitlines()[-1] == "0 of 4 films differ; 1 changes wait to be indexed"
    with open_database(tmp_path) as database:
        database.execute("UPDATE outbox SET quarantined_at = 1 WHERE done_at IS NULL")
    assert run_command(indexed, "check").returncode == 1


def test_films_that_differ_are_named_and_filed_for_repair(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    unchanged = run_command(indexed, "check")
    assert (unchanged.returncode, unchanged.stdout) == (0, "0 of 3 films differ\n")
    with open_database(tmp_path) as database:
        database.execute("UPDATE films SET plot = 'by hand' WHERE title = 'Jaws'")
        database.execute("DELETE FROM films WHERE title = 'Metropolis'")
        database.execute("UPDATE outbox SET done_at = 1")
    checked = run_command(indexed, "check")
    assert checked.returncode == 1
    assert "2 of 2 films differ; `movies check --repair`" in checked.stderr
    kinds = {line.split()[0] for line in checked.stdout.splitlines()}
    assert kinds == {"stale", "orphaned"}
    repaired = run_command(indexed, "check", "--repair")
    assert (repaired.returncode, repaired.stdout.splitlines()[-1]) == (
        0,
        "2 of 2 films differ, and will be indexed",
    )
    with open_database(tmp_path) as database:
        [(pending,)] = database.execute("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL")
    assert pending == 2


def test_a_film_is_explained_and_the_old_command_for_it_warns(indexed: dict[str, str]) -> None:
    explained = run_command(indexed, "explain", "jaws")
    assert (explained.returncode, explained.stderr) == (0, "")
    assert "The database has 'Jaws'" in explained.stdout
    old = run_command(indexed, "check", "jaws")
    assert (old.returncode, old.stdout) == (0, explained.stdout)
    assert old.stderr == (
        "movies: `movies check FILM` works until 1.0; use `movies explain FILM`\n"
    )


def test_the_search_command_finds_films_with_and_without_an_index(indexed: dict[str, str]) -> None:
    explained = run_command(indexed, "search", "--explain", "godfahter")
    assert explained.returncode == 0, explained.stderr
    assert "The Godfather" in explained.stdout and "1 film" in explained.stdout
    assert "no film matches" in run_command(indexed, "search", "xyzzyplugh").stdout
    without_index = {**indexed, "SEARCH_URL": indexed["SEARCH_URL"] + "-elsewhere"}
    degraded = run_command(without_index, "search", "godfather")
    assert degraded.returncode == 0
    assert "The Godfather" in degraded.stdout
    assert "degraded: search_engine_away" in degraded.stderr


def test_a_rebuild_is_filed_once_and_the_command_reports_how_it_ended(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    filed = run_command(indexed, "reindex", "--no-wait")
    assert filed.returncode == 0
    assert filed.stdout.startswith("filed: /api/v1/admin/reindex/")
    second = run_command(indexed, "reindex")
    address = filed.stdout.split()[1]
    assert (second.returncode, second.stdout) == (1, f"joined: {address}\n")
    assert "no indexer is running" in second.stderr and address in second.stderr
    status = run_command(indexed, "reindex", "--status")
    assert (status.returncode, status.stdout) == (0, "rebuild queued, 0 of 0 films\n")
    cancelled = run_command(indexed, "reindex", "--cancel")
    assert (cancelled.returncode, cancelled.stdout.split(",")[0]) == (0, "rebuild cancelled")
    as_json = run_command(indexed, "reindex", "--status", "--json")
    assert json.loads(as_json.stdout)["state"] == "cancelled"

    def end(state: str) -> None:
        with open_database(tmp_path) as database:
            database.execute(
                "UPDATE reindex_jobs SET state = ?, active = NULL, reason = 'the disk is full', "
                "finished_at = '2026-01-01 00:00:00+00:00' WHERE finished_at IS NULL",
                [state],
            )

    for state, text in (("cancelled", "was cancelled"), ("failed", "failed, the old index stays")):
        command = [sys.executable, "-m", "service", "reindex"]
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=process_environment(indexed),
            stderr=subprocess.PIPE,
            text=True,
        ) as waiting:
            deadline = time.monotonic() + START_TIMEOUT
            while waiting.poll() is None and time.monotonic() < deadline:
                end(state)
                time.sleep(0.1)
            assert waiting.stderr is not None
            assert (waiting.returncode, text in waiting.stderr.read()) == (1, True)
