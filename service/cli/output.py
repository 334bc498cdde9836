"""Results as JSON for programs, and as words for people."""

import orjson
import typer
from pydantic_core import to_jsonable_python


def print_json(document: object) -> None:
    """Write `document` as one line of JSON, in UTF-8 whatever the console is set to."""
    typer.echo(orjson.dumps(document, default=to_jsonable_python))


def format_count(count: int, noun: str) -> str:
    """Return a number with a regular noun: "1 film", "2 films"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
