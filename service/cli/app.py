"""The command `movies`, its options, and how each of its commands gets its settings."""

from importlib.metadata import version
from typing import Annotated

import structlog
import typer

from service.cli.running import fail
from service.observability import logging
from service.settings import Settings, SettingsError, load_settings

log = structlog.get_logger()

app = typer.Typer(
    help="A movie search service that finds a film however its title is misspelt.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON document")]


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


def require_settings() -> Settings:
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


def warn_renamed(old: str, new: str) -> None:
    """Say on standard error which command replaces the old one."""
    typer.echo(f"movies: `{old}` works until 1.0; use `{new}`", err=True)
