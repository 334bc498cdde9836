"""The work of `movies fetch`: look films up, in the catalogue first."""

import typer

from service.omdb.bulk_fetch import fetch_all
from service.server.container import open_container
from service.settings import Settings


async def fetch(settings: Settings, films: list[str], *, refresh: bool) -> int:
    """Look up each film; return how many look-ups failed."""
    failures = 0
    async with open_container(settings) as container:
        async for fetched in fetch_all(container.lookup, films, refresh=refresh):
            typer.echo(fetched.line, err=not fetched.ok)
            failures += not fetched.ok
    return failures
