"""What an operator sees on a terminal: a greeting, bars that move, and how a service stops."""

import re
import time
from pathlib import Path

import pytest

from service.server.banner import build_greeting
from tests.e2e.conftest import open_database
from tests.support.terminal import run_in_terminal

RATE_AND_TIME_LEFT = re.compile(r"800/1000 films +\d+/s 0:0\d:\d\d")


def test_on_a_terminal_the_greeting_comes_last_and_ctrl_c_stops_the_service(
    indexed: dict[str, str],
) -> None:
    with run_in_terminal({**indexed, "DRAIN_SECONDS": "60"}, "serve") as terminal:
        started = terminal.read_until(lambda text: "/api/v1/movies?" in text)
        assert "PRODUCTION" not in started and "Traceback" not in started
        assert "info" not in started.partition("Try:")[2], "the greeting comes last"
        terminal.press(b"\x03")
        stopped = terminal.read_until(lambda text: "stopped" in text)
        assert terminal.process.wait(30) == 0
    lines = [line for line in stopped.removeprefix(started).splitlines() if "stop" in line]
    assert re.search(r"stopping .*drain_seconds=0\.0", lines[0]) and "stopped" in lines[-1]


def test_on_an_empty_catalogue_the_greeting_says_how_to_load_films(
    environment: dict[str, str],
) -> None:
    with run_in_terminal(environment, "serve") as terminal:
        started = terminal.read_until(lambda text: "--sample" in text)
        terminal.press(b"\x03")
        assert terminal.process.wait(30) == 0
    assert "The catalogue is empty" in started
    assert "movies load films.jsonl" in started and "curl" not in started


@pytest.mark.parametrize("films", ["none", "own", "samples", None])
def test_the_greeting_suggests_searches_for_samples_only_if_they_are_there(
    films: str | None,
) -> None:
    greeting = build_greeting("localhost:8000", films)
    assert "open http://localhost:8000/" in greeting and "{" not in greeting
    assert ("search?q=" in greeting) == (films == "samples")


def test_the_bar_of_a_rebuild_moves_with_rate_and_time_left(
    indexed: dict[str, str], tmp_path: Path
) -> None:
    with run_in_terminal(indexed, "reindex") as terminal:
        assert "queued" in terminal.read_until(lambda text: "queued" in text)
        for done in (200, 400, 600, 800):
            set_progress(tmp_path, "filling", done)
            shown = f"{done}/1000 films"
            assert shown in terminal.read_until(lambda text, shown=shown: shown in text)
            time.sleep(0.5)
        assert RATE_AND_TIME_LEFT.search(terminal.read_until(RATE_AND_TIME_LEFT.search))
        set_progress(tmp_path, "done", 1000, active="NULL, finished_at = '2026-01-01 00:00:00'")
        text = terminal.read_until(lambda text: "done: 1000 films" in text)
        assert terminal.process.wait(30) == 0
    assert "done: 1000 films in movies-2, 50 a second" in text


def set_progress(folder: Path, state: str, done: int, active: str = "1") -> None:
    """Write the progress of the rebuild, as an indexer does."""
    with open_database(folder) as database:
        database.execute(
            "UPDATE reindex_jobs SET state = ?, done = ?, total = 1000, rate = 50, "
            f"index_name = 'movies-2', active = {active}",
            [state, done],
        )
