"""`movies`: everything that an operator does, as plain commands.

Each ends with 0 when done, 1 with one clear line when it failed, 2 when it was called wrongly.
Bars are drawn only on a terminal; elsewhere a line says the result.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tortoise.exceptions import OperationalError

from service import logs, settings, wiring
from service.database import is_fault
from service.errors import DomainError
from service.films.loader import Progress as Loaded
from service.films.models import Film
from service.migrate import migrate as bring_up_to_date
from service.omdb.fetch import fetch_all
from service.operation.health import asked
from service.operation.reindex import ReindexView
from service.search.table import table
from service.settings import PROJECT, Settings, SettingsError, path_of
from service.supervisor import Supervisor

T = TypeVar("T")

app = typer.Typer(
    help="A movie search service that finds a film however it is misspelt.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
told = Console(stderr=True)

MOST_BAD_LINES = 20  # shown one by one; the rest is counted
NO_INDEXER = 10.0  # seconds after which a rebuild that nobody takes up is worth a word
LONGEST_CALL = 5.0  # seconds that OMDb is waited for by the doctor, who really asks it
PIPED = 200  # columns of a table that goes elsewhere than to a terminal
LOOK = 0.3  # seconds between two looks at a rebuild


@app.command()
def serve() -> None:
    """Run the API, and the indexer beside it where INDEXER=managed."""
    chosen = _settings()
    try:
        supervisor = Supervisor(chosen)
    except OSError as fault:
        _fail(f"cannot listen on {chosen.host}:{chosen.port} ({fault.strerror}); set PORT")
    supervisor.run()


@app.command()
def indexer() -> None:
    """Run the indexer alone; any number may run."""
    _settings()
    os.chdir(PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "indexer"])  # noqa: S606


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date; safe to repeat."""
    applied = _run(bring_up_to_date(_settings().database_url))
    typer.echo(f"applied {', '.join(applied)}" if applied else "the schema is up to date")


@app.command()
def database() -> None:
    """Open a shell on the database: psql, or sqlite3."""
    url = _settings().database_url
    embedded = url.startswith("sqlite")
    command = ["sqlite3", str(path_of(url))] if embedded else ["psql", url]
    try:
        os.execvp(command[0], command)  # noqa: S606
    except FileNotFoundError:
        _fail(f"{command[0]} is not installed")


@app.command()
def load(
    files: Annotated[list[Path], typer.Argument(help="JSON or JSON lines, .gz too")],
    sample: Annotated[
        bool, typer.Option("--sample", help="only into an empty catalogue, marked as samples")
    ] = False,
) -> None:
    """Merge films from files into the catalogue; the same film twice is one film."""
    chosen = _settings()
    bad = sum(_run(_load(chosen, path, sample)) for path in files)
    if bad:
        _fail(f"{bad} lines were left out; the rest is stored")


@app.command()
def fetch(
    films: Annotated[list[str], typer.Argument(help="IMDb ids or titles")],
) -> None:
    """Fetch films through OMDb into the catalogue."""
    if _run(_fetch(_settings(), films)):
        raise typer.Exit(1)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="what a person would type")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="films to show")] = 10,
    explain: Annotated[bool, typer.Option(help="say why each film is there")] = False,
) -> None:
    """Find films, as the API does."""
    _run(_search(_settings(), " ".join(words), limit, explain))


@app.command()
def reindex(
    wait: Annotated[bool, typer.Option(help="stay until it is done")] = True,
) -> None:
    """Rebuild the index while searches go on."""
    job = _run(_reindex(_settings(), wait))
    if job.state == "failed":
        _fail(f"the rebuild failed, the old index goes on: {job.reason}")


@app.command("create-admin")
def create_admin(name: str) -> None:
    """Make an admin's account; the password is asked for, or read from standard input."""
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    _run(_create_admin(_settings(), name, password))
    typer.echo(f"{name} is an admin")


@app.command()
def doctor() -> None:
    """Try every part, and say in a line each what works and what to do about what does not."""
    if not _run(_doctor(_settings())):
        raise typer.Exit(1)


async def _load(chosen: Settings, path: Path, sample: bool) -> int:
    async with wiring.opened(chosen) as parts:
        if sample and await Film.exists():
            typer.echo("the catalogue has films already, so no samples were loaded")
            return 0
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        loaded = Loaded()
        with _bar("bytes") as bar:
            task = bar.add_task(path.name, total=size)
            async for loaded in parts.loader.load(path, "sample" if sample else "user"):
                bar.update(task, completed=loaded.bytes_read)
    for line in loaded.bad[:MOST_BAD_LINES]:
        told.print(f"{path.name}:{line.number}: {line.reason}", markup=False, highlight=False)
    same = loaded.read - len(loaded.bad) - loaded.added - loaded.changed
    typer.echo(
        f"{path.name}: {loaded.read} read, {loaded.added} added, {loaded.changed} changed, "
        f"{same} as before, {len(loaded.bad)} left out"
    )
    return len(loaded.bad)


async def _fetch(chosen: Settings, films: list[str]) -> int:
    failed = 0
    async with wiring.opened(chosen) as parts:
        async for fetched in fetch_all(parts.lookup, films):
            typer.echo(fetched.line, err=not fetched.ok)
            failed += not fetched.ok
    return failed


async def _search(chosen: Settings, text: str, limit: int, explain: bool) -> None:
    async with wiring.opened(chosen) as parts:
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


async def _reindex(chosen: Settings, wait: bool) -> ReindexView:
    async with wiring.opened(chosen) as parts:
        job = await parts.rebuilds.ask()
        if not wait:
            typer.echo(f"filed: /api/v1/admin/reindex/{job.id}")
            return job
        with _bar("films") as bar:
            task = bar.add_task("queued", total=None)
            waited = 0.0
            while job.finished_at is None:
                await asyncio.sleep(LOOK)
                waited += LOOK
                job = await parts.rebuilds.show(job.id)
                bar.update(task, description=job.state, completed=job.done, total=job.total or None)
                if job.state == "queued" and NO_INDEXER <= waited < NO_INDEXER + LOOK:
                    told.print("no indexer has taken it up yet; is `movies serve` running?")
        if job.state == "done":
            typer.echo(f"done: {job.done} films in {job.index_name}, {job.rate:.0f} a second")
        return job


async def _create_admin(chosen: Settings, name: str, password: str) -> None:
    async with wiring.opened(chosen) as parts:
        await parts.accounts.create_admin(name, password)


async def _doctor(chosen: Settings) -> bool:
    async with wiring.opened(chosen) as parts:
        found = dict((await parts.health.readiness()).parts)
        found["omdb"] = await asked(parts.lookup.check, LONGEST_CALL)
    for name, part in found.items():
        mark = "ok    " if part.state == "ok" else "FAILED"
        typer.echo(f"{mark}  {name:<9} {part.detail}")
    return all(part.state == "ok" for part in found.values())


def _bar(unit: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TextColumn("{task.speed:.0f}/s" if unit == "films" else ""),
        TimeRemainingColumn(),
        console=told,
        disable=not told.is_terminal,
        transient=True,
    )


def _settings() -> Settings:
    try:
        chosen = settings.load()
    except SettingsError as fault:
        _fail(str(fault))
    logs.configure(chosen.log_format)
    return chosen


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Carry out `work`; what an operator can mend becomes one line, a bug keeps its traceback."""
    try:
        return asyncio.run(work)
    except DomainError as fault:
        _fail("; ".join([fault.detail, *(f"{e.pointer}: {e.detail}" for e in fault.errors)]))
    except OperationalError as fault:
        hint = "; run `movies migrate`" if "no such table" in str(fault) else ""
        _fail(f"the database refuses: {fault}{hint}")
    except FileNotFoundError as fault:
        _fail(f"there is no {fault.filename}")
    except Exception as fault:
        if not is_fault(fault):
            raise
        _fail(f"the database does not answer ({type(fault).__name__}); try `movies doctor`")


def _fail(line: str) -> NoReturn:
    typer.echo(f"movies: {line}", err=True)
    raise typer.Exit(1)


def main() -> None:
    app()
