"""The work of `movies reindex`: request, join, follow, show and cancel rebuilds."""

import asyncio
from dataclasses import dataclass

import typer

from service.cli.output import print_json
from service.cli.progress import progress_bar
from service.cli.running import fail
from service.errors import Conflict, Unavailable
from service.indexing.indexer_heartbeat import MAX_HEARTBEAT_AGE_MS, measure_heartbeat_age_ms
from service.indexing.models import Step
from service.indexing.reindex_jobs import ReindexJobs, ReindexView
from service.server.container import open_container
from service.settings import Settings

INDEXER_DELAY = 10.0  # until a rebuild that nobody works on is given up
POLL_INTERVAL = 0.3  # between two looks at a rebuild


@dataclass(frozen=True, slots=True)
class ReindexOptions:
    """What to do, whether to wait until it is done, and how to report it."""

    is_waiting: bool = True
    is_rollback: bool = False
    as_json: bool = False


async def reindex(settings: Settings, options: ReindexOptions) -> None:
    """Queue a rebuild or a rollback, or join the rebuild that is active; follow it to its end.

    A job that fails or is cancelled ends the command with 1.
    """
    async with open_container(settings) as container:
        jobs = container.reindex_jobs
        job = await (
            jobs.request_rollback() if options.is_rollback else _request_or_join(jobs, options)
        )
        if options.is_waiting:
            job = await _follow(jobs, job)
    if options.as_json:
        print_json(job)
    elif not options.is_waiting:
        typer.echo(f"filed: {job_path(job)}")
    elif job.state == Step.DONE and options.is_rollback:
        typer.echo(f"done: {job.index_name} is live again")
    elif job.state == Step.DONE:
        typer.echo(f"done: {job.done} films in {job.index_name}, {job.rate:.0f} a second")
    if job.state == Step.FAILED:
        fail(f"the {job.kind} failed, the old index stays live: {job.reason}")
    if job.state == Step.CANCELLED:
        fail(f"the {job.kind} was cancelled, the old index stays live")


def job_path(job: ReindexView) -> str:
    """Return where the API shows `job`."""
    return f"/api/v1/admin/reindex/{job.id}"


async def _request_or_join(jobs: ReindexJobs, options: ReindexOptions) -> ReindexView:
    try:
        return await jobs.request()
    except Conflict:
        job = await jobs.get_latest()
        if job is None or job.finished_at is not None or job.kind != "rebuild":
            raise
        typer.echo(f"joined: {job_path(job)}", err=options.as_json)
        return job


async def show_reindex(settings: Settings, *, cancel: bool, as_json: bool) -> None:
    """Print the active or the last job; with `cancel`, cancel it first."""
    async with open_container(settings) as container:
        job = await container.reindex_jobs.get_latest()
        if job and cancel:
            job = await container.reindex_jobs.cancel(job.id)
    if as_json:
        print_json(job)
    else:
        typer.echo(render_reindex(job))


def render_reindex(job: ReindexView | None) -> str:
    """Return the state of a job in one line."""
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
        task = bar.add_task(job.state, completed=job.done, total=job.total or None)
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
            f"The {job.kind} stays queued: {job_path(job)}"
        )
