"""`movies`: everything that an operator does, as plain commands.

Each ends with 0 when done, 1 with one clear line when it failed, 2 when it was called wrongly.
What they do is in `service.cli.commands`, imported only by a command that is carried out: drivers
take seconds to load, and neither the help nor the supervisor needs one.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from service.errors import DomainError
from service.observability import logging
from service.settings import PROJECT, Settings, SettingsError, load_settings, resolve_path

if TYPE_CHECKING:
    from service.indexing.drift import DriftReport
    from service.indexing.reindex_jobs import ReindexView

T = TypeVar("T")

app = typer.Typer(
    help="A movie search service that finds a film however it is misspelt.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def serve() -> None:
    """Run the API, and the indexer beside it where INDEXER=managed."""
    from service.server.supervisor import Supervisor

    settings = _load_settings()
    try:
        supervisor = Supervisor(settings)
    except OSError as fault:
        _fail(f"cannot listen on {settings.host}:{settings.port} ({fault.strerror}); set PORT")
    supervisor.run()


@app.command()
def indexer() -> None:
    """Run the indexer alone; any number may run."""
    _load_settings()
    os.chdir(PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "indexer"])  # noqa: S606


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date; safe to repeat."""
    from service.database.migrate import migrate as bring_up_to_date

    applied = _run(bring_up_to_date(_load_settings().database_url))
    typer.echo(f"applied {', '.join(applied)}" if applied else "the schema is up to date")


@app.command()
def database() -> None:
    """Open a shell on the database: psql, or sqlite3."""
    url = _load_settings().database_url
    embedded = url.startswith("sqlite")
    command = ["sqlite3", str(resolve_path(url))] if embedded else ["psql", url]
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
    settings = _load_settings()
    from service.cli import commands

    bad = sum(_run(commands.load(settings, path, sample)) for path in files)
    if bad:
        _fail(f"{bad} lines were left out; the rest is stored")


@app.command()
def fetch(
    films: Annotated[list[str], typer.Argument(help="IMDb ids or titles")],
) -> None:
    """Fetch films through OMDb into the catalogue."""
    settings = _load_settings()
    from service.cli import commands

    if _run(commands.fetch(settings, films)):
        raise typer.Exit(1)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="what a person would type")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="films to show")] = 10,
    explain: Annotated[bool, typer.Option(help="say why each film is there")] = False,
) -> None:
    """Find films, as the API does."""
    settings = _load_settings()
    from service.cli import commands

    _run(commands.search(settings, " ".join(words), limit, explain))


@app.command()
def reindex(
    wait: Annotated[bool, typer.Option(help="stay until it is done")] = True,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="go back to the index before the live one")
    ] = False,
) -> None:
    """Rebuild the index while searches go on."""
    settings = _load_settings()
    from service.cli import commands

    job: ReindexView = _run(commands.reindex(settings, wait, rollback))
    if job.state == "failed":
        _fail(f"the {job.kind} failed, the old index goes on: {job.reason}")
    if job.state == "cancelled":
        _fail(f"the {job.kind} was called off, the old index goes on")


@app.command()
def check(
    movie: Annotated[
        str | None, typer.Argument(help="only this film (id, IMDb id or title), in plain words")
    ] = None,
    repair: Annotated[bool, typer.Option("--repair", help="have what differs indexed")] = False,
) -> None:
    """Compare database and index film by film, while everything goes on."""
    settings = _load_settings()
    from service.cli import commands

    if movie is not None:
        _run(commands.explain(settings, movie))
        return
    told: DriftReport = _run(commands.check(settings, repair))
    line = f"{told.drift} of {told.compared} films differ"
    if not told.by_content:
        _fail(f"{line} in version; the index was made with another mapping or analysis")
    if told.drift and not repair:
        _fail(f"{line}; `movies check --repair` has them indexed")
    typer.echo(f"{line}{', and will be indexed' if told.drift else ''}")


@app.command("create-admin")
def create_admin(name: str) -> None:
    """Make an admin's account; the password is asked for, or read from standard input."""
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    settings = _load_settings()
    from service.cli import commands

    _run(commands.create_admin(settings, name, password))
    typer.echo(f"{name} is an admin")


@app.command()
def doctor() -> None:
    """Try every part, and say in a line each what works and what to do about what does not."""
    settings = _load_settings()
    from service.cli import commands

    if not _run(commands.doctor(settings)):
        raise typer.Exit(1)


def _load_settings() -> Settings:
    try:
        settings = load_settings()
    except SettingsError as fault:
        _fail(str(fault))
    logging.configure(settings.log_format)
    return settings


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Carry out `work`; what an operator can mend becomes one line, a bug keeps its traceback."""
    from tortoise.exceptions import OperationalError

    from service.database.transactions import is_database_fault

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
        if not is_database_fault(fault):
            raise
        _fail(f"the database does not answer ({type(fault).__name__}); try `movies doctor`")


def _fail(line: str) -> NoReturn:
    typer.echo(f"movies: {line}", err=True)
    raise typer.Exit(1)


def main() -> None:
    app()
