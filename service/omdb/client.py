"""Request one film from OMDb and translate the reply into facts or a domain error.

OMDb replies with status 200 to most errors and with 401 to an exhausted quota, so the error text
decides, and the status only where there is no text. The key goes into the request and nowhere
else: exceptions of the HTTP library may quote the address, so they are not chained.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Never, TypeVar

import aiohttp
import structlog

from service.clock import utc_now
from service.errors import Misconfigured, NotFound, Unavailable
from service.films.schemas import FilmFacts, FilmType
from service.films.seasons import Season
from service.limits import (
    OMDB_BREAKER_RESET,
    OMDB_BREAKER_THRESHOLD,
    OMDB_CONNECT_TIMEOUT,
    OMDB_INITIAL_BACKOFF,
    OMDB_KEY_REJECTED_RESET,
    OMDB_MAX_ATTEMPTS,
    OMDB_TIMEOUT,
)
from service.observability.metrics import UPSTREAM_CALLS
from service.omdb.errors import (
    invalid_key_error,
    is_about_key,
    to_domain_error,
    unavailable_error,
    unreadable_error,
)
from service.omdb.json_repair import parse_reply
from service.omdb.parser import parse_film
from service.omdb.quota import OmdbQuota, QuotaBudget
from service.omdb.replies import (
    TransientError,
    UnreadableReply,
    build_key_pattern,
    prevent_library_retry,
    read_body,
)
from service.omdb.season_parser import parse_season
from service.resilience.backoff import backoff
from service.resilience.causes import NO_ANSWER, describe_cause
from service.resilience.circuit_breaker import CircuitBreaker
from service.resilience.retry_after import parse_retry_after

T = TypeVar("T")

log = structlog.get_logger()

MAX_RETRY_AFTER = 3_600.0  # seconds; the answer to a client repeats it
LOG_SAMPLE_LENGTH = 200  # characters of an unexpected reply that are logged
CHECK_ID = "tt0068646"  # The Godfather, requested to check the key


class OmdbClient:
    """A client of one OMDb server with one key.

    Args:
        session: the process's HTTP session; it stays open.
        url: the server's address.
        key: the API key.
        quota: the daily calls of that key; every request takes one.
        clock: monotonic seconds.
        timeout: seconds for one request, its retries included.
        connect_timeout: seconds to connect.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        key: str,
        quota: OmdbQuota,
        clock: Callable[[], float] = time.monotonic,
        *,
        timeout: float = OMDB_TIMEOUT,
        connect_timeout: float = OMDB_CONNECT_TIMEOUT,
    ) -> None:
        self._session = session
        self._url = url
        self._key = key
        self._key_pattern = build_key_pattern(key)
        self._quota = quota
        self._clock = clock
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._breaker = CircuitBreaker(OMDB_BREAKER_THRESHOLD, OMDB_BREAKER_RESET, clock)
        self._key_rejected_until: float | None = None

    async def fetch_by_id(self, imdb_id: str, *, public: bool = False) -> FilmFacts:
        """Return the film with this IMDb id.

        Args:
            imdb_id: a well-formed IMDb id.
            public: anyone may cause this call; leave the day's last ones to admins and refreshes.

        Raises:
            NotFound: OMDb has no such film, or replies with another.
            Invalid: OMDb cannot parse the request.
            BadUpstream: `omdb_unreadable`; the reply cannot be parsed.
            Unavailable: `omdb_quota_exhausted` or `omdb_unavailable`, with `retry_after`.
            Misconfigured: `omdb_key_invalid`.
        """
        facts = await self._request({"i": imdb_id}, parse_film, public=public)
        if facts.imdb_id != imdb_id:
            log.warning("omdb_other_film", asked=imdb_id, answered=facts.imdb_id)
            raise NotFound("OMDb replied with another film.", code="movie_not_found")
        return facts

    async def fetch_by_title(
        self,
        title: str,
        year: int | None = None,
        type: FilmType | None = None,
        *,
        public: bool = False,
    ) -> FilmFacts:
        """Return OMDb's best match for this title, which may be another film.

        Raises:
            The errors of `fetch_by_id`.
        """
        params = {"t": title}
        if year is not None:
            params["y"] = str(year)
        if type is not None:
            params["type"] = type
        facts = await self._request(params, parse_film, public=public)
        if facts.imdb_id is None:
            raise unreadable_error()
        return facts

    async def fetch_season(self, series: str, number: int, *, public: bool = False) -> Season:
        """Return a season of the series with this IMDb id.

        Raises:
            The errors of `fetch_by_id`.
        """
        params = {"i": series, "Season": str(number)}
        return await self._request(params, lambda reply: parse_season(reply, number), public=public)

    async def check(self) -> str:
        """Spend one call to check the server and the key; return the line of `health`.

        Raises:
            The errors of `fetch_by_id`.
        """
        await self.fetch_by_id(CHECK_ID)
        return await self.health()

    async def get_budget(self) -> QuotaBudget:
        """Return what is left of the day's calls."""
        return await self._quota.get_budget()

    async def health(self) -> str:
        """Return one line on OMDb's state, without a call.

        Raises:
            Unavailable, Misconfigured: the state that earlier calls have found.
        """
        if self._key_rejected_until is not None:
            raise invalid_key_error()
        if self._breaker.is_open:
            raise unavailable_error("OMDb does not answer.")
        budget = await self._quota.get_budget()
        if budget.stopped_until is not None:
            raise Unavailable(
                "The daily quota of OMDb calls is exhausted.", code="omdb_quota_exhausted"
            )
        return f"{budget.used} of {budget.limit} calls used today"

    async def _request(
        self,
        params: Mapping[str, str],
        parse: Callable[[Mapping[str, object]], T],
        *,
        public: bool = False,
    ) -> T:
        self._raise_if_blocked()
        call = await self._quota.take_call(public=public)
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._send_with_retries(params)
        except (TimeoutError, TransientError) as error:
            raise self._record_failure(error) from None
        except UnreadableReply:
            reply = {}
        self._breaker.record_success()
        UPSTREAM_CALLS.labels("omdb", "answered").inc()
        message = "" if "Title" in reply else str(reply.get("Error", ""))
        if not is_about_key(message):
            self._key_rejected_until = None  # even a film that OMDb lacks shows that it is accepted
        if "limit reached" in message.casefold():
            raise await self._quota.record_exhaustion()
        await self._quota.record_answer(call)
        if message:
            self._raise_reply_error(message, by_id="i" in params)
        try:
            return parse(reply)
        except Exception as error:  # whatever is odd about this reply is this film's fault alone
            sample = self._redact(str(reply))
            log.warning("omdb_unreadable", sample=sample, reason=type(error).__name__)
            raise unreadable_error() from None

    def _raise_if_blocked(self) -> None:
        if self._key_rejected_until is not None and self._clock() < self._key_rejected_until:
            raise invalid_key_error()
        if (wait := self._breaker.wait_time()) > 0:
            raise unavailable_error("OMDb has not answered for a while.", wait)

    def _record_failure(self, error: TimeoutError | TransientError) -> Unavailable:
        self._breaker.record_failure()
        UPSTREAM_CALLS.labels("omdb", "failed").inc()
        retry_after = error.retry_after if isinstance(error, TransientError) else None
        reason = str(error) or NO_ANSWER
        log.warning("omdb_unavailable", reason=reason)
        wait = retry_after or self._breaker.wait_time() or OMDB_BREAKER_RESET
        return unavailable_error(f"OMDb is unavailable: {reason}.", wait)

    async def _send_with_retries(self, params: Mapping[str, str]) -> dict[str, object]:
        attempts = 0
        while True:
            attempts += 1
            try:
                return await self._send(params)
            except (TransientError, UnreadableReply) as error:
                retry_after = getattr(error, "retry_after", None)
                if attempts == OMDB_MAX_ATTEMPTS or retry_after is not None:
                    raise
            await asyncio.sleep(backoff(attempts, OMDB_INITIAL_BACKOFF / 2, jitter=1.0))

    async def _send(self, params: Mapping[str, str]) -> dict[str, object]:
        try:
            async with self._session.get(
                self._url,
                params={"apikey": self._key, **params, "plot": "full", "r": "json"},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout),
                middlewares=(prevent_library_retry,),
            ) as response:
                body = await read_body(response)
                status, retry_after = response.status, response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, OSError) as error:
            raise TransientError(describe_cause(error)) from None
        try:
            reply = parse_reply(body)
        except ValueError:
            reply = {}
        if "Response" in reply or "Error" in reply or (status == 200 and "Title" in reply):
            return reply
        if status == 401:
            return {"Response": "False", "Error": "Invalid API key!"}
        sample = self._redact(body.decode("utf-8", errors="replace"))
        log.info("omdb_strange_answer", status=status, sample=sample)
        if status == 200 and body.lstrip()[:1] == b"{":  # not the page of a proxy in between
            raise UnreadableReply
        seconds = parse_retry_after(retry_after, utc_now())
        wait = None if seconds is None else min(seconds, MAX_RETRY_AFTER)
        raise TransientError(f"it answers with status {status}; check OMDB_URL", wait)

    def _raise_reply_error(self, message: str, *, by_id: bool) -> Never:
        error = to_domain_error(message, by_id=by_id)
        if isinstance(error, Misconfigured):
            if self._key_rejected_until is None:
                log.error("omdb_key_invalid", alert=True, advice="check OMDB_API_KEY")
            self._key_rejected_until = self._clock() + OMDB_KEY_REJECTED_RESET
        elif error.code != "movie_not_found":
            log.warning("omdb_refused", message=self._redact(message), code=error.code)
        raise error

    def _redact(self, text: str) -> str:
        return self._key_pattern.sub("***", text)[:LOG_SAMPLE_LENGTH]
