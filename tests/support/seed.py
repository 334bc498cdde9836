"""Fill a new service with the sample films and an admin, in one process.

`movies load --sample` and `movies create-admin` do the same; each start of Python costs a second.
"""

import asyncio
import sys

from service.cli import commands, load_command
from service.resources import resource_path
from service.settings import load_settings


def main(name: str, password: str) -> None:
    settings = load_settings()
    samples = resource_path("samples/films.jsonl")
    options = load_command.LoadOptions(as_samples=True)
    assert asyncio.run(load_command.load(settings, [samples], options)) is None
    asyncio.run(commands.create_admin(settings, name, password))


if __name__ == "__main__":
    main(*sys.argv[1:])
