"""A running service that has the real films, reached over HTTP, on either stack."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from benches.films import load_backend_addresses
from benches.load import create_database, drop_database, environment, prepare_films
from tests.support import service_runner
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

FILM_COUNT = 25_193  # in the data
STACKS = {"embedded": "SQLite, tantivy", "full": "PostgreSQL, Elasticsearch"}
INDEXING_TIMEOUT = 1_800.0  # seconds; a busy machine shows in the times, not as a failure


def has_backends(stack: str) -> bool:
    """Return whether the backends of a stack are there; print what is missing."""
    load_backend_addresses()
    required = ("TEST_POSTGRES_URL", "TEST_ELASTICSEARCH_URL", "TEST_REDIS_URL")
    missing = [name for name in required if name not in os.environ] if stack == "full" else []
    if missing:
        print(f"Not measured: the full stack; {', '.join(missing)} is not set.")
    return not missing


@contextlib.asynccontextmanager
async def serve_films(stack: str, films: int = FILM_COUNT) -> AsyncIterator[ApiClient]:
    """Run a service that has indexed the real films, or the samples; yield a client of it."""
    database = await create_database() if stack == "full" else ""
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = environment(stack, Path(folder), database)
            for arguments in (["migrate"], ["load", str(prepare_films(Path(folder), films))]):
                result = await asyncio.to_thread(service_runner.run_command, settings, *arguments)
                assert result.returncode == 0, result.stderr
            with service_runner.run_service(settings) as service:
                async with aiohttp.ClientSession(service.url) as session:
                    api = ApiClient(session, service)
                    await wait_until_indexed(api)
                    yield api
    finally:
        if database:
            await drop_database(database)


async def wait_until_indexed(api: ApiClient) -> None:
    """Wait until the indexer has written every film."""

    async def is_indexed() -> bool:
        ready = await api.get("/health/ready")
        return bool(ready.json["parts"]["indexer"]["detail"].startswith("0 films waiting"))

    await wait_until(is_indexed, INDEXING_TIMEOUT, interval=0.2)
