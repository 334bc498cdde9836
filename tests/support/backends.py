"""Real backends: their addresses, and temporary databases and indexes in them.

A test that needs a missing backend is skipped; if `REQUIRE=postgres,redis,…` names the backend, the
test fails.
"""

import os
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from dotenv import dotenv_values

from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from tests.support import ROOT

BACKENDS = {
    "postgres": "TEST_POSTGRES_URL",
    "redis": "TEST_REDIS_URL",
    "elasticsearch": "TEST_ELASTICSEARCH_URL",
    "s3": "TEST_S3_URL",
    "toxiproxy": "TEST_TOXIPROXY_URL",
}
NODE_PACKAGES = ("stremio_linter", "omdb_clients")
"""What `tests/backends/install` brings from npm; their address is a folder of modules."""
BACKEND_TIMEOUT = 30  # the service allows 1 to 5 s; tests must pass on a busy machine too
missing_backends: set[str] = set()

for name, value in dotenv_values(ROOT / "var/backends/env").items():
    os.environ.setdefault(name, value or "")


def require_backend(backend: str) -> str:
    """Return the address of a real backend; without one, skip the test, or fail if required."""
    if backend == "chromium":
        address = shutil.which("chromium-headless-shell") or ""
    elif backend in NODE_PACKAGES:
        address = next(map(str, find_cache().glob(f"{backend}-*/node_modules")), "")
    else:
        address = os.environ.get(BACKENDS[backend], "")
    if address:
        return address
    if backend in os.environ.get("REQUIRE", "").split(","):
        pytest.fail(f"{backend} was required and is not there")
    missing_backends.add(backend)
    pytest.skip(f"there is no {backend}")


def find_cache() -> Path:
    """Return the folder of what `tests/backends/install` built or unpacked."""
    if cache := os.environ.get("MOVIES_CACHE"):
        return Path(cache)
    home_cache = "/var/cache" if os.geteuid() == 0 else Path.home() / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or home_cache) / "movies"


async def temporary_database() -> AsyncIterator[str]:
    """Yield the address of a new, empty PostgreSQL database that is dropped afterwards."""
    address = require_backend("postgres")
    name = f"movies_test_{uuid.uuid4().hex[:12]}"
    await _execute(address, f"CREATE DATABASE {name}")
    query = f"command_timeout={BACKEND_TIMEOUT}&timeout={BACKEND_TIMEOUT}&wait={BACKEND_TIMEOUT}"
    yield urlunsplit(urlsplit(address)._replace(path=f"/{name}", query=query))
    await _execute(address, f"DROP DATABASE {name} WITH (FORCE)")


async def delete_indexes(address: ElasticsearchAddress) -> None:
    """Remove the indexes behind this alias from the cluster."""
    async with address.create_client(BACKEND_TIMEOUT) as client:
        for name in await client.indices.get(index=f"{address.alias}*"):
            await client.indices.delete(index=name)


async def temporary_index(kind: str, options: str = "") -> AsyncIterator[str]:
    """Yield the address of an index in Elasticsearch that nobody else has, removed afterwards."""
    url = f"{require_backend('elasticsearch')}?index={kind}-{uuid.uuid4().hex[:8]}{options}"
    yield url
    await delete_indexes(ElasticsearchAddress.parse(url))


async def _execute(address: str, statement: str) -> None:
    connection = await asyncpg.connect(address)  # a new one: tests restart the server
    await connection.execute(statement)
    await connection.close()
