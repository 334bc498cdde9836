"""The work of `movies fetch`: look films up, in the catalogue first."""

from service.audit.log import record
from service.cli.output import print_line
from service.cli.running import describe_failure
from service.omdb.bulk_fetch import fetch_all
from service.server.container import open_container
from service.settings import Settings


async def fetch(settings: Settings, films: list[str], *, refresh: bool) -> int:
    """Look up each film; return how many look-ups failed."""
    failures = 0
    async with open_container(settings) as container:
        async for fetched in fetch_all(container.lookup, films, refresh=refresh):
            if fetched.error is None:
                print_line(fetched.line)
                continue
            failures += 1
            print_line(
                f"{fetched.movie}: {describe_failure(settings, fetched.error)}", is_error=True
            )
        if len(films) > failures:
            await record("films_fetched", films=len(films) - failures)
    return failures
