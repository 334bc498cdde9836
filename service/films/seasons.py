"""Seasons of series, each with its episodes, as their source lists them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from service.database.sql import fetch_rows
from service.films.models import SeriesSeason

_SELECT_EPISODES = """
SELECT season, episode, title, released, imdb_rating, imdb_id FROM films
WHERE series = $1 AND type = 'episode' AND season IS NOT NULL AND episode IS NOT NULL
ORDER BY season, episode, id
"""


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode of a season."""

    episode: Annotated[int, Field(description="Its number in the season.", examples=[14])]
    title: Annotated[str, Field(description="Its title.", examples=["Ozymandias"])]
    released: Annotated[
        date | None, Field(description="The day of release.", examples=["2013-09-15"])
    ]
    imdb_rating: Annotated[float | None, Field(description="IMDb's rating.", examples=[10.0])]
    imdb_id: Annotated[str | None, Field(description="IMDb's id.", examples=["tt2301451"])]


@dataclass(frozen=True, slots=True)
class Season:
    """A season of a series. `total_seasons` is what its source said of the series."""

    season: int
    total_seasons: int | None
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, slots=True)
class SeasonView:
    """A season with its episodes."""

    season: Annotated[int, Field(description="The number of the season.", examples=[5])]
    episodes: Annotated[list[Episode], Field(description="Its episodes, by number.")]


@dataclass(frozen=True, slots=True)
class EpisodeList:
    """The episodes of a series, by season."""

    total_seasons: Annotated[
        int | None, Field(description="How many seasons there are.", examples=[5])
    ]
    seasons: Annotated[list[SeasonView], Field(description="The seasons that are known here.")]


def episode_list(seasons: Sequence[Season], total: int | None) -> EpisodeList:
    """Return the seasons as clients see them."""
    views = [SeasonView(season.season, list(season.episodes)) for season in seasons]
    return EpisodeList(total, views)


async def get_season(series: str, number: int) -> tuple[Season, datetime] | None:
    """Return a stored season, and when it is due for a refresh."""
    row = await SeriesSeason.get_or_none(series=series, season=number)
    return None if row is None else (_to_season(row), row.refresh_after)


async def list_seasons(series: str) -> list[Season]:
    """Return the stored seasons of a series, in order, with the episodes that are films here."""
    rows = await SeriesSeason.filter(series=series)
    listed = {row.season: _to_season(row) for row in rows}
    collected = await collect_seasons(series)
    return [
        add_episodes(season, collected.get(number))
        for number, season in sorted((collected | listed).items())
    ]


async def list_stored_numbers(series: str) -> set[int]:
    """Return the numbers of the stored seasons of a series."""
    return {row.season for row in await SeriesSeason.filter(series=series).only("season")}


async def count_seasons(series: str) -> int | None:
    """Return how many seasons a series has, as the stored ones say; None if they do not."""
    rows = await SeriesSeason.filter(series=series).only("total_seasons")
    return max((row.total_seasons for row in rows if row.total_seasons is not None), default=None)


async def collect_seasons(series: str) -> dict[int, Season]:
    """Return the seasons, by number, of those episodes that the catalogue has as films."""
    episodes: dict[int, dict[int, Episode]] = {}
    for row in await fetch_rows(_SELECT_EPISODES, series):
        released = row["released"]
        if isinstance(released, str):  # SQLite has no dates
            released = date.fromisoformat(released)
        numbered = episodes.setdefault(row["season"], {})
        episode = Episode(
            row["episode"], row["title"], released, row["imdb_rating"], row["imdb_id"]
        )
        numbered.setdefault(episode.episode, episode)
    return {
        season: Season(season, None, tuple(numbered.values()))
        for season, numbered in episodes.items()
    }


def add_episodes(season: Season, others: Season | None) -> Season:
    """Return a season with the episodes of another source that it lacks."""
    if others is None:
        return season
    numbered = {episode.episode: episode for episode in (*others.episodes, *season.episodes)}
    return replace(season, episodes=tuple(numbered[number] for number in sorted(numbered)))


async def save_season(series: str, season: Season, refresh_after: datetime) -> None:
    """Store a season in place of what was stored of it."""
    episodes = [
        asdict(episode) | {"released": episode.released and episode.released.isoformat()}
        for episode in season.episodes
    ]
    row = SeriesSeason(
        series=series,
        season=season.season,
        total_seasons=season.total_seasons,
        episodes=episodes,
        refresh_after=refresh_after,
    )
    await SeriesSeason.bulk_create(
        [row],
        on_conflict=["series", "season"],
        update_fields=["total_seasons", "episodes", "refresh_after"],
    )


def _to_season(row: SeriesSeason) -> Season:
    return Season(row.season, row.total_seasons, tuple(map(_to_episode, row.episodes)))


def _to_episode(stored: dict[str, Any]) -> Episode:
    released = stored["released"]
    return Episode(**stored | {"released": released and date.fromisoformat(released)})
