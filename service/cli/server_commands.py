"""The commands that run the service, check it, and prepare or open its database."""

import errno
import os
import sys
from urllib.parse import unquote, urlsplit

import typer

from service.cli.app import JsonOption, app, require_settings, warn_renamed
from service.cli.running import fail, run
from service.resilience.causes import describe_cause
from service.settings import home_folder, resolve_path

LISTEN_CAUSES = {
    errno.EADDRINUSE: "another program listens there; set PORT, or end that program",
    errno.EADDRNOTAVAIL: "this machine has no such address; correct HOST",
    errno.EACCES: "ports below 1024 need a privilege; set PORT",
}


@app.command()
def serve() -> None:
    """Run the API, and the indexer beside it if INDEXER=managed."""
    from service.server.supervisor import Supervisor

    settings = require_settings()
    try:
        supervisor = Supervisor(settings)
    except OSError as error:
        place = f"cannot listen on {settings.host}:{settings.port}"
        fail(f"{place}: {LISTEN_CAUSES.get(error.errno or 0) or describe_cause(error)}")
    supervisor.run()


@app.command()
def indexer() -> None:
    """Run the indexer alone; any number may run."""
    require_settings()
    home = home_folder()
    os.environ["MOVIES_HOME"] = str(home)
    os.chdir(home)
    os.execv(sys.executable, [sys.executable, "-m", "indexer"])  # noqa: S606


@app.command()
def migrate() -> None:
    """Bring the database schema up to date; safe to repeat."""
    from service.database.migrate import migrate as apply_migrations

    settings = require_settings()
    applied = run(settings, apply_migrations(settings.database_url))
    typer.echo(f"applied {', '.join(applied)}" if applied else "the schema is up to date")


@app.command()
def dbshell() -> None:
    """Open a shell on the database: psql or sqlite3."""
    url = require_settings().database_url
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
    warn_renamed("movies database", "movies dbshell")
    dbshell()


@app.command()
def doctor(
    as_json: JsonOption = False,
) -> None:
    """Check every part; print one line each, with a remedy for what does not work."""
    settings = require_settings()
    from service.cli import doctor as command

    run(settings, command.doctor(settings, as_json=as_json))
