"""Compare the speed of searches with that of an earlier commit: `make bench.before REF=COMMIT`.

Both versions are served in one run, each with one API worker and the real films (or the samples, if
those are absent). One client sends each query once to both, in random turns, over one connection to
each; nothing is cached. Times are what the client measures, CPU times those of the API worker's
threads, which other programs on the machine disturb least. The tables are Markdown.

    python -m benches.before REF [--stack embedded,full] [--films 25193] [--queries 700]
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benches.load import (
    QueryKind,
    create_database,
    delete_database_and_indexes,
    environment,
    prepare_films,
    read_queries,
)
from benches.served import FILM_COUNT, STACKS, has_backends, wait_until_indexed
from tests.support import ROOT
from tests.support.service_runner import (
    ApiClient,
    find_child_pids,
    open_in_thread,
    process_environment,
    run_service,
)

QUERIES = 700  # of each kind
MAX_PREFIX = 12  # letters
SETTINGS = {"WORKERS": "1"}


@dataclass(frozen=True, slots=True)
class Version:
    """The source of one version, and the Python that has what it depends on."""

    source: Path
    python: str = sys.executable

    def run(self, settings: dict[str, str], *arguments: str) -> None:
        """Run a `movies` command to its end."""
        command = [self.python, "-m", "service", *arguments]
        variables = process_environment(settings)
        subprocess.run(command, cwd=self.source, env=variables, check=True, capture_output=True)


@dataclass(slots=True)
class Measurement:
    """What the searches of one kind took, in milliseconds: for the client, and of CPU time."""

    times: list[float] = field(default_factory=list)
    cpu_times: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Served:
    """A running version, and the process that answers."""

    api: ApiClient
    pid: int

    async def search(self, text: str, into: Measurement) -> str:
        """Search once; return a description of the answer."""
        cpu_before, sent_at = self._read_cpu_time(), time.perf_counter()
        reply = await self.api.search(text)
        into.times.append(1_000 * (time.perf_counter() - sent_at))
        into.cpu_times.append(self._read_cpu_time() - cpu_before)
        assert reply.status == 200, (text, reply.json)
        films = sorted(
            (-result["score"], result["movie"]["imdb_id"] or "") for result in reply.json["results"]
        )
        tied_with_last = [film for film in films if film[0] == films[-1][0]]
        if reply.json["next"]:  # which films of equal rank come first depends on random ids
            films = films[: -len(tied_with_last)]
        return f"{films} {reply.json['total']} {reply.json['did_you_mean']}"

    def _read_cpu_time(self) -> float:
        """Return the CPU time of all threads, in milliseconds."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(path.read_text().split()[0]) for path in threads) / 1e6


@contextlib.contextmanager
def check_out(ref: str) -> Iterator[Version]:
    """Yield the version of a commit, checked out into a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(source), ref], check=True)
        try:
            yield Version(source, _prepare_python(source, Path(folder) / "environment"))
        finally:
            subprocess.run([*git, "remove", "--force", str(source)], check=True)


def _prepare_python(source: Path, folder: Path) -> str:
    """Return a Python that has what the version depends on: this one, or else a new one."""
    lines = (source / "requirements.lock").read_text().splitlines()
    pins = [line.split()[0].split("==") for line in lines if "==" in line and ";" not in line]
    if all(_is_installed(name.partition("[")[0], pinned) for name, pinned in pins):
        return sys.executable
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin/python")
    requirements = ["-r", str(source / "requirements.lock")]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
    return python


def _is_installed(name: str, pinned: str) -> bool:
    try:
        return version(name) == pinned
    except ModuleNotFoundError:
        return False


@contextlib.asynccontextmanager
async def serve_version(tested: Version, stack: str, films: int) -> AsyncIterator[Served]:
    """Run a version that has indexed the films."""
    database = await create_database() if stack == "full" else ""
    with tempfile.TemporaryDirectory() as folder:
        settings = environment(stack, Path(folder), database) | SETTINGS
        try:
            await asyncio.to_thread(tested.run, settings, "migrate")
            path = str(prepare_films(Path(folder), films))
            await asyncio.to_thread(tested.run, settings, "load", path)
            runner = run_service(settings, tested.source, tested.python)
            async with open_in_thread(runner) as service, ApiClient.connect(service) as api:
                await wait_until_indexed(api)
                pids = find_child_pids(service)
                (pid,) = [pid for name, pid in pids.items() if name.startswith("api")]
                yield Served(api, pid)
        finally:
            if database:
                await delete_database_and_indexes(database, settings["SEARCH_URL"])


def prepare_queries(films: Path, count: int) -> list[QueryKind]:
    """Return queries of each kind; those of the warm-up are others."""
    kinds = read_queries(films)
    typed = {text for kind in kinds for text in (*kind.texts, *kind.warm_up)}
    lengths = range(1, MAX_PREFIX + 1)
    titles = [*kinds[0].texts, *kinds[0].warm_up]
    beginnings = sorted({text[:length].strip() for text in titles for length in lengths} - typed)
    random.Random(5).shuffle(beginnings)
    kinds.append(QueryKind("letter by letter", beginnings[:count], beginnings[count : 2 * count]))
    return [QueryKind(kind.name, kind.texts[:count], kind.warm_up[:count]) for kind in kinds]


async def measure(
    before: Served, after: Served, kind: QueryKind
) -> tuple[Measurement, Measurement, int]:
    """Send the queries by turns; return both measurements, and how many answers differ."""
    warm_up = Measurement()
    for text in kind.warm_up:
        for served in (before, after):
            await served.search(text, warm_up)
    rng = random.Random(7)
    old, new = Measurement(), Measurement()
    different = 0
    for text in kind.texts:
        turns = rng.sample([(before, old), (after, new)], 2)
        answers = [await served.search(text, into) for served, into in turns]
        different += answers[0] != answers[1]
    return old, new, different


def format_row(name: str, before: list[float], after: list[float]) -> str:
    """Return a row of the table: median and 99th percentile of both versions, and the ratios."""
    cells = []
    for percent in (50, 99):
        values = [statistics.quantiles(times, n=100)[percent - 1] for times in (before, after)]
        cells.append(f"{values[0]:.2f} → {values[1]:.2f}, {values[1] / values[0]:.2f}")
    return f"| {name} | {' | '.join(cells)} |"


async def compare(before: Version, stack: str, films: int, queries: int) -> None:
    """Print the table of one stack."""
    with tempfile.TemporaryDirectory() as folder:
        kinds = prepare_queries(prepare_films(Path(folder), films), queries)
    async with (
        serve_version(before, stack, films) as served_before,
        serve_version(Version(ROOT), stack, films) as served_now,
    ):
        print(f"\n| {STACKS[stack]}: ms before → now, ratio | p50 | p99 |\n|---|---|---|")
        for kind in kinds:
            old, new, different = await measure(served_before, served_now, kind)
            print(format_row(kind.name, old.times, new.times))
            print(format_row(f"{kind.name}, CPU of the API worker", old.cpu_times, new.cpu_times))
            print(
                f"| {kind.name}, other answers | {different} of {len(kind.texts)} | |", flush=True
            )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ref", help="the commit to compare with")
    parser.add_argument("--stack", default=",".join(STACKS))
    parser.add_argument("--films", type=int, default=FILM_COUNT)
    parser.add_argument("--queries", type=int, default=QUERIES, help="of each kind")
    args = parser.parse_args()
    with check_out(args.ref) as before:
        for stack in filter(has_backends, args.stack.split(",")):
            await compare(before, stack, args.films, args.queries)


if __name__ == "__main__":
    asyncio.run(main())
