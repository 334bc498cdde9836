"""A client and look-ups against the fake OMDb server, with a clock that tests advance."""

from collections.abc import AsyncIterator, Awaitable
from functools import partial

import aiohttp
import pytest

from service.errors import DomainError
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.omdb.client import OmdbClient
from service.omdb.lookup import FilmLookup
from service.omdb.quota import OmdbQuota
from service.outbox.notifications import OutboxNotifier
from tests.support.clock import FakeClock
from tests.support.omdb_server import FakeOmdb, run_omdb_server

PatientClient = partial(OmdbClient, timeout=60.0, connect_timeout=60.0)
"""A client that waits long enough for a busy machine; most tests are not about timeouts."""
PatientLookup = partial(FilmLookup, max_wait=60.0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def omdb() -> AsyncIterator[FakeOmdb]:
    async with run_omdb_server(FakeOmdb()) as omdb:
        yield omdb


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def quota(omdb: FakeOmdb, database: str, clock: FakeClock) -> OmdbQuota:
    return OmdbQuota(omdb.key, 100, clock.now)


@pytest.fixture
def client(
    omdb: FakeOmdb, session: aiohttp.ClientSession, quota: OmdbQuota, clock: FakeClock
) -> OmdbClient:
    return PatientClient(session, omdb.url, omdb.key, quota, clock.monotonic)


@pytest.fixture
def catalogue(notifier: OutboxNotifier, clock: FakeClock) -> Catalogue:
    return Catalogue(notifier, clock.now)


@pytest.fixture
async def lookup(
    catalogue: Catalogue, client: OmdbClient, clock: FakeClock
) -> AsyncIterator[FilmLookup]:
    lookup = PatientLookup(catalogue, client, clock.now)
    yield lookup
    await lookup.close()


async def get_error(request: Awaitable[Film]) -> DomainError:
    """Return the error that `request` raises."""
    with pytest.raises(DomainError) as error:
        await request
    return error.value
