"""Run a command's work, and turn what goes wrong into one line that says what to do."""

import asyncio
import contextlib
import errno
import select
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import typer

from service.audit.actor import begin_command
from service.database.faults import is_database_error
from service.errors import DomainError
from service.observability.logging import SECRET_PATTERN, escape_line
from service.resilience.causes import describe_cause
from service.settings import Settings

T = TypeVar("T")


INTERRUPTED_STATUS = 130  # as shells report a command that Ctrl-C ended
PARTS_BY_CODE = {
    "search_unavailable": ("search", "the search index"),
    "cache_unavailable": ("cache", "the cache"),
    "posters_unavailable": ("posters", "the poster store"),
    "posters_refused": ("posters", "the poster store"),
    "omdb_unavailable": ("omdb", "OMDb"),
    "omdb_key_invalid": ("omdb", "OMDb"),
}
"""The part that an error's code speaks of, and what people call it."""


def run(settings: Settings, work: Coroutine[Any, Any, T]) -> T:
    """Run `work`; end the command with one line if it fails.

    With LOG_LEVEL=debug the error is raised instead, for developers.
    """
    begin_command()
    try:
        return asyncio.run(work)
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED_STATUS) from None
    except Exception as error:
        if settings.log_level == "debug" or is_output_unread(error):
            raise
        fail(describe_failure(settings, error))


def describe_failure(settings: Settings, error: Exception) -> str:
    """Return the line for `error`: what failed, where, why, and what to do."""
    from service.cli.locations import locate_part
    from service.database.fault_descriptions import describe_database_fault
    from service.database.faults import is_database_fault

    if isinstance(error, DomainError):
        unsaid = (e for e in error.errors if e.detail not in error.detail)
        text = "; ".join([error.detail, *(f"{e.pointer}: {e.detail}" for e in unsaid)])
        part, name = PARTS_BY_CODE.get(error.code, ("", ""))
        return f"{name} at {locate_part(settings, part)}: {text}" if part else text
    if is_output_fault(error):
        return f"the output cannot be written: {describe_cause(error)}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {describe_cause(error)}"
    if is_database_fault(error) or is_database_error(error):
        cause = describe_database_fault(error, settings.database_url)
        return f"the database at {locate_part(settings, 'database')}: {cause}"
    return f"{hide_secrets(error)}; LOG_LEVEL=debug shows where"


def is_output_unread(error: BaseException) -> bool:
    """Return whether nobody reads the output any more: `| head`. Typer then ends the command."""
    if not isinstance(error, BrokenPipeError):
        return False
    poller = select.poll()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with contextlib.suppress(OSError, ValueError):  # it is no file, or closed
            poller.register(stream.fileno(), 0)
    return any(state & select.POLLERR for _, state in poller.poll(0))


def is_output_fault(error: BaseException) -> bool:
    """Return whether standard output cannot be written; the errors of files name a file."""
    if not isinstance(error, OSError) or error.filename is not None:
        return False
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def hide_secrets(error: Exception) -> str:
    """Return the message of `error` in one line, without passwords."""
    text = " ".join(str(error).split()) or "it failed without a message"
    return SECRET_PATTERN.sub(lambda match: (match[1] or match[2]) + "***", text)


def fail(reason: str) -> NoReturn:
    """Write the reason, one line or several, to standard error, and end with 1."""
    typer.echo("\n".join(map(escape_line, f"movies: {reason}".split("\n"))), err=True)
    raise typer.Exit(1)
