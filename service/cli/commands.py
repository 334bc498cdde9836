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

from service.admin.health import run_check
from service.cli.search_table import render_table
from service.films.importer import ImportProgress
from service.films.models import Film
from service.indexing.drift import DriftReport
from service.indexing.models import Step
from service.indexing.reindex_jobs import ReindexView
from service.omdb.bulk_fetch import fetch_all
from service.search.retrieval.search_request import Page, SearchRequest
from service.server.container import open_container
from service.settings import Settings

stderr = Console(stderr=True)

MAX_BAD_LINES = 20  # shown one by one; the rest is counted
INDEXER_HINT_DELAY = 10.0  # seconds after which a rebuild that nobody takes up is worth a word
DOCTOR_CHECK_TIMEOUT = (
    20.0  # seconds that the doctor waits for a part; a slow one is not a broken one
)
PIPED_WIDTH = 200  # columns of a table that goes elsewhere than to a terminal
POLL_INTERVAL = 0.3  # seconds between two looks at a rebuild


async def load(settings: Settings, path: Path, sample: bool) -> int:
    async with open_container(settings) as container:
        if sample and await Film.exists():
            typer.echo("the catalogue has films already, so no samples were loaded")
            return 0
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        progress = ImportProgress()
        with _progress_bar("bytes") as bar:
            task = bar.add_task(path.name, total=size)
            async for progress in container.importer.import_file(
                path, "sample" if sample else "user"
            ):
                bar.update(task, completed=progress.bytes_read)
    for line in progress.bad_lines[:MAX_BAD_LINES]:
        stderr.print(f"{path.name}:{line.number}: {line.reason}", markup=False, highlight=False)
    unchanged = progress.read - len(progress.bad_lines) - progress.added - progress.changed
    typer.echo(
        f"{path.name}: {progress.read} read, {progress.added} added, {progress.changed} changed, "
        f"{unchanged} as before, {len(progress.bad_lines)} left out"
    )
    return len(progress.bad_lines)


async def fetch(settings: Settings, films: list[str]) -> int:
    failed = 0
    async with open_container(settings) as container:
        async for fetched in fetch_all(container.lookup, films):
            typer.echo(fetched.line, err=not fetched.ok)
            failed += not fetched.ok
    return failed


async def search(settings: Settings, text: str, limit: int, explain: bool) -> None:
    async with open_container(settings) as container:
        await container.generation.current()
        await container.vocabulary_sync.load()
        result = await container.search.search(SearchRequest(text, page=Page(limit)))
    if result.did_you_mean:
        typer.echo(f"did you mean: {result.did_you_mean}")
    if result.hits and result.query:
        width = None if sys.stdout.isatty() else PIPED_WIDTH
        Console(width=width).print(render_table(result, result.query, explain))
    prefix = "" if result.relation == "eq" else "at least "
    films = "film" if result.total == 1 else "films"
    typer.echo(f"{prefix}{result.total} {films}" if result.total else "no film fits")
    for reason in result.degraded:
        stderr.print(f"degraded: {reason}", markup=False, highlight=False)


async def reindex(settings: Settings, wait: bool, rollback: bool) -> ReindexView:
    async with open_container(settings) as container:
        job = await (
            container.reindex_jobs.request_rollback()
            if rollback
            else container.reindex_jobs.request()
        )
        if not wait:
            typer.echo(f"filed: /api/v1/admin/reindex/{job.id}")
            return job
        with _progress_bar("films") as bar:
            task = bar.add_task("queued", total=None)
            waited = 0.0
            while job.finished_at is None:
                await asyncio.sleep(POLL_INTERVAL)
                waited += POLL_INTERVAL
                job = await container.reindex_jobs.get(job.id)
                bar.update(task, description=job.state, completed=job.done, total=job.total or None)
                if (
                    job.state == Step.QUEUED
                    and INDEXER_HINT_DELAY <= waited < INDEXER_HINT_DELAY + POLL_INTERVAL
                ):
                    stderr.print("no indexer has taken it up yet; is `movies serve` running?")
        if job.state == Step.DONE and rollback:
            typer.echo(f"done: {job.index_name} is live again")
        elif job.state == Step.DONE:
            typer.echo(f"done: {job.done} films in {job.index_name}, {job.rate:.0f} a second")
        return job


async def check(settings: Settings, repair: bool) -> DriftReport:
    async with open_container(settings) as container:
        with _progress_bar("films") as bar:
            task = bar.add_task("comparing", total=None)
            async for report in container.drift.compare_all():
                bar.update(task, completed=report.compared, total=report.total)
                if repair:
                    await container.drift.repair(report.page_differences)
    for entry in report.named:
        versions = (
            f"database {entry.database_version or 'none'}, index {entry.index_version or 'none'}"
        )
        typer.echo(f"{entry.kind:<8}  {entry.film_id}  {versions}")
    return report


async def explain(settings: Settings, movie: str) -> None:
    async with open_container(settings) as container:
        for line in await container.diagnosis.explain(movie):
            typer.echo(line)


async def create_admin(settings: Settings, name: str, password: str) -> None:
    async with open_container(settings) as container:
        await container.accounts.create_admin(name, password)


async def doctor(settings: Settings) -> bool:
    async with open_container(settings) as container:
        parts_by_name = dict((await container.health.readiness(DOCTOR_CHECK_TIMEOUT)).parts)
        parts_by_name["omdb"] = await run_check(container.lookup.check, DOCTOR_CHECK_TIMEOUT)
    for name, part in parts_by_name.items():
        mark = "ok    " if part.state == "ok" else "FAILED"
        typer.echo(f"{mark}  {name:<9} {part.detail}")
    return all(part.state == "ok" for part in parts_by_name.values())


class _Rate(ProgressColumn):
    """How many a second, once that can be said."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.0f}/s")


def _progress_bar(unit: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        *([_Rate()] if unit == "films" else []),
        TimeRemainingColumn(),
        console=stderr,
        disable=not stderr.is_terminal,
        transient=True,
    )
