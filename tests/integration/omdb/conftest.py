"""A client and look-ups against the project's own OMDb, with a clock that tests set."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from service.errors import DomainError
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.omdb import client as client_module
from service.omdb import lookup as lookup_module
from service.omdb.client import OmdbClient
from service.omdb.lookup import FilmLookup
from service.omdb.quota import OmdbQuota
from service.outbox.notifications import OutboxNotifier
from tests.support.clock import FakeClock
from tests.support.omdb_server import Omdb, running


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine with much else to do an answer takes its time; what is tested is not that."""
    monkeypatch.setattr(client_module, "DEADLINE", 60.0)
    monkeypatch.setattr(client_module, "CONNECT", 60.0)
    monkeypatch.setattr(lookup_module, "MAX_WAIT", 60.0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def omdb() -> AsyncIterator[Omdb]:
    async with running(Omdb()) as omdb:
        yield omdb


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def quota(omdb: Omdb, database: str, clock: FakeClock) -> OmdbQuota:
    return OmdbQuota(omdb.key, 100, clock.now)


@pytest.fixture
def client(
    omdb: Omdb, session: aiohttp.ClientSession, quota: OmdbQuota, clock: FakeClock
) -> OmdbClient:
    return OmdbClient(session, omdb.url, omdb.key, quota, clock.monotonic)


@pytest.fixture
def catalogue(notifier: OutboxNotifier, clock: FakeClock) -> Catalogue:
    return Catalogue(notifier, clock.now)


@pytest.fixture
async def lookup(
    catalogue: Catalogue, client: OmdbClient, clock: FakeClock
) -> AsyncIterator[FilmLookup]:
    lookup = FilmLookup(catalogue, client, clock.now)
    yield lookup
    await lookup.close()


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    """Wait for what must become true."""
    deadline = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < deadline, "it did not become true in time"
        await asyncio.sleep(0.01)


async def refused(asked: Awaitable[Film]) -> DomainError:
    with pytest.raises(DomainError) as caught:
        await asked
    return caught.value
