"""Find a film by id or title, through OMDb if the catalogue lacks it.

A film that the catalogue lacks is fetched from OMDb and stored. It costs one call however many
users request it at once: requests in one process share a task, and other processes wait for its
lease. A film in the catalogue is returned at once even if its facts are old; they are refreshed in
the background, and if that fails, the old ones stay.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog

from service.errors import BadUpstream, DomainError, Moved, NotFound, Unavailable
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, FilmType, Provenance
from service.omdb.client import OmdbClient
from service.omdb.errors import unreadable_error
from service.omdb.lookup_key import LookupKey, schedule_refresh, to_lookup_key
from service.omdb.lookup_limit import LookupLimit
from service.omdb.negative_cache import Miss, NegativeCache
from service.omdb.quota import QuotaBudget
from service.resilience.rate_limiter import RateLimiter, Requester
from service.text.film_addresses import to_address
from service.text.uuids import parse_uuid

log = structlog.get_logger()

LOOKUP_LEASE = 10.0  # seconds; longer than a call and its upsert, short if the owner dies
MAX_WAIT = 6.0  # seconds to wait for another process; less than a request may take
POLL_INTERVAL = 0.05  # seconds between checks whether the other process has stored the film
REFRESH_INTERVAL = 600.0  # seconds between two attempts to refresh one film
CLOSE_TIMEOUT = 2.0  # seconds for look-ups in flight when the service stops
LOOKUPS_DISABLED = "look-ups are off: OMDB_API_KEY is not set"


class FilmLookup:
    """Find films in the catalogue, then at OMDb.

    Args:
        catalogue: where films are stored.
        client: the OMDb client; None if there is no key, which disables look-ups.
        now: returns the current time, aware.
        clock: monotonic seconds.
        limit: counts the look-ups of networks; without one there is no limit.
        max_wait: seconds to wait for another process that fetches the same film.
        close_timeout: seconds that `close` waits for look-ups in flight.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        client: OmdbClient | None,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        *,
        limit: LookupLimit | None = None,
        max_wait: float = MAX_WAIT,
        close_timeout: float = CLOSE_TIMEOUT,
    ) -> None:
        self._catalogue = catalogue
        self._client = client
        self._now = now
        self._clock = clock
        self._max_wait = max_wait
        self._close_timeout = close_timeout
        self._negative_cache = NegativeCache(now)
        self._limit = limit or LookupLimit(RateLimiter({}))
        self._in_flight: dict[str, asyncio.Task[Any]] = {}

    async def get(self, movie: str, requester: Requester | None = None) -> Film:
        """Return the film with this id of ours, this IMDb id, or exactly this title.

        Args:
            movie: an id or a title; of several films of that title, the one with most votes.
            requester: whose look-ups are counted; without one, an operator asks, whom
                nothing limits but the day's calls.

        Raises:
            NotFound: `movie_not_found`; neither the catalogue nor OMDb has it.
            Moved: it was merged into another film.
            Invalid: this cannot be a title.
            BadUpstream: OMDb's reply about this film cannot be read.
            TooMany: the requester has looked up too many films.
            Unavailable, Misconfigured: OMDb is needed and does not answer.
        """
        if parse_uuid(movie) is None:
            return await self._find_or_fetch(to_lookup_key(movie), requester)
        film = await self._catalogue.get(movie)
        self._refresh_if_due(film)
        return film

    async def get_by_title(
        self,
        title: str,
        year: int | None = None,
        type: FilmType | None = None,
        requester: Requester | None = None,
    ) -> Film:
        """Return the film of exactly this title, and of this year and type if given.

        Raises:
            The errors of `get`.
        """
        return await self._find_or_fetch(to_lookup_key(title, year, type), requester)

    async def fetch(self, movie: str) -> Film:
        """Request this film from OMDb even if the catalogue has it.

        Raises:
            The errors of `get`.
        """
        if to_address(movie) is not None and (film := await self.find(movie)) is not None:
            movie = film.imdb_id or movie
        client = self._require_client()
        return await self._fetch_from_omdb(to_lookup_key(movie), client)

    async def find(self, movie: str) -> Film | None:
        """Return this film if the catalogue has it; unlike `get`, never request it from OMDb.

        A film that was merged into another one stands for that one.
        """
        if parse_uuid(movie) is not None:
            return await self._catalogue.get_current(movie)
        try:
            return await self._get_stored(to_lookup_key(movie))
        except Moved as moved:
            return await self._catalogue.get(moved.film_id)

    def is_stale(self, film: Film) -> bool:
        """Return whether the film's facts from OMDb are due for a refresh."""
        return film.refresh_after is not None and film.refresh_after <= self._now()

    async def health(self) -> str:
        """Return one line on OMDb's state, without a call; raise the errors of the client."""
        return await self._client.health() if self._client else LOOKUPS_DISABLED

    async def get_budget(self) -> QuotaBudget | None:
        """Return what is left of the day's calls; None without a key."""
        return await self._client.get_budget() if self._client else None

    async def check(self) -> str:
        """Spend one call to check OMDb; otherwise like `health`."""
        return await self._client.check() if self._client else LOOKUPS_DISABLED

    async def close(self) -> None:
        """End the look-ups in flight; afterwards the session and the database may be closed."""
        if self._in_flight:
            _, pending = await asyncio.wait(self._in_flight.values(), timeout=self._close_timeout)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def _find_or_fetch(self, lookup: LookupKey, requester: Requester | None) -> Film:
        film = await self._get_stored(lookup)
        if film is not None:
            self._refresh_if_due(film)
            return film
        client = self._require_client()
        await self._raise_if_known_miss(lookup)
        task = self._in_flight.get(lookup.cache_key)
        if task is None and requester is not None:
            await self._limit.count(requester)
            task = self._in_flight.get(lookup.cache_key)  # it may have been started meanwhile
        if task is None:
            work = self._fetch_once(lookup, client, public=requester is not None)
            task = self._start_task(lookup.cache_key, work)
        fetched: Film = await asyncio.shield(task)
        return fetched

    async def _get_stored(self, lookup: LookupKey) -> Film | None:
        with suppress(NotFound):
            if lookup.imdb_id is not None:
                return await self._catalogue.get(lookup.imdb_id)
            return await self._catalogue.get_by_title(lookup.title, lookup.year, lookup.type)
        return None

    def _require_client(self) -> OmdbClient:
        if self._client is None:
            raise _not_found_error(f"There is no such film here, and {LOOKUPS_DISABLED}.")
        return self._client

    async def _raise_if_known_miss(self, lookup: LookupKey) -> None:
        if (miss := await self._negative_cache.get_miss(lookup.cache_key)) is not None:
            raise _miss_error(miss)

    def _start_task(self, key: str, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Run `work` to its end even if its requester goes away."""
        task = asyncio.create_task(work)
        self._in_flight[key] = task
        task.add_done_callback(lambda done: self._forget_task(key, done))
        return task

    def _forget_task(self, key: str, task: "asyncio.Task[Any]") -> None:
        del self._in_flight[key]
        if not task.cancelled():
            task.exception()  # marks it as retrieved, so that asyncio logs nothing

    async def _fetch_once(self, lookup: LookupKey, client: OmdbClient, public: bool) -> Film:
        """Return the film, fetched by the first process that claims it."""
        deadline = self._clock() + self._max_wait
        while not await self._negative_cache.claim(lookup.cache_key, LOOKUP_LEASE):
            if self._clock() >= deadline:
                raise Unavailable(
                    "This film is still being looked up.", code="omdb_unavailable", retry_after=1
                )
            await asyncio.sleep(POLL_INTERVAL)
            film = await self._get_stored(lookup)
            if film is not None:
                return film
        try:
            film = await self._get_stored(lookup)
            if film is None:
                await self._raise_if_known_miss(lookup)
                film = await self._fetch_from_omdb(lookup, client, public=public)
            return film
        finally:
            await self._negative_cache.release(lookup.cache_key)

    async def _fetch_from_omdb(
        self, lookup: LookupKey, client: OmdbClient, *, public: bool = False
    ) -> Film:
        try:
            if lookup.imdb_id is not None:
                facts = await client.fetch_by_id(lookup.imdb_id, public=public)
            else:
                facts = await client.fetch_by_title(
                    lookup.title, lookup.year, lookup.type, public=public
                )
        except NotFound:
            await self._negative_cache.record_miss(lookup.cache_key)
            raise
        except BadUpstream:
            await self._negative_cache.record_miss(lookup.cache_key, is_unreadable=True)
            raise
        film = await self._upsert(facts)
        if not lookup.matches(facts):
            await self._negative_cache.record_miss(lookup.cache_key, facts.imdb_id)
            raise _miss_error(Miss(facts.imdb_id))
        await self._negative_cache.delete_miss(lookup.cache_key)
        return film

    async def _upsert(self, facts: FilmFacts) -> Film:
        now = self._now()
        provenance = Provenance(
            source="omdb", fetched_at=now, refresh_after=schedule_refresh(facts, now)
        )
        return await self._catalogue.upsert(facts, provenance)

    def _refresh_if_due(self, film: Film) -> None:
        if self._client is None or film.imdb_id is None or not self.is_stale(film):
            return
        key = f"r:{film.imdb_id}"
        if key not in self._in_flight:
            self._start_task(key, self._refresh(key, to_lookup_key(film.imdb_id), self._client))

    async def _refresh(self, key: str, lookup: LookupKey, client: OmdbClient) -> None:
        """Fetch a film's facts again; the lease is left to expire, which delays the next try."""
        assert lookup.imdb_id is not None
        if await self._negative_cache.get_miss(lookup.cache_key) is not None:
            return
        if not await self._negative_cache.claim(key, REFRESH_INTERVAL):
            return
        try:
            await self._upsert(await client.fetch_by_id(lookup.imdb_id))
        except NotFound:
            await self._negative_cache.record_miss(lookup.cache_key)
        except BadUpstream:
            await self._negative_cache.record_miss(lookup.cache_key, is_unreadable=True)
        except DomainError as error:
            log.info("omdb_refresh_failed", film=lookup.imdb_id, code=error.code)


def _not_found_error(detail: str) -> NotFound:
    return NotFound(detail, code="movie_not_found")


def _miss_error(miss: Miss) -> NotFound | BadUpstream:
    if miss.is_unreadable:
        return unreadable_error()
    if miss.alternative_id is None:
        return _not_found_error("Neither this catalogue nor OMDb has such a film.")
    return _not_found_error(
        f"OMDb has no film of exactly this title; its nearest match is {miss.alternative_id}, "
        "which is now in the catalogue."
    )
