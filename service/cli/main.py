"""`movies`: everything that an operator does, as plain commands.

Each command ends with 0 when done, 1 with one clear line when it failed, and 2 when it was called
wrongly. Their work is in `service.cli.commands`, imported only when a command runs: drivers take
seconds to load, and neither the help nor the supervisor needs one.
"""

import io
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote, urlsplit

import structlog
import typer

from service.cli.running import fail, run
from service.observability import logging
from service.private_files import PRIVATE_UMASK
from service.resources import resource_path
from service.settings import (
    Settings,
    SettingsError,
    home_folder,
    load_settings,
    resolve_path,
)

if TYPE_CHECKING:
    from service.cli.commands import CheckResult

WAITING_STATUS = 3  # of `movies check`: equal but for what waits to be indexed

log = structlog.get_logger()

app = typer.Typer(
    help="A movie search service that finds a film however its title is misspelt.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"movies {version('movies')}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool,
        typer.Option("--version", help="print the version", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    # Without a docstring, the help of `app` stays the one that is shown.
    pass


@app.command()
def serve() -> None:
    """Run the API, and the indexer beside it if INDEXER=managed."""
    from service.server.supervisor import Supervisor

    settings = _load_settings()
    try:
        supervisor = Supervisor(settings)
    except OSError as error:
        fail(f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); set PORT")
    supervisor.run()


@app.command()
def indexer() -> None:
    """Run the indexer alone; any number may run."""
    _load_settings()
    home = home_folder()
    os.environ["MOVIES_HOME"] = str(home)
    os.chdir(home)
    os.execv(sys.executable, [sys.executable, "-m", "indexer"])  # noqa: S606


@app.command()
def migrate() -> None:
    """Bring the database schema up to date; safe to repeat."""
    from service.database.migrate import migrate as apply_migrations

    settings = _load_settings()
    applied = run(settings, apply_migrations(settings.database_url))
    typer.echo(f"applied {', '.join(applied)}" if applied else "the schema is up to date")


@app.command()
def dbshell() -> None:
    """Open a shell on the database: psql or sqlite3."""
    url = _load_settings().database_url
    is_embedded = url.startswith("sqlite")
    command = ["sqlite3", str(resolve_path(url))] if is_embedded else ["psql", _strip_password(url)]
    try:
        os.execvp(command[0], command)  # noqa: S606
    except FileNotFoundError:
        fail(f"{command[0]} is not installed")


def _strip_password(url: str) -> str:
    """Return the URL as psql takes it; its password is in the environment, which `ps` hides."""
    from service.database.connection import to_driver_url

    parts = urlsplit(to_driver_url(url))
    if parts.password is None:
        return parts.geturl()
    os.environ["PGPASSWORD"] = unquote(parts.password)
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}@{host}").geturl()


@app.command(hidden=True)
def database() -> None:
    """Open a shell on the database; the old name of `movies dbshell`."""
    _warn_renamed("movies database", "movies dbshell")
    dbshell()


@app.command()
def load(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="JSON, JSON lines, CSV or TSV, also as .gz; - is standard input"),
    ] = None,
    sample: Annotated[
        bool,
        typer.Option(
            "--sample",
            help="load only into an empty catalogue, and mark the films as samples; "
            "without FILES, load the 500 films that come with the service",
        ),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="refuse unknown fields")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="wait until the films are indexed")] = False,
) -> None:
    """Merge films from files into the catalogue; a film that occurs twice is stored once."""
    if not files and not sample:
        raise typer.BadParameter("name a file, or use --sample", param_hint="FILES")
    settings = _load_settings()
    from service.cli import load_command

    paths = files or [resource_path("samples/films.jsonl")]
    options = load_command.LoadOptions(sample, strict, wait)
    if failure := run(settings, load_command.load(settings, paths, options)):
        fail(failure)


@app.command()
def fetch(
    films: Annotated[list[str], typer.Argument(help="IMDb ids or titles")],
) -> None:
    """Fetch films through OMDb into the catalogue."""
    settings = _load_settings()
    from service.cli import commands

    if run(settings, commands.fetch(settings, films)):
        raise typer.Exit(1)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="the query, as a person would type it")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="films to show")] = 10,
    explain: Annotated[bool, typer.Option(help="show why each film matches")] = False,
) -> None:
    """Search for films, as the API does."""
    settings = _load_settings()
    from service.cli import commands

    run(settings, commands.search(settings, " ".join(words), limit, explain))


@app.command()
def reindex(
    wait: Annotated[bool, typer.Option(help="wait until it is done")] = True,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="make the index before the live one live again")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="show the active or last job")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="cancel the active job")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="with --status, print JSON")] = False,
) -> None:
    """Rebuild the index while searches go on; join a rebuild that runs."""
    settings = _load_settings()
    from service.cli import commands

    if status or cancel:
        job = run(settings, commands.show_reindex(settings, cancel))
        typer.echo(commands.render_reindex(job, as_json))
        return
    job = run(settings, commands.reindex(settings, wait, rollback))
    if job.state == "failed":
        fail(f"the {job.kind} failed, the old index stays live: {job.reason}")
    if job.state == "cancelled":
        fail(f"the {job.kind} was cancelled, the old index stays live")


@app.command()
def check(
    movie: Annotated[str | None, typer.Argument(hidden=True)] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="queue the films that differ for indexing")
    ] = False,
) -> None:
    """Compare database and index film by film; exit with 3 if films only wait for the index."""
    if movie is not None:
        _warn_renamed("movies check FILM", "movies explain FILM")
        explain(movie)
        return
    settings = _load_settings()
    from service.cli import commands

    result: CheckResult = run(settings, commands.check(settings, repair))
    report = result.report
    line = f"{report.drift} of {report.compared} films differ"
    if not report.by_content:
        fail(f"{line} in version; the index was made with another mapping or analysis")
    if report.drift and not repair:
        fail(f"{line}; `movies check --repair` has them indexed")
    if result.quarantined:
        fail(f"{line}; {result.quarantined} changes are quarantined, see /api/v1/admin/outbox")
    if result.waiting and not repair:
        typer.echo(f"{line}; {result.waiting} changes wait to be indexed")
        raise typer.Exit(WAITING_STATUS)
    typer.echo(f"{line}{', and will be indexed' if report.drift else ''}")


@app.command()
def explain(
    film: Annotated[str, typer.Argument(help="its id, IMDb id or title")],
) -> None:
    """Explain why a film is or is not found, from its row to the search result."""
    settings = _load_settings()
    from service.cli import commands

    run(settings, commands.explain(settings, film))


samples = typer.Typer(help="The sample films that a new catalogue starts with.")
app.add_typer(samples, name="samples", no_args_is_help=True)


@samples.callback()
def manage_samples() -> None:
    """Manage the sample films that a new catalogue starts with."""


@samples.command("remove")
def remove_samples() -> None:
    """Remove the films whose source is still `sample`."""
    settings = _load_settings()
    from service.cli import commands

    typer.echo(f"{run(settings, commands.remove_samples(settings))} sample films removed")


@app.command("create-admin")
def create_admin(name: str) -> None:
    """Create an admin account; the password is prompted for, or read from standard input."""
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    settings = _load_settings()
    from service.cli import commands

    run(settings, commands.create_admin(settings, name, password))
    typer.echo(f"{name} is an admin")


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Check every part; print one line each, with a remedy for what does not work."""
    settings = _load_settings()
    from service.cli import commands

    if not run(settings, commands.doctor(settings, as_json)):
        raise typer.Exit(1)


def _load_settings() -> Settings:
    """Load the settings and configure logging; exit with 1 if a setting is wrong."""
    renamed: list[tuple[str, str]] = []
    unknown: list[str] = []
    try:
        settings = load_settings(
            on_renamed=lambda old, new: renamed.append((old, new)), on_unknown=unknown.append
        )
    except SettingsError as error:
        fail(str(error))
    logging.configure(settings.log_format, settings.log_level)
    for old, new in renamed:
        log.warning("setting_renamed", setting=old, advice=f"set {new}; {old} works until 1.0")
    for name in unknown:
        log.warning("setting_unknown", setting=name, advice="correct or remove it in .env")
    return settings


def _warn_renamed(old: str, new: str) -> None:
    typer.echo(f"movies: `{old}` works until 1.0; use `{new}`", err=True)


def main() -> None:
    """Run the command that the arguments name."""
    os.umask(PRIVATE_UMASK)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that a console lacks ends nothing
            stream.reconfigure(errors="backslashreplace")
    app()
