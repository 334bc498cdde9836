"""Find seasons of series in the catalogue, then at OMDb.

A season costs one call however many users of a process request it at once. One that is stored is
returned at once even if it is old; it is then fetched again in the background.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog

from service.errors import BadUpstream, DomainError, NotFound
from service.film_fields import FilmRow
from service.films import seasons as stored_seasons
from service.films.models import Film
from service.films.seasons import Season
from service.omdb.client import OmdbClient
from service.omdb.lookup_limit import LookupLimit
from service.omdb.negative_cache import NegativeCache
from service.resilience.rate_limiter import Requester

log = structlog.get_logger()

LAST_SEASON_INTERVAL = timedelta(days=7)  # about the interval of new episodes
SEASON_INTERVAL = timedelta(days=90)
MAX_FETCHED_SEASONS = 20  # of one series, for one request for all of them
REFRESH_INTERVAL = 600.0  # seconds between two attempts to refresh one season


class SeasonLookup:
    """Find seasons.

    Args:
        client: the OMDb client; None if there is no key.
        now: returns the current time, aware.
        limit: counts the look-ups of networks.
    """

    def __init__(
        self, client: OmdbClient | None, now: Callable[[], datetime], limit: LookupLimit
    ) -> None:
        self._client = client
        self._now = now
        self._limit = limit
        self._negative_cache = NegativeCache(now)
        self._in_flight: dict[str, asyncio.Task[Any]] = {}

    async def get_season(
        self, film: Film | FilmRow, number: int, requester: Requester | None
    ) -> Season:
        """Return a season of a series.

        Args:
            requester: whose look-ups are counted; None for an operator.

        Raises:
            NotFound: `season_not_found`, also if the film is no series.
            BadUpstream, TooMany, Unavailable, Misconfigured: as for a look-up of a film.
        """
        series = _get_series_id(film)
        collected = (await stored_seasons.collect_seasons(series)).get(number)
        stored = await stored_seasons.get_season(series, number)
        if stored is None:
            try:
                season = await self._fetch(film, series, number, requester)
            except DomainError:
                if collected is None:
                    raise
                return collected
            return stored_seasons.add_episodes(season, collected)
        season, refresh_after = stored
        key = f"r:{_to_key(series, number)}"
        if self._client is not None and refresh_after <= self._now() and key not in self._in_flight:
            self._start(key, self._refresh(key, film, series, number, self._client))
        return stored_seasons.add_episodes(season, collected)

    async def list_seasons(self, film: Film | FilmRow, requester: Requester | None) -> list[Season]:
        """Return the seasons of a series that are known here; the first one is fetched if none is.

        Raises:
            The errors of `get_season`.
        """
        series = _get_series_id(film)
        if not await stored_seasons.list_stored_numbers(series):
            try:
                await self.get_season(film, 1, requester)
            except DomainError:
                if seasons := await stored_seasons.list_seasons(series):
                    return seasons
                raise
        return await stored_seasons.list_seasons(series)

    async def list_all_seasons(
        self, film: Film | FilmRow, requester: Requester | None
    ) -> list[Season]:
        """Return all seasons of a series, in order, without those that cannot be had now.

        At most `MAX_FETCHED_SEASONS` are fetched; a later request gets the others.

        Raises:
            NotFound: `season_not_found`; the film is no series.
        """
        series = _get_series_id(film)
        with suppress(DomainError):
            total = await self.count_seasons(film, requester) or 0
            stored = await stored_seasons.list_stored_numbers(series)
            missing = [number for number in range(1, total + 1) if number not in stored]
            fetches = (
                self.get_season(film, number, requester) for number in missing[:MAX_FETCHED_SEASONS]
            )
            for fetched in await asyncio.gather(*fetches, return_exceptions=True):
                if isinstance(fetched, BaseException) and not isinstance(fetched, DomainError):
                    raise fetched
        return await stored_seasons.list_seasons(series)

    async def count_seasons(self, film: Film | FilmRow, requester: Requester | None) -> int | None:
        """Return how many seasons a series has; None if nobody knows.

        Raises:
            The errors of `get_season`, but NotFound.
        """
        if film.type != "series" or film.imdb_id is None:
            return None
        total = await stored_seasons.count_seasons(film.imdb_id)
        if total is None:
            with suppress(NotFound):
                total = (await self.get_season(film, 1, requester)).total_seasons
        if total is None:  # at least as many as episodes are known of
            total = max(await stored_seasons.collect_seasons(film.imdb_id), default=None)
        return total

    async def close(self) -> None:
        """End the look-ups in flight."""
        tasks = list(self._in_flight.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch(
        self, film: Film | FilmRow, series: str, number: int, requester: Requester | None
    ) -> Season:
        if self._client is None:
            raise _season_not_found_error()
        key = _to_key(series, number)
        if await self._negative_cache.get_miss(key) is not None:
            raise _season_not_found_error()
        if key not in self._in_flight and requester is not None:
            await self._limit.count(requester)
        if key not in self._in_flight:
            is_public = requester is not None
            self._start(key, self._fetch_and_store(film, series, number, self._client, is_public))
        season: Season = await asyncio.shield(self._in_flight[key])
        return season

    async def _fetch_and_store(
        self, film: Film | FilmRow, series: str, number: int, client: OmdbClient, public: bool
    ) -> Season:
        key = _to_key(series, number)
        try:
            season = await client.fetch_season(series, number, public=public)
        except NotFound:
            await self._negative_cache.record_miss(key)
            raise _season_not_found_error() from None
        except BadUpstream:
            await self._negative_cache.record_miss(key, is_unreadable=True)
            raise
        is_running = film.end_year is None and number == (season.total_seasons or number)
        interval = LAST_SEASON_INTERVAL if is_running else SEASON_INTERVAL
        await stored_seasons.save_season(series, season, self._now() + interval)
        await self._negative_cache.delete_miss(key)
        return season

    async def _refresh(
        self, key: str, film: Film | FilmRow, series: str, number: int, client: OmdbClient
    ) -> None:
        """Fetch a season again; the lease is left to expire, which delays the next try."""
        if not await self._negative_cache.claim(key, REFRESH_INTERVAL):
            return
        try:
            await self._fetch_and_store(film, series, number, client, False)
        except DomainError as error:
            log.info("omdb_refresh_failed", film=f"{series} season {number}", code=error.code)

    def _start(self, key: str, work: Coroutine[Any, Any, Any]) -> None:
        """Run `work` to its end even if its requester goes away."""
        task = asyncio.create_task(work)
        self._in_flight[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    def _forget(self, key: str, task: "asyncio.Task[Any]") -> None:
        del self._in_flight[key]
        if not task.cancelled():
            task.exception()  # marks it as retrieved, so that asyncio logs nothing


def _get_series_id(film: Film | FilmRow) -> str:
    """Return the IMDb id of a series. Raises NotFound for any other film."""
    if film.type != "series" or film.imdb_id is None:
        raise _season_not_found_error()
    return film.imdb_id


def _to_key(series: str, number: int) -> str:
    return f"s:{series}:{number}"


def _season_not_found_error() -> NotFound:
    return NotFound("There is no such season.", code="season_not_found")
