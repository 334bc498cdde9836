"""One service on the full stack for all faults of real parts, with a proxy before each of them.

It is started while Elasticsearch is away, since a service that starts so and heals is one of the
faults; from then on each test leaves it as it found it.
"""

import asyncio
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
from tests.faults.database import Direct
from tests.faults.invariants import Invariants, settled
from tests.faults.proxy import Proxy
from tests.support import service_runner
from tests.support.backends import delete_indexes, require_backend, temporary_database
from tests.support.service_runner import ApiClient, Response, Service
from tests.support.waiting import wait_until

WORKERS = 2


@dataclass(frozen=True)
class Beset:
    """The service, the proxies before its parts, and the parts themselves."""

    service: Service
    database: Proxy
    engine: Proxy
    cache: Proxy
    bucket: Proxy
    upstream: Proxy
    direct: Direct
    elasticsearch: str
    alias: str
    redis: str
    omdb: str
    born: dict[str, Response]
    """What it answered when it had started without Elasticsearch."""

    async def engine_itself(self, method: str, path: str, body: object = None) -> Any:
        """Ask Elasticsearch past the proxy; `{alias}` in the path is the service's."""
        path = path.format(alias=self.alias)
        async with (
            aiohttp.ClientSession(self.elasticsearch) as session,
            session.request(method, path, json=body) as answer,
        ):
            return await answer.json()

    async def index(self) -> str:
        """Return the live index's name in the cluster."""
        (name,) = await self.engine_itself("GET", "/_alias/{alias}")
        return str(name)

    @property
    def invariants(self) -> Invariants:
        calls = f"{self.omdb}_calls"
        return Invariants(self.service, self.direct, self.elasticsearch, self.alias, calls)


@pytest.fixture(scope="session")
async def beset(stack: str) -> AsyncIterator[Beset]:
    """Yield the service among proxies; only on the full stack."""
    if stack != "full":
        pytest.skip("the embedded stack has no parts that a proxy could stand before")
    toxiproxy, engine, redis = map(require_backend, ("toxiproxy", "elasticsearch", "redis"))
    bucket, mark = require_backend("s3"), uuid.uuid4().hex[:8]
    store = bucket.split("endpoint_url=")[1].split("&")[0]
    async with AsyncExitStack() as stack_:
        database = await anext(urls := temporary_database())
        stack_.push_async_callback(anext, urls, None)
        omdb = stack_.enter_context(service_runner.run_omdb())
        proxies = []
        for address in (database, engine, redis, store, omdb):
            proxies.append(await Proxy.make(toxiproxy, address))
            stack_.push_async_callback(proxies[-1].remove)
        plain = database.split("?")[0]  # with the deadlines that the product has by itself
        environment = {
            "DATABASE_URL": proxies[0].before(plain),
            "SEARCH_URL": f"{proxies[1].before(engine)}?index=faults-{mark}",
            "CACHE_URL": proxies[2].before(redis),
            "POSTERS_URL": bucket.replace(store, proxies[3].before(store)).replace(
                "?", f"/{mark}?", 1
            ),
            "AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
            "OMDB_URL": proxies[4].before(omdb),
            "OMDB_API_KEY": service_runner.OMDB_KEY,
            "OMDB_DAILY_QUOTA": "100000",
            "POSTER_ALLOWED_PRIVATE_HOSTS": urlsplit(proxies[4].before(omdb)).netloc,
            "JWT_SECRET": service_runner.JWT_SECRET,
            "WORKERS": str(WORKERS),
        }
        index = ElasticsearchAddress.parse(f"{engine}?index=faults-{mark}")
        stack_.push_async_callback(delete_indexes, index)
        await proxies[1].down()
        serving = service_runner.run_sample_service(environment)
        started = await asyncio.to_thread(serving.__enter__)
        stack_.push_async_callback(asyncio.to_thread, serving.__exit__, None, None, None)
        async with ApiClient.connect(started) as api:
            born = {"ready": await api.get("/health/ready"), "jaws": await api.search("jaws")}
        await proxies[1].up()
        yield Beset(started, *proxies, Direct(database), engine, index.alias, redis, omdb, born)


@pytest.fixture
async def sound(beset: Beset) -> AsyncIterator[Beset]:
    """Yield the service once nothing is wrong with it; heal every proxy after the test."""
    async with ApiClient.connect(beset.service) as api:

        async def found() -> bool:
            answer = await api.search("godfahter", limit=3)
            titles = [each["movie"]["title"] for each in (answer.json or {}).get("results", ())]
            return "The Godfather" in titles and not answer.json["degraded"]

        await wait_until(found)
    yield beset
    for proxy in (beset.database, beset.engine, beset.cache, beset.bucket, beset.upstream):
        await proxy.heal()


async def written(client: ApiClient, title: str, **facts: object) -> str:
    """Return the id of a film that was added just now."""
    given = {"token": await client.admin_token(), "json": {"title": title, **facts}}
    made = await settled(lambda: client.request("POST", "/api/v1/movies", **given))
    assert made.status == 201, made.json
    return str(made.json["id"])


async def is_found(client: ApiClient, title: str, film_id: str) -> bool:
    """Whether a search for the title finds the film, by the engine."""
    answer = await client.search(title, limit=10)
    found = [result["movie"]["id"] for result in (answer.json or {}).get("results", ())]
    return answer.status == 200 and not answer.json["degraded"] and film_id in found


@pytest.fixture
async def client(sound: Beset) -> AsyncIterator[ApiClient]:
    """Yield a client of that service."""
    async with ApiClient.connect(sound.service) as made:
        yield made
