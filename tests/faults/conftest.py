"""One service on the full stack for all faults of real parts, with a proxy before each part.

It starts while Elasticsearch is down, because that start is one of the faults. Each test restores
the service before it ends.
"""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from tests.faults.database import DirectDatabase
from tests.faults.invariants import Invariants, retry_until_final
from tests.faults.proxy import Proxy
from tests.support import service_runner
from tests.support.backends import delete_indexes, require_backend, temporary_database
from tests.support.service_runner import ApiClient, Response, Service
from tests.support.waiting import wait_until

WORKERS = 2


@dataclass(frozen=True)
class ProxiedService:
    """The service, the proxies before its parts, and the parts themselves."""

    service: Service
    database: Proxy
    engine: Proxy
    cache: Proxy
    bucket: Proxy
    upstream: Proxy
    direct: DirectDatabase
    elasticsearch: str
    alias: str
    redis: str
    omdb: str
    responses_at_start: dict[str, Response]
    """Its first responses, while Elasticsearch was down."""

    async def call_elasticsearch(self, method: str, path: str, body: object = None) -> Any:
        """Send a request to Elasticsearch itself; `{alias}` in the path is the service's."""
        path = path.format(alias=self.alias)
        async with (
            aiohttp.ClientSession(self.elasticsearch) as session,
            session.request(method, path, json=body) as answer,
        ):
            return await answer.json()

    async def live_index(self) -> str:
        """Return the live index's name in the cluster."""
        (name,) = await self.call_elasticsearch("GET", "/_alias/{alias}")
        return str(name)

    @property
    def invariants(self) -> Invariants:
        calls = f"{self.omdb}_calls"
        return Invariants(self.service, self.direct, self.elasticsearch, self.alias, calls)


@pytest.fixture(scope="session")
async def proxied(stack: str) -> AsyncIterator[ProxiedService]:
    """Yield the service behind its proxies; skip the test on the embedded stack."""
    if stack != "full":
        pytest.skip("the embedded stack has no parts that a proxy could stand before")
    toxiproxy, engine, redis = map(require_backend, ("toxiproxy", "elasticsearch", "redis"))
    redis = urlsplit(redis)._replace(path="/1").geturl()  # its own, since a fault test empties it
    bucket, mark = require_backend("s3"), uuid.uuid4().hex[:8]
    store = bucket.split("endpoint_url=")[1].split("&")[0]
    async with AsyncExitStack() as stack_:
        database = await anext(urls := temporary_database())
        stack_.push_async_callback(anext, urls, None)
        omdb = stack_.enter_context(service_runner.run_omdb())
        proxies = []
        for address in (database, engine, redis, store, omdb):
            proxies.append(await Proxy.create(toxiproxy, address))
            stack_.push_async_callback(proxies[-1].remove)
        plain = database.split("?")[0]  # with the default timeouts
        environment = {
            "DATABASE_URL": proxies[0].rewrite(plain),
            "SEARCH_URL": f"{proxies[1].rewrite(engine)}?index=faults-{mark}",
            "CACHE_URL": proxies[2].rewrite(redis),
            "POSTERS_URL": bucket.replace(store, proxies[3].rewrite(store)).replace(
                "?", f"/{mark}?", 1
            ),
            "AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
            "OMDB_URL": proxies[4].rewrite(omdb),
            "OMDB_API_KEY": service_runner.OMDB_KEY,
            "OMDB_DAILY_QUOTA": "100000",
            "POSTER_ALLOWED_PRIVATE_HOSTS": urlsplit(proxies[4].rewrite(omdb)).netloc,
            "JWT_SECRET": service_runner.JWT_SECRET,
            "WORKERS": str(WORKERS),
        }
        index = ElasticsearchAddress.parse(f"{engine}?index=faults-{mark}")
        stack_.push_async_callback(delete_indexes, index)
        await proxies[1].down()
        serving = service_runner.run_sample_service(environment)
        started = await stack_.enter_async_context(service_runner.open_in_thread(serving))
        async with ApiClient.connect(started) as api:
            responses_at_start = {
                "ready": await api.get("/health/ready"),
                "jaws": await api.search("jaws"),
            }
        await proxies[1].up()
        yield ProxiedService(
            started,
            *proxies,
            DirectDatabase(database),
            engine,
            index.alias,
            redis,
            omdb,
            responses_at_start,
        )


@pytest.fixture
async def healthy(proxied: ProxiedService) -> AsyncIterator[ProxiedService]:
    """Yield the service once it works; heal every proxy after the test."""
    async with ApiClient.connect(proxied.service) as api:

        async def finds_godfather() -> bool:
            answer = await api.search("godfahter", limit=3)
            titles = [hit["movie"]["title"] for hit in (answer.json or {}).get("results", ())]
            return "The Godfather" in titles and not answer.json["degraded"]

        await wait_until(finds_godfather)
    yield proxied
    for proxy in (
        proxied.database,
        proxied.engine,
        proxied.cache,
        proxied.bucket,
        proxied.upstream,
    ):
        await proxy.heal()


async def add_film(client: ApiClient, title: str, **facts: object) -> str:
    """Add a film; return its id."""
    options = {"token": await client.admin_token(), "json": {"title": title, **facts}}
    response = await retry_until_final(lambda: client.request("POST", "/api/v1/movies", **options))
    assert response.status == 201, response.json
    return str(response.json["id"])


async def is_found(client: ApiClient, title: str, film_id: str) -> bool:
    """Return whether a search for the title finds the film through the engine."""
    answer = await client.search(title, limit=10)
    film_ids = [result["movie"]["id"] for result in (answer.json or {}).get("results", ())]
    return answer.status == 200 and not answer.json["degraded"] and film_id in film_ids


@pytest.fixture
async def client(healthy: ProxiedService) -> AsyncIterator[ApiClient]:
    """Yield a client of that service."""
    async with ApiClient.connect(healthy.service) as client:
        yield client
