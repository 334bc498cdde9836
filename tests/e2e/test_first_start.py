"""What an operator sees when the service starts for the first time."""

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from tests.support import service_runner
from tests.support.service_runner import run_command


def test_the_service_creates_the_schema_when_it_starts_on_nothing(
    environment: dict[str, str],
) -> None:
    settings = {**environment, "WORKERS": "2"}
    with service_runner.run_service(settings, is_first_start=True) as service:
        with urllib.request.urlopen(f"{service.url}/health/ready") as response:
            parts = json.load(response)["parts"]
        log = service.log.read_text()
    assert parts["database"]["state"] == "ok"
    assert log.count("schema_migrated") == 1
    assert "Traceback" not in log


def test_commands_on_nothing_create_the_schema_and_one_of_them_migrates(
    environment: dict[str, str],
) -> None:
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda _: run_command(environment, "search", "jaws"), range(3)))
    assert [run.returncode for run in runs] == [0, 0, 0], [run.stderr for run in runs]
    assert sum(run.stderr.count("schema_migrated") for run in runs) == 1


def test_with_json_every_line_from_start_to_stop_is_json(environment: dict[str, str]) -> None:
    quiet = {**environment, "LOG_FORMAT": "json", "ACCESS_LOG": "off"}
    with service_runner.run_service(quiet) as service:
        urllib.request.urlopen(f"{service.url}/api/v1/search?q=jaws").close()
        service.process.terminate()
        assert service.process.wait(30) == 0
        events = [json.loads(line)["event"] for line in service.log.read_text().splitlines()]
    assert events[-2:] == ["stopping", "stopped"]
    assert "service_ready" in events
    assert "request" not in events


def test_away_from_a_terminal_there_is_a_log_line_and_no_greeting(
    environment: dict[str, str],
) -> None:
    with service_runner.run_service(environment) as service:
        log = service.log.read_text()
    assert "service_ready" in log
    assert "Try:" not in log and "PRODUCTION" not in log
