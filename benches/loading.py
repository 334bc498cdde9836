"""Compare how fast films are loaded and indexed with an earlier commit: `make bench.loading REF=…`.

Each round starts a service with an empty catalogue, loads the real films (or the samples, if those
are absent) with `movies load`, and waits until the outbox is empty and the last film is found. Both
versions take turns. Times start with the command; CPU times are those of the command and of the
service's processes, without those of servers. The tables are Markdown.

    python -m benches.loading REF [--stack embedded,full] [--films 25193] [--rounds 3]
"""

import argparse
import asyncio
import os
import resource
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import orjson

from benches.before import SETTINGS, Version, check_out
from benches.load import (
    create_database,
    delete_database_and_indexes,
    environment,
    prepare_films,
)
from benches.served import FILM_COUNT, STACKS, has_backends, wait_until_indexed
from tests.support import ROOT
from tests.support.service_runner import (
    ApiClient,
    Service,
    find_child_pids,
    open_in_thread,
    run_service,
)

ROUNDS = 3
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds until all films were stored, and found; CPU seconds of command and service."""

    stored: float
    found: float
    command_cpu: float
    service_cpu: float


async def load_films(tested: Version, stack: str, films: int) -> Round:
    """Load films into an empty catalogue of this version, until the last one is found."""
    database = await create_database() if stack == "full" else ""
    with tempfile.TemporaryDirectory() as folder:
        settings = environment(stack, Path(folder), database) | SETTINGS
        path = prepare_films(Path(folder), films)
        title = orjson.loads(path.read_bytes().splitlines()[-1])["title"]
        try:
            await asyncio.to_thread(tested.run, settings, "migrate")
            runner = run_service(settings, tested.source, tested.python)
            async with open_in_thread(runner) as service, ApiClient.connect(service) as api:
                cpu_before, service_before = _commands_cpu(), _service_cpu(service)
                started_at = time.perf_counter()
                await asyncio.to_thread(tested.run, settings, "load", str(path))
                stored = time.perf_counter() - started_at
                command_cpu = _commands_cpu() - cpu_before
                await wait_until_indexed(api)
                reply = await api.search(title)
                found = time.perf_counter() - started_at
                assert reply.json["results"][0]["movie"]["title"] == title, reply.json
                return Round(stored, found, command_cpu, _service_cpu(service) - service_before)
        finally:
            if database:
                await delete_database_and_indexes(database, settings["SEARCH_URL"])


def _commands_cpu() -> float:
    """Return the CPU seconds of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _service_cpu(service: Service) -> float:
    """Return the CPU seconds of the service's processes."""
    ticks = 0
    for pid in find_child_pids(service).values():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def format_row(name: str, before: list[float], now: list[float]) -> str:
    """Return a row of the table: the medians of both versions, and the median of the ratios."""
    old, new = statistics.median(before), statistics.median(now)
    ratio = statistics.median(a / b for a, b in zip(before, now, strict=True))
    return f"| {name} | {old:.1f} | {new:.1f} | {ratio:.2f} |"


async def compare(before: Version, stack: str, films: int, rounds: int) -> None:
    """Print the table of one stack."""
    old: list[Round] = []
    new: list[Round] = []
    for number in range(rounds):
        turns = [(before, old), (Version(ROOT), new)]
        for tested, into in turns if number % 2 == 0 else reversed(turns):
            into.append(await load_films(tested, stack, films))
    print(f"\n| {STACKS[stack]}, {films} films | before | now | ratio |\n|---|---|---|---|")
    rows = {
        "seconds until all are stored": [[r.stored for r in found] for found in (old, new)],
        "seconds until the last one is found": [[r.found for r in found] for found in (old, new)],
        "CPU seconds of `movies load`": [[r.command_cpu for r in found] for found in (old, new)],
        "CPU seconds of the service": [[r.service_cpu for r in found] for found in (old, new)],
    }
    for name, (values_before, values_now) in rows.items():
        print(format_row(name, values_before, values_now), flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ref", help="the commit to compare with")
    parser.add_argument("--stack", default=",".join(STACKS))
    parser.add_argument("--films", type=int, default=FILM_COUNT)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    with check_out(args.ref) as before:
        for stack in filter(has_backends, args.stack.split(",")):
            await compare(before, stack, args.films, args.rounds)


if __name__ == "__main__":
    asyncio.run(main())
