"""When the facts of a look-up are due for a refresh."""

from datetime import date, timedelta

import pytest

from service.films.schemas import FilmFacts
from service.omdb.lookup_key import schedule_refresh
from tests.support.clock import FakeClock

NOW = FakeClock().now()


def days_until_refresh(**facts: object) -> float:
    film = FilmFacts.model_validate({"title": "X", **facts})
    return (schedule_refresh(film, NOW) - NOW) / timedelta(days=1)


def test_facts_of_newer_films_are_refreshed_sooner() -> None:
    today = NOW.date()
    assert days_until_refresh(released=today + timedelta(days=200)) == 1
    assert days_until_refresh(released=today) == 1
    assert days_until_refresh(released=today - timedelta(days=30)) == 3
    assert days_until_refresh(released=today - timedelta(days=365)) == pytest.approx(36.5)
    assert days_until_refresh(released=date(1975, 6, 20)) == 90
    assert days_until_refresh(year=1975) == 90
    assert days_until_refresh() == 7
    assert days_until_refresh(type="series", year=1989, end_year=None) == 7
    assert days_until_refresh(type="series", year=2008, end_year=2013) == 90
