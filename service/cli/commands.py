"""The work of the commands: each opens the container, and prints what happened.

`service.cli.main` declares the arguments and imports this module late, so that the help, a wrong
argument or a missing setting is answered without loading any driver.
"""

import asyncio
import sys
from dataclasses import dataclass

import orjson
import typer
from rich.console import Console

from service.cli.doctor import examine
from service.cli.progress import progress_bar
from service.cli.search_table import render_table
from service.database.sql import now_ms
from service.errors import Conflict, Unavailable
from service.indexing.drift import DriftReport
from service.indexing.indexer_heartbeat import MAX_HEARTBEAT_AGE_MS, measure_heartbeat_age_ms
from service.indexing.models import Step
from service.indexing.reindex_jobs import ReindexJobs, ReindexView
from service.omdb.bulk_fetch import fetch_all
from service.outbox import store
from service.search.retrieval.search_request import Page, SearchRequest
from service.server.container import open_container
from service.settings import Settings

stderr = Console(stderr=True)

INDEXER_DELAY = 10.0  # until a rebuild that nobody works on is given up
PIPED_WIDTH = 200  # columns of a table that is not written to a terminal
POLL_INTERVAL = 0.3  # between two looks at a rebuild


async def fetch(settings: Settings, films: list[str]) -> int:
    """Look up each film through OMDb; return how many look-ups failed."""
    failures = 0
    async with open_container(settings) as container:
        async for fetched in fetch_all(container.lookup, films):
            typer.echo(fetched.line, err=not fetched.ok)
            failures += not fetched.ok
    return failures


async def search(settings: Settings, text: str, limit: int, explain: bool) -> None:
    """Print the first films that `text` finds."""
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
    noun = "film" if result.total == 1 else "films"
    typer.echo(f"{prefix}{result.total} {noun}" if result.total else "no film matches")
    for reason in result.degraded:
        stderr.print(f"degraded: {reason}", markup=False, highlight=False)


async def reindex(settings: Settings, wait: bool, rollback: bool) -> ReindexView:
    """Queue a rebuild or a rollback, or join the rebuild that is active; with `wait`, follow it."""
    async with open_container(settings) as container:
        jobs = container.reindex_jobs
        job = await (jobs.request_rollback() if rollback else _request_or_join(jobs))
        if not wait:
            typer.echo(f"filed: /api/v1/admin/reindex/{job.id}")
            return job
        job = await _follow(jobs, job)
    if job.state == Step.DONE and rollback:
        typer.echo(f"done: {job.index_name} is live again")
    elif job.state == Step.DONE:
        typer.echo(f"done: {job.done} films in {job.index_name}, {job.rate:.0f} a second")
    return job


async def _request_or_join(jobs: ReindexJobs) -> ReindexView:
    try:
        return await jobs.request()
    except Conflict:
        job = await jobs.get_latest()
        if job is None or job.finished_at is not None or job.kind != "rebuild":
            raise
        typer.echo(f"joined: /api/v1/admin/reindex/{job.id}")
        return job


async def show_reindex(settings: Settings, cancel: bool) -> ReindexView | None:
    """Return the active or the last rebuild; with `cancel`, cancel it first."""
    async with open_container(settings) as container:
        job = await container.reindex_jobs.get_latest()
        return await container.reindex_jobs.cancel(job.id) if job and cancel else job


def render_reindex(job: ReindexView | None, as_json: bool) -> str:
    """Return the state of a job in one line."""
    if as_json:
        return orjson.dumps(job).decode()
    if job is None:
        return "there has been no rebuild"
    left = "" if job.seconds_left is None else f", {job.seconds_left:.0f} s left"
    reason = f": {job.reason}" if job.reason else ""
    return f"{job.kind} {job.state}, {job.done} of {job.total} films{left}{reason}"


async def _follow(jobs: ReindexJobs, job: ReindexView) -> ReindexView:
    """Show the progress of `job` until it has finished; return its last state.

    Raises:
        Unavailable: no indexer is running that could do it.
    """
    waited = 0.0
    with progress_bar("films") as bar:
        task = bar.add_task(job.state, total=None)
        while job.finished_at is None:
            await asyncio.sleep(POLL_INTERVAL)
            waited += POLL_INTERVAL
            job = await jobs.get(job.id)
            bar.update(task, description=job.state, completed=job.done, total=job.total or None)
            if waited >= INDEXER_DELAY and job.finished_at is None:
                await _require_indexer(job)
                waited = 0.0
    return job


async def _require_indexer(job: ReindexView) -> None:
    age = await measure_heartbeat_age_ms()
    if age is None or age > MAX_HEARTBEAT_AGE_MS:
        raise Unavailable(
            "no indexer is running; start `movies serve` or `movies indexer`. "
            f"The {job.kind} stays queued: /api/v1/admin/reindex/{job.id}"
        )


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A comparison of database and index, and how far the index has yet to catch up."""

    report: DriftReport
    waiting: int
    quarantined: int


async def check(settings: Settings, repair: bool) -> CheckResult:
    """Compare every film with the index; print the first ones that differ."""
    async with open_container(settings) as container:
        with progress_bar("films") as bar:
            task = bar.add_task("comparing", total=None)
            async for report in container.drift.compare_all():
                bar.update(task, completed=report.compared, total=report.total)
                if repair:
                    await container.drift.repair(report.page_differences)
        depth = await store.measure_depth(await now_ms())
    for entry in report.first_differences:
        in_database, in_index = entry.database_version or "none", entry.index_version or "none"
        typer.echo(f"{entry.kind:<8}  {entry.film_id}  database {in_database}, index {in_index}")
    return CheckResult(report, depth.waiting, depth.quarantined)


async def explain(settings: Settings, film: str) -> None:
    """Print why `film` is or is not found."""
    async with open_container(settings) as container:
        for line in await container.diagnosis.explain(film):
            typer.echo(line)


async def remove_samples(settings: Settings) -> int:
    """Delete the sample films; return their number."""
    async with open_container(settings) as container:
        return await container.catalogue.remove_samples()


async def create_admin(settings: Settings, name: str, password: str) -> None:
    """Create an admin account."""
    async with open_container(settings) as container:
        await container.accounts.create_admin(name, password)


async def doctor(settings: Settings, as_json: bool = False) -> bool:
    """Print the state of every part; return whether all of them work."""
    findings = await examine(settings)
    if as_json:
        typer.echo(orjson.dumps(findings).decode())
        return all(finding.state == "ok" for finding in findings)
    for finding in findings:
        is_ok = finding.state == "ok"
        location = "" if is_ok else f"{finding.location}: "
        mark = "ok    " if is_ok else "FAILED"
        typer.echo(f"{mark}  {finding.part:<9} {location}{finding.detail}")
    return all(finding.state == "ok" for finding in findings)
