"""What is here is served however OMDb fares; old facts are renewed; nobody spends all the calls."""

import asyncio
import time
from datetime import date, timedelta

import pytest

from service.errors import DomainError, Misconfigured, NotFound, TooMany, Unavailable
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, Provenance
from service.omdb import lookup as lookup_module
from service.omdb import rate_limit
from service.omdb.client import OmdbClient
from service.omdb.lookup import FilmLookup
from service.omdb.lookup_key import schedule_refresh
from service.omdb.models import OmdbLease
from tests.integration.omdb.conftest import refused, until
from tests.support.clock import FakeClock
from tests.support.omdb_server import Omdb

MATRIX = "tt0133093"
HOUR = 3_600
DAY = 24 * HOUR


async def test_without_a_key_what_is_here_is_served_and_the_rest_is_told(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    lookup = FilmLookup(catalogue, None, clock.now)
    old = Provenance(source="omdb", fetched_at=clock.now(), refresh_after=clock.now())
    await catalogue.upsert(FilmFacts(title="Jaws", imdb_id="tt0073195"), old)
    assert (await lookup.get("jaws")).title == "Jaws"
    for asked in (lookup.get("Parasite"), lookup.get(MATRIX), lookup.fetch("jaws")):
        error = await refused(asked)
        assert error.code == "movie_not_found"
        assert "OMDB_API_KEY is not set" in error.detail
    assert "off" in await lookup.health()
    assert "off" in await lookup.check()


@pytest.mark.fault("omdb-down")
@pytest.mark.fault("omdb-quota-spent")
@pytest.mark.parametrize(
    ("fault", "kind"),
    [("quota", Unavailable), ("Invalid API key!", Misconfigured), ("status_503", Unavailable)],
)
async def test_when_omdb_is_out_what_is_here_is_served(
    lookup: FilmLookup, omdb: Omdb, fault: str, kind: type[DomainError]
) -> None:
    film = await lookup.get("Jaws")
    omdb.fail(fault)
    asked = await asyncio.gather(
        *(lookup.get("Parasite") for _ in range(20)), return_exceptions=True
    )
    assert {type(one) for one in asked} == {kind}
    assert (await lookup.get("Jaws")).id == film.id
    assert await OmdbLease.all().count() == 0


async def test_an_outage_is_not_remembered_as_a_miss(lookup: FilmLookup, omdb: Omdb) -> None:
    omdb.fail("status_503")
    assert isinstance(await refused(lookup.get("Parasite")), Unavailable)
    omdb.recover()
    assert (await lookup.get("Parasite")).year == 2019


async def test_one_stranger_cannot_spend_everybodys_calls(
    catalogue: Catalogue, client: OmdbClient, omdb: Omdb, clock: FakeClock
) -> None:
    lookup = FilmLookup(catalogue, client, clock.now, clock.monotonic)
    for number in range(rate_limit.MAX_LOOKUPS):
        assert isinstance(await refused(lookup.get(f"none {number}", "192.0.2.1")), NotFound)
    error = await refused(lookup.get("one more", "192.0.2.1"))
    assert isinstance(error, TooMany)
    assert 0 < (error.retry_after or 0) <= rate_limit.WINDOW
    assert isinstance(await refused(lookup.get("none 1", "192.0.2.1")), NotFound), "known here"
    assert isinstance(await refused(lookup.get("one more", "192.0.2.2")), NotFound)
    assert isinstance(await refused(lookup.get("two more")), NotFound), "nobody's are unbounded"
    clock.advance(rate_limit.WINDOW)
    assert (await lookup.get("Jaws", "192.0.2.1")).title == "Jaws"


def test_a_crowd_of_strangers_takes_no_more_memory(clock: FakeClock) -> None:
    counts = rate_limit.LookupRateLimit(clock.monotonic)
    for number in range(rate_limit.MAX_REQUESTERS + rate_limit.MAX_LOOKUPS):
        counts.count_lookup(f"stranger {number}")
    with pytest.raises(TooMany):
        counts.count_lookup("one stranger more")
    counts.count_lookup("stranger 1")


async def test_old_facts_are_served_at_once_and_fetched_again_behind_the_answer(
    lookup: FilmLookup, omdb: Omdb, clock: FakeClock
) -> None:
    film = await lookup.get("Jaws")
    clock.advance(90 * DAY)
    omdb.films["tt0073195"]["imdbVotes"] = "700,000"
    omdb.hold = asyncio.Event()
    seen = await asyncio.gather(*(lookup.get("Jaws") for _ in range(20)), lookup.get(str(film.id)))
    assert {one.imdb_votes for one in seen} == {543_388}
    omdb.hold.set()

    async def fresh() -> bool:
        return (await lookup.get("Jaws")).imdb_votes == 700_000

    await until(fresh)
    again = await lookup.get("Jaws")
    assert again.refresh_after == clock.now() + timedelta(days=90)
    assert len(omdb.calls) == 2


@pytest.mark.parametrize("fault", ["status_503", "quota", "Incorrect IMDb ID."])
async def test_a_refresh_that_fails_keeps_what_is_here_and_is_not_repeated_at_once(
    lookup: FilmLookup, omdb: Omdb, clock: FakeClock, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup_module, "CLOSE_TIMEOUT", 60)
    await lookup.get("Jaws")
    clock.advance(90 * DAY)
    omdb.fail(fault)
    await lookup.get("Jaws")
    await lookup.close()
    made = len(omdb.calls)
    assert made > 1
    for _ in range(5):
        assert (await lookup.get("Jaws")).title == "Jaws"
        await lookup.close()
    assert len(omdb.calls) == made

    omdb.recover()
    clock.advance(HOUR)
    await lookup.get("Jaws")
    await lookup.close()
    assert len(omdb.calls) == made + 1
    assert (await lookup.get("Jaws")).fetched_at == clock.now()


async def test_closing_waits_for_what_is_under_way_but_not_for_ever(
    lookup: FilmLookup, omdb: Omdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup_module, "CLOSE_TIMEOUT", 0.1)
    omdb.fail("hang")
    asking = asyncio.create_task(lookup.get("Jaws"))

    async def asked() -> bool:
        return len(omdb.calls) == 1

    await until(asked)
    started = time.monotonic()
    await lookup.close()
    assert time.monotonic() - started < 20
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await OmdbLease.all().count() == 0


def test_the_newer_a_film_the_sooner_its_facts_are_old(clock: FakeClock) -> None:
    def days(**told: object) -> float:
        facts = FilmFacts.model_validate({"title": "X", **told})
        return (schedule_refresh(facts, clock.now()) - clock.now()) / timedelta(days=1)

    today = clock.now().date()
    assert days(released=today + timedelta(days=200)) == 1
    assert days(released=today) == 1
    assert days(released=today - timedelta(days=30)) == 3
    assert days(released=today - timedelta(days=365)) == pytest.approx(36.5)
    assert days(released=date(1975, 6, 20)) == 90
    assert days(year=1975) == 90
    assert days() == 7
    assert days(type="series", year=1989, end_year=None) == 7
    assert days(type="series", year=2008, end_year=2013) == 90
