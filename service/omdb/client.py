"""One question to OMDb, and what its answer means.

OMDb answers 200 to most of what goes wrong and 401 to a spent quota, so the words of its errors
decide and the status only helps where there are none. Callers get facts or one of the service's
own errors. The key goes into the request and nowhere else: exceptions of the HTTP library, which
may quote the address, are not passed on.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Never

import aiohttp
import structlog

from service.errors import DomainError, Invalid, Misconfigured, NotFound, Unavailable
from service.films.schemas import FilmFacts, FilmType
from service.limits import (
    OMDB_BREAKER_RESET,
    OMDB_BREAKER_THRESHOLD,
    OMDB_INITIAL_BACKOFF,
    OMDB_KEY_REJECTED_RESET,
)
from service.limits import OMDB_CONNECT_TIMEOUT as CONNECT
from service.limits import OMDB_MAX_ATTEMPTS as TRIES
from service.limits import OMDB_TIMEOUT as DEADLINE
from service.observability.metrics import UPSTREAM_CALLS
from service.omdb.json_repair import parse_reply
from service.omdb.parser import parse_film
from service.omdb.quota import OmdbQuota
from service.resilience.backoff import backoff
from service.resilience.circuit_breaker import CircuitBreaker

log = structlog.get_logger()

LARGEST = 256 * 1024  # bytes; the longest answers about one film have some ten thousand
SAMPLE = 200  # characters of a strange answer that the log gets
KNOWN_ID = "tt0068646"  # The Godfather, for the question whether the key is good


class _Faulty(Exception):
    """The server did not give an answer; another try may."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class OmdbClient:
    """Asks one OMDb server with one key.

    Args:
        session: the process's HTTP session; it stays open.
        url: the server's address.
        key: the key.
        quota: the day's calls of that key; every question takes one.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        key: str,
        quota: OmdbQuota,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._url = url
        self._key = key
        self._written_key = _written(key)
        self._quota = quota
        self._clock = clock
        self._breaker = CircuitBreaker(OMDB_BREAKER_THRESHOLD, OMDB_BREAKER_RESET, clock)
        self._refused_until: float | None = None

    async def fetch_by_id(self, imdb_id: str, *, background: bool = False) -> FilmFacts:
        """The film with this IMDb id.

        Args:
            spare: nobody is waiting; leave the day's last calls to those who do.

        Raises:
            NotFound: OMDb has no such film, or answers with another.
            Invalid: OMDb cannot understand the question.
            Unavailable: `omdb_quota_exhausted` or `omdb_unavailable`, with `retry_after`.
            Misconfigured: `omdb_key_invalid`.
        """
        facts = await self._request_film({"i": imdb_id}, background=background)
        if facts.imdb_id != imdb_id:
            log.warning("omdb_other_film", asked=imdb_id, answered=facts.imdb_id)
            raise NotFound("OMDb answers with another film.", code="movie_not_found")
        return facts

    async def fetch_by_title(
        self, title: str, year: int | None = None, type: FilmType | None = None
    ) -> FilmFacts:
        """The film that OMDb holds to be this title; it may be another. Errors as `by_id`."""
        asked = {"t": title}
        if year is not None:
            asked["y"] = str(year)
        if type is not None:
            asked["type"] = type
        facts = await self._request_film(asked)
        if facts.imdb_id is None:
            raise _unavailable("OMDb's answer has no id.")
        return facts

    async def check(self) -> str:
        """Spend one call to find out whether server and key are good; errors as `by_id`."""
        await self.fetch_by_id(KNOWN_ID)
        return await self.health()

    async def health(self) -> str:
        """One line on how OMDb stands, by what is known already; errors as `by_id`."""
        if self._refused_until is not None:
            raise _key_invalid()
        if self._breaker.is_open:
            raise _unavailable("OMDb does not answer.")
        budget = await self._quota.get_budget()
        if budget.stopped_until is not None:
            raise Unavailable("The day's calls to OMDb are spent.", code="omdb_quota_exhausted")
        return f"{budget.used} of {budget.limit} calls used today"

    async def _request_film(
        self, asked: Mapping[str, str], *, background: bool = False
    ) -> FilmFacts:
        self._leave_alone()
        call = await self._quota.take_call(background=background)
        try:
            async with asyncio.timeout(DEADLINE):
                told = await self._tried(asked)
        except (TimeoutError, _Faulty) as fault:
            raise self._failed(fault) from None
        self._breaker.record_success()
        UPSTREAM_CALLS.labels("omdb", "answered").inc()
        message = "" if "Title" in told else str(told.get("Error", ""))
        if "limit reached" in message.casefold():
            raise await self._quota.record_exhaustion()
        await self._quota.record_answer(call)
        if "Title" not in told:
            self._refuse(message, by_id="i" in asked)
        self._refused_until = None
        try:
            return parse_film(told)
        except ValueError:
            log.warning("omdb_unreadable", sample=self._scrubbed(str(told)))
            raise _unavailable("OMDb's answer is not a film.") from None

    def _leave_alone(self) -> None:
        if self._refused_until is not None and self._clock() < self._refused_until:
            raise _key_invalid()
        if (wait := self._breaker.wait_time()) > 0:
            raise _unavailable("OMDb has not answered for a while.", wait)

    def _failed(self, fault: TimeoutError | _Faulty) -> Unavailable:
        self._breaker.record_failure()
        UPSTREAM_CALLS.labels("omdb", "failed").inc()
        told = fault.retry_after if isinstance(fault, _Faulty) else None
        log.warning("omdb_unavailable", reason=str(fault) or f"no answer in {DEADLINE:g} s")
        wait = told or self._breaker.wait_time() or OMDB_BREAKER_RESET
        return _unavailable("OMDb does not answer.", wait)

    async def _tried(self, asked: Mapping[str, str]) -> dict[str, object]:
        tries = 0
        while True:
            tries += 1
            try:
                return await self._once(asked)
            except _Faulty as fault:
                if tries == TRIES or fault.retry_after is not None:
                    raise
            await asyncio.sleep(backoff(tries, OMDB_INITIAL_BACKOFF / 2, jitter=1.0))

    async def _once(self, asked: Mapping[str, str]) -> dict[str, object]:
        try:
            async with self._session.get(
                self._url,
                params={"apikey": self._key, **asked, "plot": "full", "r": "json"},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT),
                middlewares=(_sent_once,),
            ) as response:
                raw = await _body(response)
                status, pause = response.status, response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, OSError) as fault:
            raise _Faulty(type(fault).__name__) from None
        try:
            told = parse_reply(raw)
        except ValueError:
            told = {}
        if "Response" in told or "Error" in told or (status == 200 and "Title" in told):
            return told
        if status == 401:
            return {"Response": "False", "Error": "Invalid API key!"}
        sample = self._scrubbed(raw.decode("utf-8", errors="replace"))
        log.info("omdb_strange_answer", status=status, sample=sample)
        raise _Faulty(f"status {status}", float(pause) if pause.isdecimal() else None)

    def _refuse(self, message: str, *, by_id: bool) -> Never:
        error = _meaning(message, by_id=by_id)
        if isinstance(error, Misconfigured):
            if self._refused_until is None:
                log.error("omdb_key_invalid", alert=True, advice="check OMDB_API_KEY")
            self._refused_until = self._clock() + OMDB_KEY_REJECTED_RESET
        elif error.code != "movie_not_found":
            log.warning("omdb_refused", message=self._scrubbed(message), code=error.code)
        raise error

    def _scrubbed(self, text: str) -> str:
        return self._written_key.sub("***", text)[:SAMPLE]


def _written(key: str) -> re.Pattern[str]:
    """The key in every form that an address may give it: each character plain or percent-coded."""
    coded = (("".join(f"%{byte:02x}" for byte in c.encode()), re.escape(c)) for c in key)
    forms = [f"(?:{code}|{plain})" for code, plain in coded]
    return re.compile("".join(forms), re.IGNORECASE)


async def _sent_once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep the library from sending a request again by itself, which nobody would count."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as fault:
        raise _Faulty(type(fault).__name__) from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The body, as far as it is of a size that an answer can have."""
    raw = bytearray()
    async for piece in response.content.iter_chunked(16 * 1024):
        raw += piece
        if len(raw) > LARGEST:
            raise _Faulty(f"more than {LARGEST} bytes")
    return bytes(raw)


def _meaning(message: str, *, by_id: bool) -> DomainError:
    """OMDb's words as one of the service's errors.

    An id is asked for only in its right form, so an "incorrect" one is one that no film has.
    """
    words = message.strip().casefold()
    if "api key" in words:
        return _key_invalid()
    if words.endswith("not found!") or (by_id and words.startswith("incorrect imdb id")):
        return NotFound("OMDb knows no such film.", code="movie_not_found")
    if words.startswith("too many results"):
        return Invalid("OMDb finds too many films; give more words.", code="title_too_vague")
    if words.startswith(_BAD_INPUT):
        return Invalid("OMDb cannot understand this title.", code="title_not_understood")
    return _unavailable("OMDb cannot say at present.")


_BAD_INPUT = (
    "incorrect imdb id",
    "something went wrong",
    "conversion from string",
    "error converting data type",
    "syntax error near",
)


def _unavailable(detail: str, wait: float = OMDB_BREAKER_RESET) -> Unavailable:
    return Unavailable(detail, code="omdb_unavailable", retry_after=wait)


def _key_invalid() -> Misconfigured:
    return Misconfigured(
        "OMDb refuses this service's key; its operator must set OMDB_API_KEY.",
        code="omdb_key_invalid",
    )
