"""A rebuild during searches and edits: no change is lost, and no search fails."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.server import container
from service.settings import Settings
from tests.faults.database import DirectDatabase
from tests.faults.invariants import Invariants, assert_no_failures
from tests.faults.load import Load, RequestResult, is_failure, quantile, run_load
from tests.faults.plugin import Observations
from tests.support.backends import require_backend
from tests.support.service_runner import ApiClient, Service
from tests.support.synthetic_films import generate_films
from tests.support.waiting import wait_until

CHANGE_RATE = 50  # films added, changed or deleted per second, in the proportions below
WRITE_WEIGHTS = {"add": 20, "amend": 15, "delete": 15}
SUCCESS_STATUSES = {"add": 201, "amend": 200, "delete": 204}
MIN_ACHIEVED_SHARE = 0.9  # of the changes due during the rebuild, acknowledged during it
READ_WEIGHTS = {"search": 1}
FILM_COUNT = 15_000  # makes the rebuild last while some hundred films are written
SEARCH_RATE = 20  # per second
MIN_SEARCHES = 400  # for a p99 without a rebuild, whose end would decide the number
RAMP_UP_SEARCHES = 40  # until a load that begins with a login and no connections is even
WARM_SEARCHES = 100  # fast searches in a row, after which a cluster counts as warm


@pytest.fixture
def invariants(
    stack: str, service: Service, stack_settings: dict[str, str], service_database_url: str
) -> Invariants:
    """Return the checks, of the service that this run has on its stack."""
    database = DirectDatabase(service_database_url)
    if stack == "embedded":
        return Invariants(service, database)
    alias = ElasticsearchAddress.parse(stack_settings["SEARCH_URL"]).alias
    return Invariants(service, database, require_backend("elasticsearch"), alias)


@asynccontextmanager
async def write_and_search(service: Service) -> AsyncIterator[tuple[Load, Load]]:
    """Run a writer of 50 films a second, and a reader."""
    async with (
        run_load(service, rate=CHANGE_RATE, weights=WRITE_WEIGHTS) as writer,
        run_load(service, rate=SEARCH_RATE, weights=READ_WEIGHTS) as reader,
    ):
        yield writer, reader


async def load_films(service: Service, file: Path) -> None:
    """Load enough films for a long rebuild from a file, as an operator does."""
    lines = (
        {"Title": film.title, "Year": str(film.year), "Director": ", ".join(film.directors)}
        for film in generate_films(FILM_COUNT)
    )
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    process = await asyncio.to_thread(service.run, "load", str(file))
    assert process.returncode == 0, process.stderr


@pytest.mark.chaos
@pytest.mark.fault("changes-during-rebuild")
async def test_a_rebuild_under_load_loses_no_change_and_no_search_fails(
    api: ApiClient,
    service: Service,
    stack_settings: dict[str, str],
    invariants: Invariants,
    observations: Observations,
    tmp_path: Path,
) -> None:
    inventory = container.build_inventory(Settings(search_url=stack_settings["SEARCH_URL"]))
    await load_films(service, tmp_path / "films.jsonl")
    await invariants.wait_until_restored()
    async with run_load(service, rate=SEARCH_RATE, weights=READ_WEIGHTS) as idle:
        await wait_until(lambda: is_warm(idle))
        idle_began = time.monotonic()
        await wait_until(lambda: has_answers(idle, MIN_SEARCHES, idle_began))
    assert_no_failures(idle.results_since(idle_began))
    previous = await inventory.live_index()
    async with write_and_search(service) as (writer, reader):
        await wait_until(lambda: has_answers(reader, RAMP_UP_SEARCHES))
        load_began = time.monotonic()
        await wait_until(lambda: has_answers(reader, MIN_SEARCHES, load_began))
        rebuild_began = time.monotonic()
        token = await api.admin_token()
        response = await api.request("POST", "/api/v1/admin/reindex", token=token)
        assert response.status == 202, response.json
        location = response.headers["Location"]

        async def finished_job() -> dict[str, object] | None:
            response = await api.get(location, token=await api.admin_token())
            is_finished = response.status == 200 and response.json["finished_at"]
            return response.json if is_finished else None

        job = await wait_until(finished_job, 600, interval=0.5)
        rebuild_ended = time.monotonic()
        enough = len(writer.answers) + 100
        await wait_until(lambda: has_answers(writer, enough))
    assert (job["state"], job["reason"]) == ("done", None), job
    assert await inventory.live_index() == job["index_name"] != previous
    await inventory.close()
    lag = await invariants.wait_until_restored(writer)
    assert_no_failures(reader.answers)
    duration = rebuild_ended - rebuild_began
    before = reader.successes_between(load_began, rebuild_began)
    during = reader.successes_between(rebuild_began, rebuild_ended)
    changed = [
        answer
        for answer in writer.successes_between(rebuild_began, rebuild_ended)
        if answer.status == SUCCESS_STATUSES[answer.kind]
    ]
    achieved = len(changed) / duration
    outcomes = Counter(
        (answer.kind, answer.code or answer.status)
        for answer in writer.results_since(rebuild_began)
    )
    assert achieved >= CHANGE_RATE * MIN_ACHIEVED_SHARE, (
        f"{achieved:.1f} a second: {outcomes}; {writer.describe_schedule()}"
    )
    kinds = ", ".join(
        f"{sum(answer.kind == kind for answer in changed)} × {kind}" for kind in SUCCESS_STATUSES
    )
    observations.add(
        f"{job['done']} films rebuilt in {duration:.0f} s, meanwhile {achieved:.0f} changes"
        f" a second ({kinds}); level {lag:.0f} s later; {len(reader.answers)} searches without an"
        f" error; p99 of {len(during)} during the rebuild {p99(during)}, before it with the"
        f" writer alone {p99(before)}, with nothing else going on"
        f" {p99(idle.results_since(idle_began))}"
    )
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


def p99(answers: list[RequestResult]) -> str:
    return f"{quantile(answers, 0.99) * 1000:.0f} ms"


async def has_answers(load: Load, count: int, since: float = 0.0) -> bool:
    return len(load.results_since(since)) >= count


async def is_warm(load: Load) -> bool:
    """Return whether the engine answered all of the last searches within a second."""
    last = load.answers[-WARM_SEARCHES:]
    return len(last) == WARM_SEARCHES and all(
        not is_failure(answer) and not answer.degraded and answer.seconds < 1 for answer in last
    )
