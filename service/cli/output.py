"""Results as JSON for programs, and as words for people."""

import orjson
import typer
from pydantic_core import to_jsonable_python

from service.observability.logging import escape_line


def print_line(line: str, *, is_error: bool = False) -> None:
    """Write a line that may hold texts of others, which must not control the terminal."""
    typer.echo(escape_line(line), err=is_error)


def print_json(document: object) -> None:
    """Write `document` as one line of JSON, in UTF-8 whatever the console is set to."""
    typer.echo(orjson.dumps(document, default=to_jsonable_python))


def format_count(count: int, noun: str) -> str:
    """Return a number with a regular noun: "1 film", "2 films"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
