"""Run a command's work, and turn what goes wrong into one line that says what to do."""

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import typer

from service.errors import DomainError
from service.observability.logging import SECRET_PATTERN
from service.resilience.causes import describe_cause
from service.settings import Settings

T = TypeVar("T")


INTERRUPTED_STATUS = 130  # as shells report a command that Ctrl-C ended


def run(settings: Settings, work: Coroutine[Any, Any, T]) -> T:
    """Run `work`; end the command with one line if it fails.

    With LOG_LEVEL=debug the error is raised instead, for whoever looks for a bug.
    """
    try:
        return asyncio.run(work)
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED_STATUS) from None
    except Exception as error:
        if settings.log_level == "debug":
            raise
        fail(describe_failure(settings, error))


def describe_failure(settings: Settings, error: Exception) -> str:
    """Return the line for `error`: what failed, where, why, and what to do."""
    from service.database.faults import describe_database_fault, locate_database
    from service.database.transactions import is_database_fault

    if isinstance(error, DomainError):
        return "; ".join([error.detail, *(f"{e.pointer}: {e.detail}" for e in error.errors)])
    url = settings.database_url
    database = f"the database at {locate_database(url)}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {describe_cause(error)}"
    if is_database_fault(error) or is_database_error(error):
        return f"{database}: {describe_database_fault(error, url)}"
    return f"{hide_secrets(error)}; LOG_LEVEL=debug shows where"


def is_database_error(error: Exception) -> bool:
    """Return whether a driver of the database raised `error`."""
    import sqlite3

    from asyncpg import PostgresError
    from tortoise.exceptions import BaseORMException

    return isinstance(error, (BaseORMException, PostgresError, sqlite3.Error))


def hide_secrets(error: Exception) -> str:
    """Return the message of `error` in one line, without passwords."""
    text = " ".join(str(error).split()) or "it failed without a message"
    return SECRET_PATTERN.sub(lambda match: (match[1] or match[2]) + "***", text)


def fail(line: str) -> NoReturn:
    """Write `line` to standard error, and end with 1."""
    typer.echo(f"movies: {line}", err=True)
    raise typer.Exit(1)
