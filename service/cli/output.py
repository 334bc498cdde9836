"""Results for programs, written to standard output."""

import orjson
import typer
from pydantic_core import to_jsonable_python


def print_json(document: object) -> None:
    """Write `document` as one line of JSON, in UTF-8 whatever the console is set to."""
    typer.echo(orjson.dumps(document, default=to_jsonable_python))
