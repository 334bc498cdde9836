"""Seasons: each costs one call, and a series shows those that can be had."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from service.errors import NotFound
from service.films.catalogue import Catalogue
from service.films.models import Film, SeriesSeason
from service.films.schemas import FilmFacts, Provenance
from service.omdb.client import OmdbClient
from service.omdb.lookup import FilmLookup
from service.omdb.lookup_limit import LookupLimit
from service.omdb.seasons import SEASON_INTERVAL, SeasonLookup
from service.resilience.rate_limiter import RateLimiter
from tests.support.clock import FakeClock
from tests.support.omdb_server import FakeOmdb
from tests.support.waiting import wait_until

BREAKING_BAD = "tt0903747"
SIMPSONS = "tt0096697"  # the fake server knows how many seasons there are, and none of them


@pytest.fixture
async def seasons(client: OmdbClient, clock: FakeClock) -> AsyncIterator[SeasonLookup]:
    seasons = SeasonLookup(client, clock.now, LookupLimit(RateLimiter({})))
    yield seasons
    await seasons.close()


@pytest.fixture
async def series(lookup: FilmLookup, omdb: FakeOmdb) -> Film:
    series = await lookup.get(BREAKING_BAD)
    omdb.calls.clear()
    return series


async def test_all_seasons_of_a_series_are_fetched_once(
    seasons: SeasonLookup, series: Film, omdb: FakeOmdb, clock: FakeClock
) -> None:
    first = await seasons.list_all_seasons(series, None)
    assert [season.season for season in first] == [1, 2, 3, 4, 5]
    assert [episode.title for episode in first[4].episodes] == ["Ozymandias", "Felina"]
    assert sorted(call["season"] for call in omdb.calls) == ["1", "2", "3", "4", "5"]
    both = await asyncio.gather(*(seasons.list_all_seasons(series, None) for _ in range(2)))
    assert both == [first, first]
    assert len(omdb.calls) == 5


async def test_a_series_shows_the_seasons_that_the_quota_allows_and_later_the_others(
    seasons: SeasonLookup, series: Film, omdb: FakeOmdb, clock: FakeClock
) -> None:
    omdb.quota = 3
    some = await seasons.list_all_seasons(series, None)
    assert (len(some), some[0].season) == (3, 1)
    omdb.quota = 1_000
    clock.advance(timedelta(days=1).total_seconds())
    await seasons.list_all_seasons(series, None)  # one call shows that OMDb answers again
    assert len(await seasons.list_all_seasons(series, None)) == 5


async def test_a_series_of_which_no_season_is_known_shows_none(
    seasons: SeasonLookup, lookup: FilmLookup, omdb: FakeOmdb
) -> None:
    simpsons = await lookup.get(SIMPSONS)
    omdb.calls.clear()
    for _ in range(2):
        assert await seasons.list_all_seasons(simpsons, None) == []
    assert len(omdb.calls) == 1
    with pytest.raises(NotFound):
        await seasons.get_season(simpsons, 1, None)


async def test_episodes_that_are_films_belong_to_their_season(
    seasons: SeasonLookup, series: Film, catalogue: Catalogue
) -> None:
    for season, number, title in ((5, 15, "Granite State"), (5, 16, "Other"), (7, 1, "Never")):
        facts = FilmFacts.model_validate(
            {
                "title": title,
                "type": "episode",
                "season": season,
                "episode": number,
                "series": BREAKING_BAD,
                "released": "2013-09-22",
            }
        )
        await catalogue.upsert(facts, Provenance(source="user"))
    expected = ["Ozymandias", "Granite State", "Felina"]  # OMDb's title of the last one counts
    for _ in range(2):
        fifth = await seasons.get_season(series, 5, None)
        assert [episode.title for episode in fifth.episodes] == expected
    everything = await seasons.list_all_seasons(series, None)
    assert [season.season for season in everything] == [1, 2, 3, 4, 5, 7]
    assert everything[4] == fifth
    seventh = await seasons.get_season(series, 7, None)
    assert seventh == everything[5]
    assert seventh.episodes[0].released == date(2013, 9, 22)


async def test_without_omdb_a_series_has_the_episodes_that_are_films(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    source = Provenance(source="user")
    facts = FilmFacts(title="Grimmet", type="series", imdb_id="tt7000001")
    series = await catalogue.upsert(facts, source)
    seasons = SeasonLookup(None, clock.now, LookupLimit(RateLimiter({})))
    assert await seasons.list_all_seasons(series, None) == []
    assert await seasons.count_seasons(series, None) is None
    for season in (2, 1):
        facts = FilmFacts(
            title=f"First of {season}", type="episode", season=season, episode=1, series="tt7000001"
        )
        await catalogue.upsert(facts, source)
    first, second = await seasons.list_seasons(series, None)
    assert (first.season, second.season) == (1, 2)
    assert [episode.title for episode in second.episodes] == ["First of 2"]
    assert await seasons.list_all_seasons(series, None) == [first, second]
    assert await seasons.count_seasons(series, None) == 2
    with pytest.raises(NotFound):
        await seasons.get_season(series, 3, None)


async def test_a_season_that_is_due_is_shown_and_fetched_again_in_the_background(
    seasons: SeasonLookup, series: Film, omdb: FakeOmdb, clock: FakeClock
) -> None:
    season = await seasons.get_season(series, 5, None)
    clock.advance(SEASON_INTERVAL.total_seconds() + 1)
    assert await seasons.get_season(series, 5, None) == season

    async def is_refreshed() -> bool:
        row = await SeriesSeason.get(series=BREAKING_BAD, season=5)
        return row.refresh_after > clock.now()

    await wait_until(is_refreshed)
    assert len(omdb.calls) == 2
