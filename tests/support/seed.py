"""Fill a new service with the sample films and an admin, in one process.

`movies load --sample` and `movies create-admin` do the same; each start of Python costs a second.
"""

import asyncio
import sys

from service.cli.accounts import create_admin
from service.cli.load import LoadOptions, load
from service.resources import resource_path
from service.settings import load_settings


def main(name: str, password: str) -> None:
    settings = load_settings()
    samples = resource_path("samples/films.jsonl")
    options = LoadOptions(as_samples=True)
    assert asyncio.run(load(settings, [samples], options)) is None
    asyncio.run(create_admin(settings, name, password))


if __name__ == "__main__":
    main(*sys.argv[1:])
