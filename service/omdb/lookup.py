"""The film that somebody names, though it may not be here yet.

What is not in the database is asked of OMDb and kept, so that each film costs one call, however
many people ask for it at once: those in this process share one task, those in others wait for
its lease. A film that is here is answered at once even when its facts have grown old; they are
fetched again behind the answer, and if that fails, the old ones stay.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog

from service.errors import DomainError, NotFound, Unavailable
from service.films.catalogue import Catalogue, parse_uuid
from service.films.models import Film
from service.films.schemas import FilmFacts, FilmType, Provenance
from service.omdb.client import OmdbClient
from service.omdb.lookup_key import LookupKey, schedule_refresh, to_lookup_key
from service.omdb.negative_cache import Miss, NegativeCache
from service.omdb.rate_limit import LookupRateLimit

log = structlog.get_logger()

LOOKUP_LEASE = (
    10.0  # seconds; longer than a call and its storing take, short enough to wait out a death
)
MAX_WAIT = 6.0  # seconds to wait for another process; less than a request may take
POLL_INTERVAL = 0.05  # seconds between two looks at whether the other process has the film
REFRESH_INTERVAL = 600.0  # seconds between two tries to refresh one film
LOOKUPS_DISABLED = "look-ups are off: OMDB_API_KEY is not set"
CLOSE_TIMEOUT = 2.0  # seconds that questions under way get when the service stops


class FilmLookup:
    """Finds a film in the database, and failing that at OMDb.

    Args:
        catalogue: where films are kept.
        client: OMDb; without a key there is none, and look-ups are off.
        now: the time, aware.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        client: OmdbClient | None,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalogue = catalogue
        self._client = client
        self._now = now
        self._clock = clock
        self._negative_cache = NegativeCache(now)
        self._rate_limit = LookupRateLimit(clock)
        self._in_flight: dict[str, asyncio.Task[Any]] = {}

    async def get(self, movie: str, requester: str | None = None) -> Film:
        """The film with this id of ours, this IMDb id or exactly this title.

        Args:
            movie: an id, or a title; of several films of that title the one with most votes.
            asker: whose look-ups are counted; nobody's are bounded when left out.

        Raises:
            NotFound: `movie_not_found`; neither the database nor OMDb has it.
            Invalid: this can be no film's title.
            TooMany: the asker looked up too much.
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
        requester: str | None = None,
    ) -> Film:
        """The film of exactly this title, of this year and type if given; errors as `film`."""
        return await self._find_or_fetch(to_lookup_key(title, year, type), requester)

    async def fetch(self, movie: str) -> Film:
        """Ask OMDb for this film whatever is known of it here; errors as `film`."""
        if parse_uuid(movie) is not None:
            movie = (await self._catalogue.get(movie)).imdb_id or movie
        client = self._require_client()
        return await self._fetch_from_omdb(to_lookup_key(movie), client)

    async def health(self) -> str:
        """One line on how OMDb stands; spends no call, and raises OMDb's known trouble."""
        return await self._client.health() if self._client else LOOKUPS_DISABLED

    async def check(self) -> str:
        """As `health`, but asks OMDb."""
        return await self._client.check() if self._client else LOOKUPS_DISABLED

    async def close(self) -> None:
        """End what is under way; the session and the database may be closed after this."""
        if self._in_flight:
            _, late = await asyncio.wait(self._in_flight.values(), timeout=CLOSE_TIMEOUT)
            for flight in late:
                flight.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _find_or_fetch(self, question: LookupKey, asker: str | None) -> Film:
        film = await self._get_stored(question)
        if film is not None:
            self._refresh_if_due(film)
            return film
        client = self._require_client()
        await self._raise_if_known_miss(question)
        flight = self._in_flight.get(question.cache_key)
        if flight is None:
            if asker is not None:
                self._rate_limit.count_lookup(asker)
            flight = self._start_task(question.cache_key, self._fetch_once(question, client))
        found: Film = await asyncio.shield(flight)
        return found

    async def _get_stored(self, question: LookupKey) -> Film | None:
        with suppress(NotFound):
            if question.imdb_id is not None:
                return await self._catalogue.get(question.imdb_id)
            return await self._catalogue.get_by_title(question.title, question.year, question.type)
        return None

    def _require_client(self) -> OmdbClient:
        if self._client is None:
            raise _not_found(f"There is no such film here, and {LOOKUPS_DISABLED}.")
        return self._client

    async def _raise_if_known_miss(self, question: LookupKey) -> None:
        if (miss := await self._negative_cache.get_miss(question.cache_key)) is not None:
            raise _missing(miss)

    def _start_task(self, key: str, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Let `work` run whoever waits for it, until it ends."""
        flight = asyncio.create_task(work)
        self._in_flight[key] = flight
        flight.add_done_callback(lambda done: self._forget_task(key, done))
        return flight

    def _forget_task(self, key: str, flight: "asyncio.Task[Any]") -> None:
        del self._in_flight[key]
        if not flight.cancelled():
            flight.exception()

    async def _fetch_once(self, question: LookupKey, client: OmdbClient) -> Film:
        """The film, from whichever process asks first."""
        patient_until = self._clock() + MAX_WAIT
        while not await self._negative_cache.claim(question.cache_key, LOOKUP_LEASE):
            if self._clock() >= patient_until:
                raise Unavailable(
                    "This film is still being looked up.", code="omdb_unavailable", retry_after=1
                )
            await asyncio.sleep(POLL_INTERVAL)
            film = await self._get_stored(question)
            if film is not None:
                return film
        try:
            film = await self._get_stored(question)
            if film is None:
                await self._raise_if_known_miss(question)
                film = await self._fetch_from_omdb(question, client)
            return film
        finally:
            await self._negative_cache.release(question.cache_key)

    async def _fetch_from_omdb(self, question: LookupKey, client: OmdbClient) -> Film:
        try:
            if question.imdb_id is not None:
                facts = await client.fetch_by_id(question.imdb_id)
            else:
                facts = await client.fetch_by_title(question.title, question.year, question.type)
        except NotFound:
            await self._negative_cache.record_miss(question.cache_key)
            raise
        film = await self._store(facts)
        if not question.matches(facts):
            await self._negative_cache.record_miss(question.cache_key, facts.imdb_id)
            raise _missing(Miss(facts.imdb_id))
        await self._negative_cache.delete_miss(question.cache_key)
        return film

    async def _store(self, facts: FilmFacts) -> Film:
        now = self._now()
        provenance = Provenance(
            source="omdb", fetched_at=now, refresh_after=schedule_refresh(facts, now)
        )
        return await self._catalogue.upsert(facts, provenance)

    def _refresh_if_due(self, film: Film) -> None:
        due = film.refresh_after is not None and film.refresh_after <= self._now()
        if self._client is None or film.imdb_id is None or not due:
            return
        key = f"r:{film.imdb_id}"
        if key not in self._in_flight:
            self._start_task(key, self._refresh(key, to_lookup_key(film.imdb_id), self._client))

    async def _refresh(self, key: str, question: LookupKey, client: OmdbClient) -> None:
        """Fetch old facts again; a lease that is left to run out keeps the next try away."""
        assert question.imdb_id is not None
        if await self._negative_cache.get_miss(question.cache_key) is not None:
            return
        if not await self._negative_cache.claim(key, REFRESH_INTERVAL):
            return
        try:
            await self._store(await client.fetch_by_id(question.imdb_id, background=True))
        except NotFound:
            await self._negative_cache.record_miss(question.cache_key)
        except DomainError as error:
            log.info("omdb_refresh_failed", film=question.imdb_id, code=error.code)


def _not_found(detail: str) -> NotFound:
    return NotFound(detail, code="movie_not_found")


def _missing(miss: Miss) -> NotFound:
    if miss.alternative_id is None:
        return _not_found("Neither this catalogue nor OMDb knows such a film.")
    return _not_found(
        f"OMDb has no film of exactly this title; its nearest match is {miss.alternative_id}, "
        "which is now in the catalogue."
    )
