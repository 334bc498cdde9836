"""Fill a new service with the sample films and an admin, in one process.

`movies load --sample` and `movies create-admin` do the same; each start of Python costs a second.
"""

import asyncio
import sys

from service.cli import commands
from service.resources import resource_path
from service.settings import load_settings


def main(name: str, password: str) -> None:
    settings = load_settings()
    samples = resource_path("samples/films.jsonl")
    assert asyncio.run(commands.load(settings, samples, sample=True)) == 0
    asyncio.run(commands.create_admin(settings, name, password))


if __name__ == "__main__":
    main(*sys.argv[1:])
