"""Fetches a poster's bytes from wherever its source says, without being led astray.

An address may point into the operator's own network, redirect there, never end, drip, or unpack
to a thousand times its size. Every hop is checked anew, and there is a cap on bytes and seconds.
"""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from service.limits import POSTER_FETCH_TIMEOUT as SECONDS
from service.posters.errors import PosterMissing, PosterRejected, PosterTemporarilyUnavailable
from service.posters.ssrf_guard import (
    Lookup,
    NotPublic,
    PublicResolver,
    is_public,
    pair,
    system_lookup,
)

MAX_BYTES = 10 * 1024 * 1024  # bytes, as sent and as unpacked; large posters have two
MAX_REDIRECTS = 3
PORTS = (80, 443)
MOVED = (301, 302, 303, 307, 308)
BUSY = (408, 425, 429)  # with all of 5xx: the host asks for patience, the poster may be there
LONGEST_WAIT = 86_400.0  # seconds; a host that asks for more is asked again after a day
PIECE = 64 * 1024  # bytes read at a time
HEADERS = {
    "Accept": "image/jpeg, image/webp, image/png",
    "Accept-Encoding": "identity",
    "User-Agent": "movies-posters/1",
}
NOTHING = ("", "n/a")  # how OMDb says that it has no poster


class PosterFetcher:
    """Reads posters over HTTP; made inside a running event loop, as an async context manager.

    Args:
        excepted: `host:port` pairs that need not be public, nor use the usual ports.
        lookup: how names become addresses.
        seconds: the time that one poster may take.
    """

    def __init__(
        self,
        excepted: Iterable[str] = (),
        lookup: Lookup = system_lookup,
        seconds: float = SECONDS,
    ) -> None:
        self._excepted = frozenset(name.lower() for name in excepted)
        self._seconds = seconds
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=PublicResolver(self._excepted, lookup), use_dns_cache=False
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give up the connections; safe to repeat."""
        await self._session.close()

    async def fetch(self, address: str) -> bytes:
        """The bytes at `address`, at most 10 MB, within 10 seconds.

        Raises:
            Missing: there is no poster (404, 410, another refusal, or "N/A").
            Rejected: the address or what it gives is not acceptable.
            Passing: the host cannot be reached, is busy, or too slow.
        """
        if address.strip().lower() in NOTHING:
            raise PosterMissing("the source names no poster")
        try:
            async with asyncio.timeout(self._seconds):
                return await self._followed(address)
        except NotPublic:
            raise PosterRejected("the address does not lead to a public host") from None
        except (aiohttp.InvalidURL, UnicodeError):
            raise PosterRejected("the address cannot be understood") from None
        except TimeoutError:
            raise PosterTemporarilyUnavailable(
                f"the host took longer than {self._seconds:g} seconds"
            ) from None
        except (aiohttp.ClientError, OSError) as fault:
            raise PosterTemporarilyUnavailable(
                "the host cannot be reached, or broke off"
            ) from fault

    async def _followed(self, address: str) -> bytes:
        url = self._checked(address)
        for _ in range(MAX_REDIRECTS + 1):
            async with self._session.get(url, allow_redirects=False) as response:
                if response.status not in MOVED:
                    return await _read(response)
                target = response.headers.get("Location", "")
            url = self._checked(target, url)
        raise PosterRejected(f"there are more than {MAX_REDIRECTS} redirects")

    def _checked(self, address: str, base: URL | None = None) -> URL:
        """`address` if it may be asked; names are checked once more when they are resolved."""
        try:
            url = base.join(URL(address)) if base else URL(address.strip())
            host, port = url.host, url.port
        except ValueError:
            raise PosterRejected("the address cannot be understood") from None
        if url.scheme not in ("http", "https") or not host or not port:
            raise PosterRejected("the address is not one of http or https")
        if url.user is not None or url.password is not None:
            raise PosterRejected("the address holds credentials")
        if pair(host, port) in self._excepted:
            return url
        if port not in PORTS:
            raise PosterRejected("the address has an unusual port")
        if _is_literal(host) and not is_public(host):
            raise PosterRejected("the address does not lead to a public host")
        return url


def _is_literal(host: str) -> bool:
    """Whether aiohttp takes `host` for an address and asks no resolver about it."""
    return ":" in host or host.replace(".", "").isdigit()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    status = response.status
    if status in BUSY or status >= 500:
        raise PosterTemporarilyUnavailable(f"the host answers {status}", _retry_after(response))
    if status != 200:
        raise PosterMissing(f"the host answers {status}")
    if (response.content_length or 0) > MAX_BYTES:
        raise PosterRejected("the picture is larger than 10 MB")
    data = bytearray()
    async for piece in response.content.iter_chunked(PIECE):
        data += piece
        if len(data) > MAX_BYTES:
            raise PosterRejected("the picture is larger than 10 MB")
    return bytes(data)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """The seconds that the host asks for; dates are rare and mean "later" well enough."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_WAIT) if asked.isascii() and asked.isdigit() else None
