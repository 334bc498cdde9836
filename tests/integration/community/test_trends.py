"""The counters of what is going on around films."""

import asyncio
import math
from datetime import timedelta
from uuid import UUID

import pytest

from service.community.discovery.models import FilmTrend
from service.community.discovery.trends import HALF_LIFE, Trends, move_trends
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, Provenance
from tests.support.clock import FakeClock


async def add_film(catalogue: Catalogue, title: str) -> Film:
    return await catalogue.upsert(FilmFacts(title=title), Provenance(source="user"))


@pytest.fixture
async def films(catalogue: Catalogue) -> list[UUID]:
    return [(await add_film(catalogue, title)).id for title in ("Heat", "Ronin", "Thief")]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def rounded(top: list[tuple[UUID, float]]) -> list[tuple[UUID, float]]:
    return [(film_id, round(score, 6)) for film_id, score in top]


async def test_events_count_by_their_weights_once_they_are_written(
    films: list[UUID], clock: FakeClock
) -> None:
    trends, (heat, ronin, _) = Trends(clock), films
    trends.record(heat, "rating")
    trends.record(ronin, "review")
    trends.record(heat, "rating")
    trends.record(heat, "watchlist")
    assert await trends.read_top(10) == []
    await trends.flush()
    assert rounded(await trends.read_top(10)) == [(heat, 14.0), (ronin, 10.0)]
    await trends.flush()
    assert rounded(await trends.read_top(1, 1)) == [(ronin, 10.0)]


async def test_half_of_it_is_left_after_a_half_life_and_new_events_count_in_full(
    films: list[UUID], clock: FakeClock
) -> None:
    trends, (heat, ronin, _) = Trends(clock), films
    trends.record(heat, "review")
    await trends.flush()
    clock.advance(HALF_LIFE.total_seconds())
    assert rounded(await trends.read_top(10)) == [(heat, 5.0)]
    trends.record(ronin, "rating")
    trends.record(heat, "view")
    await trends.flush()
    assert rounded(await trends.read_top(10)) == [(heat, 6.0), (ronin, 5.0)]
    clock.advance(timedelta(days=60).total_seconds())
    trends.record(ronin, "view")
    await trends.flush()
    assert [film_id for film_id, _ in await trends.read_top(10)] == [ronin]
    assert await FilmTrend.all().count() == 1


async def test_views_of_one_network_count_once_until_they_are_written(
    films: list[UUID], clock: FakeClock
) -> None:
    trends, (heat, ronin, _) = Trends(clock), films
    for network in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        trends.record_view(heat, network)
    trends.record_view(ronin, "192.0.2.1")
    await trends.flush()
    assert rounded(await trends.read_top(10)) == [(heat, 2.0), (ronin, 1.0)]
    trends.record_view(heat, "192.0.2.1")
    await trends.flush()
    assert rounded(await trends.read_top(1)) == [(heat, 3.0)]


async def test_processes_that_write_at_once_lose_nothing(
    films: list[UUID], clock: FakeClock
) -> None:
    processes = [Trends(clock) for _ in range(6)]
    for number, trends in enumerate(processes):
        for film_id in films if number % 2 else reversed(films):
            trends.record(film_id, "rating")
    await asyncio.gather(*(trends.flush() for trends in processes))
    assert rounded(await processes[0].read_top(10)) == [
        (film_id, 30.0) for film_id in sorted(films)
    ]


async def test_a_deleted_film_is_left_out_and_a_merged_one_is_added_to_the_other(
    films: list[UUID], clock: FakeClock, catalogue: Catalogue
) -> None:
    trends, (heat, ronin, thief) = Trends(clock), films
    for film_id in films:
        trends.record(film_id, "rating")
    await trends.flush()
    await move_trends(await Film.get(id=ronin), await Film.get(id=heat))
    await catalogue.delete(str(thief), None)
    assert rounded(await trends.read_top(10)) == [(heat, 10.0)]
    assert not await FilmTrend.exists(film_id=ronin)


async def test_what_the_database_refuses_is_written_later(
    films: list[UUID], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    trends = Trends(clock)
    trends.record(films[0], "rating")

    async def refuse(_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(trends, "_write", refuse)
        await trends.close()
    assert await trends.read_top(10) == []
    await trends.close()
    assert math.isclose((await trends.read_top(10))[0][1], 5.0)
