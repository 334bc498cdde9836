"""What the commands of an operator do: they open the parts, and tell in words what became of it.

Apart from `service.cli.main`, which only says how each is called: the help, a wrong word or a
setting that is missing is answered without waiting for drivers that nobody asked for.
"""

import asyncio
import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from service.admin.health import asked
from service.cli.search_table import table
from service.films.importer import ImportProgress as Loaded
from service.films.models import Film
from service.indexing.drift import DriftReport
from service.indexing.models import Step
from service.indexing.reindex_jobs import ReindexView
from service.omdb.bulk_fetch import fetch_all
from service.server import container
from service.settings import Settings

told = Console(stderr=True)

MOST_BAD_LINES = 20  # shown one by one; the rest is counted
NO_INDEXER = 10.0  # seconds after which a rebuild that nobody takes up is worth a word
PATIENT_CHECK = 20.0  # seconds that the doctor waits for a part; a slow one is not a broken one
PIPED = 200  # columns of a table that goes elsewhere than to a terminal
LOOK = 0.3  # seconds between two looks at a rebuild


async def load(chosen: Settings, path: Path, sample: bool) -> int:
    async with container.open_container(chosen) as parts:
        if sample and await Film.exists():
            typer.echo("the catalogue has films already, so no samples were loaded")
            return 0
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        loaded = Loaded()
        with _bar("bytes") as bar:
            task = bar.add_task(path.name, total=size)
            async for loaded in parts.loader.import_file(path, "sample" if sample else "user"):
                bar.update(task, completed=loaded.bytes_read)
    for line in loaded.bad[:MOST_BAD_LINES]:
        told.print(f"{path.name}:{line.number}: {line.reason}", markup=False, highlight=False)
    same = loaded.read - len(loaded.bad) - loaded.added - loaded.changed
    typer.echo(
        f"{path.name}: {loaded.read} read, {loaded.added} added, {loaded.changed} changed, "
        f"{same} as before, {len(loaded.bad)} left out"
    )
    return len(loaded.bad)


async def fetch(chosen: Settings, films: list[str]) -> int:
    failed = 0
    async with container.open_container(chosen) as parts:
        async for fetched in fetch_all(parts.lookup, films):
            typer.echo(fetched.line, err=not fetched.ok)
            failed += not fetched.ok
    return failed


async def search(chosen: Settings, text: str, limit: int, explain: bool) -> None:
    async with container.open_container(chosen) as parts:
        await parts.generation.current()
        await parts.lexicon.load()
        found = await parts.search.find(text, limit, 0)
    if found.did_you_mean:
        typer.echo(f"did you mean: {found.did_you_mean}")
    if found.results and found.query:
        wide = None if sys.stdout.isatty() else PIPED
        Console(width=wide).print(table(found, found.query, explain))
    more = "" if found.relation == "eq" else "at least "
    films = "film" if found.total == 1 else "films"
    typer.echo(f"{more}{found.total} {films}" if found.total else "no film fits")
    for each in found.degraded:
        told.print(f"degraded: {each}", markup=False, highlight=False)


async def reindex(chosen: Settings, wait: bool, rollback: bool) -> ReindexView:
    async with container.open_container(chosen) as parts:
        job = await (parts.rebuilds.request_rollback() if rollback else parts.rebuilds.request())
        if not wait:
            typer.echo(f"filed: /api/v1/admin/reindex/{job.id}")
            return job
        with _bar("films") as bar:
            task = bar.add_task("queued", total=None)
            waited = 0.0
            while job.finished_at is None:
                await asyncio.sleep(LOOK)
                waited += LOOK
                job = await parts.rebuilds.get(job.id)
                bar.update(task, description=job.state, completed=job.done, total=job.total or None)
                if job.state == Step.QUEUED and NO_INDEXER <= waited < NO_INDEXER + LOOK:
                    told.print("no indexer has taken it up yet; is `movies serve` running?")
        if job.state == Step.DONE and rollback:
            typer.echo(f"done: {job.index_name} is live again")
        elif job.state == Step.DONE:
            typer.echo(f"done: {job.done} films in {job.index_name}, {job.rate:.0f} a second")
        return job


async def check(chosen: Settings, repair: bool) -> DriftReport:
    async with container.open_container(chosen) as parts:
        with _bar("films") as bar:
            task = bar.add_task("comparing", total=None)
            async for tally in parts.drift.compare_all():
                bar.update(task, completed=tally.compared, total=tally.total)
                if repair:
                    await parts.drift.repair(tally.page)
    for each in tally.named:
        typer.echo(
            f"{each.kind:<8}  {each.film_id}  database {each.database_version or 'none'}, "
            f"index {each.index_version or 'none'}"
        )
    return tally


async def why(chosen: Settings, movie: str) -> None:
    async with container.open_container(chosen) as parts:
        for line in await parts.why.explain(movie):
            typer.echo(line)


async def create_admin(chosen: Settings, name: str, password: str) -> None:
    async with container.open_container(chosen) as parts:
        await parts.accounts.create_admin(name, password)


async def doctor(chosen: Settings) -> bool:
    async with container.open_container(chosen) as parts:
        found = dict((await parts.health.readiness(PATIENT_CHECK)).parts)
        found["omdb"] = await asked(parts.lookup.check, PATIENT_CHECK)
    for name, part in found.items():
        mark = "ok    " if part.state == "ok" else "FAILED"
        typer.echo(f"{mark}  {name:<9} {part.detail}")
    return all(part.state == "ok" for part in found.values())


class _Rate(ProgressColumn):
    """How many a second, once that can be said."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.0f}/s")


def _bar(unit: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        *([_Rate()] if unit == "films" else []),
        TimeRemainingColumn(),
        console=told,
        disable=not told.is_terminal,
        transient=True,
    )
