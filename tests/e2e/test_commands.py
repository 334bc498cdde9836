"""The commands as an operator runs them: 0 done, 1 failed with one clear line, 2 called wrongly."""

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.conftest import open_database
from tests.support import ROOT
from tests.support.service_runner import (
    START_TIMEOUT,
    run_command,
)

SAMPLES = "samples/films.jsonl"


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
    assert wrong.stderr.splitlines() == [
        "movies: settings are wrong:",
        "  PORT: must be a whole number",
        "  WORKERS: must be at least 1",
    ]


def test_an_output_that_cannot_be_written_is_named(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "service", "--version"]
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (run.returncode, run.stderr) == (
        1,
        b"movies: the output cannot be written: the disk is full; free some space\n",
    )


def test_a_command_whose_output_nobody_reads_ends_without_blaming_the_database(
    environment: dict[str, str], tmp_path: Path
) -> None:
    film = tmp_path / "film.jsonl"
    film.write_text('{"title": "Jaws"}\n')
    reader, writer = os.pipe()
    os.close(reader)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "service", "load", str(film)],
            cwd=ROOT,
            env={**os.environ, **environment, "LOG_LEVEL": "error"},
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writer)
    assert (run.returncode, run.stderr) == (1, b"")


def test_a_home_whose_var_is_a_file_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    paths = {"DATABASE_URL": "", "SEARCH_URL": "", "POSTERS_URL": "", "JWT_SECRET": "x" * 40}
    home = {**environment, **paths, "MOVIES_HOME": str(tmp_path)}
    for words in (["migrate"], ["users"], ["load", SAMPLES]):
        run = run_command(home, *words)
        assert (run.returncode, run.stderr.count("\n")) == (1, 1), run.stderr
        assert f"{tmp_path}/var" in run.stderr


def test_a_damaged_database_is_named_in_one_line(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "damaged.db"
    damaged = {**environment, "DATABASE_URL": f"sqlite://{path}"}
    assert run_command(damaged, "migrate").returncode == 0
    content = bytearray(path.read_bytes())
    content[100:4000] = b"\xff" * 3_900  # where the tables are listed
    path.write_bytes(content)
    for words in (["migrate"], ["users"], ["load", SAMPLES]):
        run = run_command(damaged, *words)
        assert (run.returncode, run.stderr.count("\n")) == (1, 1), run.stderr
        assert f"{path}: the file is damaged; restore it from a back-up" in run.stderr


def test_an_address_that_cannot_be_listened_on_says_what_to_set(
    environment: dict[str, str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = run_command({**environment, "PORT": port}, "serve")
    assert (run.returncode, run.stderr) == (
        1,
        f"movies: cannot listen on 127.0.0.1:{port}: another program listens there; "
        "set PORT, or end that program\n",
    )
    foreign = run_command({**environment, "HOST": "192.0.2.1"}, "serve")
    assert "this machine has no such address; correct HOST" in foreign.stderr


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
        "MAIL_URL": "smtp://ann:hush@127.0.0.1:1?tls=none",
        "PUBLIC_URL": "https://films.example",
        "PORT": "1",
    }
    run = run_command(broken, "doctor")
    lines = {line.split()[1]: line for line in run.stdout.splitlines()}
    assert run.returncode == 1
    assert "start `movies serve`" in lines["api"]
    for part in ("database", "cache", "mail"):
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
