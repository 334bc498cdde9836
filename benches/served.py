"""The real films in a running service, as its users meet it: over HTTP, on either stack."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from benches.films import backends
from benches.load import environment, postgres, prepared
from tests.support import service_runner
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

ALL = 25_193  # films of the data
STACKS = {"embedded": "SQLite, tantivy", "full": "PostgreSQL, Elasticsearch"}
INDEXING = 1_800.0  # seconds; a busy machine shows in the times, not as a failure


def able(stack: str) -> bool:
    """Whether the backends of a stack are here; says so where they are not."""
    backends()
    needed = ("TEST_POSTGRES_URL", "TEST_ELASTICSEARCH_URL", "TEST_REDIS_URL")
    missing = [name for name in needed if name not in os.environ] if stack == "full" else []
    if missing:
        print(f"Not measured: the full stack; {', '.join(missing)} is not set.")
    return not missing


@contextlib.asynccontextmanager
async def served(stack: str, films: int = ALL) -> AsyncIterator[ApiClient]:
    """Yield a client of a service that has the films, once all of them are indexed.

    Where the real films are absent, it has the samples.
    """
    database = await postgres() if stack == "full" else ""
    try:
        with tempfile.TemporaryDirectory() as folder:
            given = environment(stack, Path(folder), database)
            for words in (["migrate"], ["load", str(prepared(Path(folder), films))]):
                done = await asyncio.to_thread(service_runner.run_command, given, *words)
                assert done.returncode == 0, done.stderr
            with service_runner.run_service(given) as service:
                async with aiohttp.ClientSession(service.url) as session:
                    api = ApiClient(session, service)
                    await _indexed(api)
                    yield api
    finally:
        if database:
            await postgres(drop=urlsplit(database).path[1:])


async def _indexed(api: ApiClient) -> None:
    async def all_there() -> bool:
        ready = await api.get("/health/ready")
        return bool(ready.json["parts"]["indexer"]["detail"].startswith("0 films waiting"))

    await wait_until(all_there, INDEXING, interval=0.2)
