"""Look-ups while OMDb fails, the rate limit, and the refresh of old facts."""

import asyncio
import time
from datetime import timedelta

import pytest

from service.errors import DomainError, Misconfigured, NotFound, TooMany, Unavailable
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, Provenance
from service.omdb.client import OmdbClient
from service.omdb.lookup import FilmLookup
from service.omdb.lookup_limit import LookupLimit, daily_limit
from service.omdb.models import OmdbLease
from service.rate_limit_rules import RateLimit
from service.resilience.rate_limiter import RateLimiter, Requester
from tests.integration.omdb.conftest import PatientLookup, get_error
from tests.support.clock import FakeClock
from tests.support.omdb_server import FakeOmdb
from tests.support.waiting import wait_until

MATRIX = "tt0133093"
HOUR = 3_600
DAY = 24 * HOUR


async def test_without_a_key_only_stored_films_are_found(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    lookup = FilmLookup(catalogue, None, clock.now)
    outdated = Provenance(source="omdb", fetched_at=clock.now(), refresh_after=clock.now())
    await catalogue.upsert(FilmFacts(title="Jaws", imdb_id="tt0073195"), outdated)
    assert (await lookup.get("jaws")).title == "Jaws"
    for request in (lookup.get("Parasite"), lookup.get(MATRIX), lookup.fetch("jaws")):
        error = await get_error(request)
        assert error.code == "movie_not_found"
        assert "OMDB_API_KEY is not set" in error.detail
    assert "off" in await lookup.health()
    assert "off" in await lookup.check()


@pytest.mark.fault("omdb-down")
@pytest.mark.fault("omdb-quota-spent")
@pytest.mark.parametrize(
    ("fault", "error_class"),
    [("quota", Unavailable), ("Invalid API key!", Misconfigured), ("status_503", Unavailable)],
)
async def test_while_omdb_fails_stored_films_are_found(
    lookup: FilmLookup, omdb: FakeOmdb, fault: str, error_class: type[DomainError]
) -> None:
    film = await lookup.get("Jaws")
    omdb.fail(fault)
    results = await asyncio.gather(
        *(lookup.get("Parasite") for _ in range(20)), return_exceptions=True
    )
    assert {type(result) for result in results} == {error_class}
    assert (await lookup.get("Jaws")).id == film.id
    assert await OmdbLease.all().count() == 0


async def test_an_outage_is_not_recorded_as_a_miss(lookup: FilmLookup, omdb: FakeOmdb) -> None:
    omdb.fail("status_503")
    assert isinstance(await get_error(lookup.get("Parasite")), Unavailable)
    omdb.recover()
    assert (await lookup.get("Parasite")).year == 2019


async def test_one_requester_cannot_spend_all_calls(
    catalogue: Catalogue, client: OmdbClient, omdb: FakeOmdb, clock: FakeClock
) -> None:
    limits = {"lookup": RateLimit(3, 60)}
    lookup = PatientLookup(
        catalogue, client, clock.now, clock.monotonic, limit=LookupLimit(RateLimiter(limits))
    )
    for number in range(3):
        assert isinstance(
            await get_error(lookup.get(f"none {number}", Requester("192.0.2.1"))), NotFound
        )
    error = await get_error(lookup.get("one more", Requester("192.0.2.1")))
    assert isinstance(error, TooMany)
    assert 0 < (error.retry_after or 0) <= 60
    assert isinstance(await get_error(lookup.get("none 1", Requester("192.0.2.1"))), NotFound), (
        "a known miss is not counted"
    )
    assert isinstance(await get_error(lookup.get("one more", Requester("192.0.2.2"))), NotFound)
    assert isinstance(await get_error(lookup.get("two more")), NotFound), (
        "look-ups without a requester are not limited"
    )


async def test_one_network_has_a_twentieth_of_the_days_calls(
    catalogue: Catalogue, client: OmdbClient, clock: FakeClock
) -> None:
    limit = LookupLimit(RateLimiter(daily_limit(40)))
    lookup = PatientLookup(catalogue, client, clock.now, clock.monotonic, limit=limit)
    for number in range(2):
        assert isinstance(
            await get_error(lookup.get(f"none {number}", Requester("192.0.2.1"))), NotFound
        )
    assert isinstance(await get_error(lookup.get("none 2", Requester("192.0.2.1"))), TooMany)
    assert isinstance(await get_error(lookup.get("none 2", Requester("192.0.2.2"))), NotFound)


async def test_old_facts_are_returned_at_once_and_refreshed_in_the_background(
    lookup: FilmLookup, omdb: FakeOmdb, clock: FakeClock
) -> None:
    film = await lookup.get("Jaws")
    clock.advance(90 * DAY)
    omdb.films["tt0073195"]["imdbVotes"] = "700,000"
    omdb.gate = asyncio.Event()
    films = await asyncio.gather(*(lookup.get("Jaws") for _ in range(20)), lookup.get(str(film.id)))
    assert {film.imdb_votes for film in films} == {543_388}
    omdb.gate.set()

    async def is_refreshed() -> bool:
        return (await lookup.get("Jaws")).imdb_votes == 700_000

    await wait_until(is_refreshed)
    refreshed = await lookup.get("Jaws")
    assert refreshed.refresh_after == clock.now() + timedelta(days=90)
    assert len(omdb.calls) == 2


@pytest.mark.parametrize("fault", ["status_503", "quota", "Incorrect IMDb ID."])
async def test_a_failed_refresh_keeps_the_old_facts_and_is_not_repeated_at_once(
    catalogue: Catalogue, client: OmdbClient, omdb: FakeOmdb, clock: FakeClock, fault: str
) -> None:
    lookup = PatientLookup(catalogue, client, clock.now, close_timeout=60.0)
    await lookup.get("Jaws")
    clock.advance(90 * DAY)
    omdb.fail(fault)
    await lookup.get("Jaws")
    await lookup.close()
    calls = len(omdb.calls)
    assert calls > 1
    for _ in range(5):
        assert (await lookup.get("Jaws")).title == "Jaws"
        await lookup.close()
    assert len(omdb.calls) == calls

    omdb.recover()
    clock.advance(HOUR)
    await lookup.get("Jaws")
    await lookup.close()
    assert len(omdb.calls) == calls + 1
    assert (await lookup.get("Jaws")).fetched_at == clock.now()


async def test_close_waits_for_look_ups_in_flight_up_to_its_timeout(
    catalogue: Catalogue, client: OmdbClient, omdb: FakeOmdb, clock: FakeClock
) -> None:
    lookup = PatientLookup(catalogue, client, clock.now, close_timeout=0.1)
    omdb.fail("hang")
    task = asyncio.create_task(lookup.get("Jaws"))

    async def has_been_called() -> bool:
        return len(omdb.calls) == 1

    await wait_until(has_been_called)
    started = time.monotonic()
    await lookup.close()
    assert time.monotonic() - started < 20
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await OmdbLease.all().count() == 0
