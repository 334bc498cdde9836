"""The commands that load, find, compare and rebuild, and what they print."""

import json
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from tests.e2e.conftest import open_database
from tests.support import ROOT
from tests.support.service_runner import START_TIMEOUT, process_environment, run_command


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


def test_the_search_command_finds_films_with_and_without_an_index(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    explained = run_command(indexed, "search", "--explain", "godfahter")
    assert explained.returncode == 0, explained.stderr
    assert "The Godfather" in explained.stdout and "1 film" in explained.stdout
    assert "no film matches" in run_command(indexed, "search", "xyzzyplugh").stdout
    for kind, expected in (("movie", "The Godfather"), ("episode", "no film matches")):
        typed = run_command(indexed, "search", "godfather", "--type", kind, "--type", "game")
        assert expected in typed.stdout, typed.stderr
    for option, name in (("--actor", "roy scheider"), ("--writer", "Peter Benchley")):
        named = run_command(indexed, "search", "jaws", option, "Nobody", option, name)
        assert "Jaws" in named.stdout, named.stderr
    assert "no film matches" in run_command(indexed, "search", "jaws", "--director", "X").stdout
    by_actor = run_command(indexed, "search", "--explain", "scheider").stdout
    assert "Jaws" in by_actor and "cast ‘Scheider’ exact" in by_actor
    file = f"tantivy://{tmp_path}/films.jsonl"
    without_index = {**indexed, "SEARCH_URL": file}
    degraded = run_command(without_index, "search", "godfather")
    assert degraded.returncode == 0
    assert "The Godfather" in degraded.stdout
    assert f"degraded: search_engine_away at {tmp_path}/films.jsonl" in degraded.stderr
    doctor = run_command(without_index, "doctor")
    assert "FAILED  search" in doctor.stdout and "ok      database" in doctor.stdout


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


def test_json_is_the_whole_output_and_leaves_the_exit_status(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    page = print_json(indexed, "search", "--explain", "godfahter")
    [hit] = page["results"]
    assert (hit["movie"]["title"], page["did_you_mean"]) == ("The Godfather", "Godfather")
    assert hit["matches"] == {"title": [[4, 13]]} and "one letter off" in hit["why"]
    explained = print_json(indexed, "explain", "jaws")
    assert (explained["movie"], explained["rank"], len(explained["lines"])) == ("jaws", 1, 4)
    missing = print_json(indexed, "explain", "heat")
    assert (missing["film_id"], missing["rank"], len(missing["lines"])) == (None, None, 1)
    assert print_json(indexed, "reindex", "--status") is None
    job = print_json(indexed, "reindex", "--no-wait")
    assert (job["kind"], job["state"]) == ("rebuild", "queued")
    assert print_json(indexed, "reindex", "--no-wait") == job  # it is joined
    assert print_json(indexed, "reindex", "--cancel")["state"] == "cancelled"
    with open_database(tmp_path) as database:
        database.execute("UPDATE films SET plot = 'by hand' WHERE title = 'Jaws'")
    different = print_json(indexed, "check", status=1)
    assert (different["compared"], [f["kind"] for f in different["films"]]) == (3, ["stale"])
    repaired = print_json(indexed, "check", "--repair")
    assert (repaired["drift"], repaired["repaired"]) == (1, True)
    waiting = print_json(indexed, "check", status=3)
    assert (waiting["drift"], waiting["waiting"]) == (0, 1)
    report = print_json({**indexed, "PORT": "1"}, "doctor", status=1)
    states = {part["part"]: part["state"] for part in report["parts"]}
    assert (report["ok"], states["api"], states["database"]) == (False, "failed", "ok")


def test_a_command_that_fails_prints_no_json(indexed: dict[str, str]) -> None:
    away = {**indexed, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/movies"}
    for words in (["search", "jaws"], ["reindex", "--status"]):
        run = run_command(away, *words, "--json")
        assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1), run.stderr


def print_json(environment: dict[str, str], *words: str, status: int = 0) -> Any:
    """Run a command with `--json`; return the document that is its whole output."""
    run = run_command(environment, *words, "--json")
    assert run.returncode == status, run.stderr
    return json.loads(run.stdout)


def test_twins_are_listed_and_those_without_differences_are_merged(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    def check(*options: str) -> "subprocess.CompletedProcess[str]":
        return run_command(indexed, "check", "--twins", *options)

    none = check()
    assert (none.returncode, none.stdout) == (0, "0 pairs of twins\n")
    films = [{"title": "Jaws", "year": year, "runtime_minutes": 124} for year in (1, 2, 3)]
    lines = "\n".join(json.dumps(film | {"year": 1970 + int(film["year"])}) for film in films)
    assert run_command(indexed, "load", "-", stdin=lines).returncode == 0
    with open_database(tmp_path) as database:
        database.execute("UPDATE films SET runtime_minutes = 1 WHERE year = 1973")
        database.execute("UPDATE films SET year = 1975 WHERE year > 1970")
    listed = check()
    assert listed.returncode == 1
    assert "3 pairs of twins; `movies check --twins --repair` merges 1 of them" in listed.stderr
    states = sorted(line.partition(": ")[2] for line in listed.stdout.splitlines())
    assert states == [*["differ in runtime_minutes"] * 2, "no differences"]
    report = json.loads(check("--json").stdout)
    assert (report["total"], report["mergeable"], len(report["twins"])) == (3, 1, 3)
    repaired = check("--repair")
    assert repaired.returncode == 1 and repaired.stdout.endswith("1 film merged\n")
    assert "1 pair of twins to decide on by hand" in repaired.stderr
    with open_database(tmp_path) as database:
        rows = database.execute("SELECT kind FROM outbox WHERE done_at IS NULL").fetchall()
        assert [kind for (kind,) in rows].count("withdrawn") == 1
        assert database.execute("SELECT COUNT(*) FROM film_redirects").fetchone() == (1,)


def test_counters_that_differ_from_their_rows_are_listed_and_mended(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    def check(*options: str) -> "subprocess.CompletedProcess[str]":
        return run_command(indexed, "check", "--counters", *options)

    level = check()
    assert level.returncode == 0 and level.stdout.startswith("the counters of 0 of ")
    with open_database(tmp_path) as database:
        [film_id] = database.execute("SELECT id FROM films ORDER BY id LIMIT 1").fetchone()
        database.execute("UPDATE films SET votes_up = 5 WHERE id = ?", [film_id])
    listed = check()
    assert listed.returncode == 1
    assert film_id in listed.stdout
    assert "`movies check --counters --repair` mends them" in listed.stderr
    report = print_json(indexed, "check", "--counters", status=1)
    assert report["films"] == [
        {"movie": film_id, "stored": {"votes_up": 5}, "counted": {"votes_up": 0}}
    ]
    assert check("--repair").returncode == 0
    assert check().returncode == 0
    review_id = str(uuid.uuid4())
    review = {
        "id": review_id,
        "film_id": film_id,
        "film_title": "Jaws",
        "title": "Fine",
        "likes": 2,
    }
    review |= dict.fromkeys(("body", "html"), "Fine.") | {"html_version": 1, "language": "en"}
    review |= {"spoiler": 0, **dict.fromkeys(("created_at", "updated_at"), "2026-01-01 00:00:00")}
    with open_database(tmp_path) as database:
        marks = ", ".join("?" * len(review))
        database.execute(
            f"INSERT INTO reviews ({', '.join(review)}) VALUES ({marks})", [*review.values()]
        )
    report = print_json(indexed, "check", "--counters", status=1)
    assert report["reviews"] == [{"review": review_id, "stored": 2, "counted": 0}]
    mended = check("--repair")
    assert f"{review_id}  stored 2 likes, counted 0" in mended.stdout
    with open_database(tmp_path) as database:
        assert database.execute("SELECT likes FROM reviews").fetchall() == [(0,)]
    both = run_command(indexed, "check", "--counters", "--twins")
    assert both.returncode == 2


def test_an_indexer_rebuilds_the_index_of_an_earlier_release_by_itself(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    index, pointer = tmp_path / "index", tmp_path / "index" / "current"
    old = pointer.read_text().strip()
    (index / old / "made-by").write_text("an earlier release")
    assert "another mapping or analysis" in run_command(indexed, "check").stderr
    result = run_command(indexed, "search", "jaws")
    assert result.returncode == 0 and "Jaws" in result.stdout, "the old index is searched"
    command = [sys.executable, "-m", "service", "indexer"]
    with subprocess.Popen(command, cwd=ROOT, env=process_environment(indexed)) as indexer:
        deadline = time.monotonic() + START_TIMEOUT
        while pointer.read_text().strip() == old and time.monotonic() < deadline:
            time.sleep(0.1)
        indexer.terminate()
        assert indexer.wait(30) == 0
    assert run_command(indexed, "check").stdout == "0 of 3 films differ\n"
