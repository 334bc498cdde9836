"""A rebuild while people search and editors write: nothing is lost, and no reader sees an error."""

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
from tests.faults.database import Direct
from tests.faults.invariants import Invariants, nothing_broke
from tests.faults.load import Answered, Load, bad, loaded, quantile
from tests.faults.plugin import Observations
from tests.support.backends import require_backend
from tests.support.service_runner import ApiClient, Service
from tests.support.synthetic_films import generate_films
from tests.support.waiting import wait_until

CHANGES = 50  # a second: films added, changed and deleted, by the weights that follow
WRITES = {"add": 20, "amend": 15, "delete": 15}
WRITTEN = {"add": 201, "amend": 200, "delete": 204}
KEPT = 0.9  # share of the changes due that must be acknowledged within the rebuild's own time
READS = {"search": 1}
FILMS = 15_000  # as many as make the rebuild last while some hundred films are written
READERS = 20  # searches a second
SEARCHES = 400  # that a p99 is made of, at least, where there is no rebuild to wait for
BURST = 40  # searches until a load that has just begun, with a login and no connections, is even
WARM = 100  # searches in a row that found a cluster warm: a cold one is not what is asked here


@pytest.fixture
def invariants(
    stack: str, service: Service, stack_settings: dict[str, str], service_database_url: str
) -> Invariants:
    """Return the checks, of the service that this run has on its stack."""
    database = Direct(service_database_url)
    if stack == "embedded":
        return Invariants(service, database)
    alias = ElasticsearchAddress.parse(stack_settings["SEARCH_URL"]).alias
    return Invariants(service, database, require_backend("elasticsearch"), alias)


@asynccontextmanager
async def at_work(service: Service) -> AsyncIterator[tuple[Load, Load]]:
    """Run a writer of 50 films a second, and a reader."""
    async with (
        loaded(service, rate=CHANGES, weights=WRITES) as writer,
        loaded(service, rate=READERS, weights=READS) as reader,
    ):
        yield writer, reader


async def many(service: Service, file: Path) -> None:
    """Films enough for a rebuild that takes a while, loaded from a file as an operator does."""
    lines = (
        {"Title": film.title, "Year": str(film.year), "Director": ", ".join(film.directors)}
        for film in generate_films(FILMS)
    )
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = await asyncio.to_thread(service.run, "load", str(file))
    assert done.returncode == 0, done.stderr


@pytest.mark.chaos
@pytest.mark.fault("changes-during-rebuild")
async def test_a_rebuild_under_load_loses_nothing_and_readers_see_no_error(
    api: ApiClient,
    service: Service,
    stack_settings: dict[str, str],
    invariants: Invariants,
    observations: Observations,
    tmp_path: Path,
) -> None:
    inventory = container.build_inventory(Settings(search_url=stack_settings["SEARCH_URL"]))
    await many(service, tmp_path / "films.jsonl")
    await invariants.hold()
    async with loaded(service, rate=READERS, weights=READS) as idle:
        await wait_until(lambda: warm(idle))
        quiet = time.monotonic()
        await wait_until(lambda: answers(idle, SEARCHES, quiet))
    nothing_broke(idle.since(quiet))
    before = await inventory.live_index()
    async with at_work(service) as (writer, reader):
        await wait_until(lambda: answers(reader, BURST))
        settled = time.monotonic()
        await wait_until(lambda: answers(reader, SEARCHES, settled))
        began = time.monotonic()
        token = await api.admin_token()
        filed = await api.request("POST", "/api/v1/admin/reindex", token=token)
        assert filed.status == 202, filed.json
        place = filed.headers["Location"]

        async def over() -> dict[str, object] | None:
            shown = await api.get(place, token=await api.admin_token())
            return shown.json if shown.status == 200 and shown.json["finished_at"] else None

        job = await wait_until(over, 600, interval=0.5)
        ended = time.monotonic()
        enough = len(writer.answers) + 100
        await wait_until(lambda: answers(writer, enough))
    assert (job["state"], job["reason"]) == ("done", None), job
    assert await inventory.live_index() == job["index_name"] != before
    await inventory.close()
    took = await invariants.hold(writer)
    nothing_broke(reader.answers)
    alone, meanwhile = reader.done(settled, began), reader.done(began, ended)
    changed = [a for a in writer.done(began, ended) if a.status == WRITTEN[a.kind]]
    achieved = len(changed) / (ended - began)
    came = Counter((a.kind, a.code or a.status) for a in writer.since(began))
    assert achieved >= CHANGES * KEPT, f"{achieved:.1f} a second: {came}; {writer.sustained()}"
    kinds = ", ".join(f"{sum(a.kind == kind for a in changed)} × {kind}" for kind in WRITTEN)
    observations.add(
        f"{job['done']} films rebuilt in {ended - began:.0f} s, meanwhile {achieved:.0f} changes"
        f" a second ({kinds}); level {took:.0f} s later; {len(reader.answers)} searches without an"
        f" error; p99 of {len(meanwhile)} during the rebuild {p99(meanwhile)}, before it with the"
        f" writer alone {p99(alone)}, with nothing else going on {p99(idle.since(quiet))}"
    )
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


def p99(of: list[Answered]) -> str:
    return f"{quantile(of, 0.99) * 1000:.0f} ms"


async def answers(load: Load, count: int, since: float = 0.0) -> bool:
    return len(load.since(since)) >= count


async def warm(load: Load) -> bool:
    """Whether the last searches were all answered by the engine, and soon."""
    last = load.answers[-WARM:]
    return len(last) == WARM and all(
        not bad(each) and not each.degraded and each.seconds < 1 for each in last
    )
