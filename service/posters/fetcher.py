"""Fetch a poster from the address that its source states, and limit what a hostile host can do.

An address may point into the operator's own network, redirect there, never end, drip, or unpack
to a thousand times its size. So every redirect is checked anew, and bytes and seconds are limited.
"""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from service.clock import utc_now
from service.limits import POSTER_FETCH_TIMEOUT
from service.posters.errors import PosterMissing, PosterRejected, PosterUnavailable
from service.posters.ssrf_guard import (
    AddressLookup,
    NonPublicAddress,
    PublicResolver,
    host_and_port,
    is_public,
    look_up_addresses,
)
from service.resilience.retry_after import parse_retry_after

MAX_BYTES = 10 * 1024 * 1024  # as sent and as unpacked; large posters have 2 MB
MAX_REDIRECTS = 3
ALLOWED_PORTS = (80, 443)
REDIRECT_STATUSES = (301, 302, 303, 307, 308)
RETRYABLE_STATUSES = (408, 425, 429)  # and all of 5xx: the poster may be there later
MAX_RETRY_AFTER = 86_400.0  # seconds; a host that asks for more is called again after a day
CHUNK_BYTES = 64 * 1024
HEADERS = {
    "Accept": "image/jpeg, image/webp, image/png",
    "Accept-Encoding": "identity",
    "User-Agent": "movies-posters/1",
}
NO_POSTER_VALUES = ("", "n/a")  # OMDb states "N/A" for a film without a poster


class PosterFetcher:
    """Read posters over HTTP. An async context manager; create it inside a running event loop.

    Args:
        allowed_hosts: `host:port` pairs that need not be public nor use a usual port.
        lookup: resolves host names to addresses.
        timeout: seconds that one poster may take, redirects included.
    """

    def __init__(
        self,
        allowed_hosts: Iterable[str] = (),
        lookup: AddressLookup = look_up_addresses,
        timeout: float = POSTER_FETCH_TIMEOUT,
    ) -> None:
        self._allowed_hosts = frozenset(name.lower() for name in allowed_hosts)
        self._timeout = timeout
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=PublicResolver(self._allowed_hosts, lookup), use_dns_cache=False
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
        """Close the connections; safe to repeat."""
        await self._session.close()

    async def fetch(self, source: str) -> bytes:
        """Return the bytes at the address `source`, at most `MAX_BYTES`.

        Raises:
            PosterMissing: there is no poster (404, 410, any other 4xx, or "N/A").
            PosterRejected: the address or the reply is not acceptable.
            PosterUnavailable: the host cannot be reached, is busy, or is too slow.
        """
        if source.strip().lower() in NO_POSTER_VALUES:
            raise PosterMissing("the source names no poster")
        try:
            async with asyncio.timeout(self._timeout):
                return await self._follow_redirects(source)
        except NonPublicAddress:
            raise PosterRejected("the address does not lead to a public host") from None
        except (aiohttp.InvalidURL, UnicodeError):
            raise PosterRejected("the address cannot be understood") from None
        except TimeoutError:
            raise PosterUnavailable(
                f"the host took longer than {self._timeout:g} seconds"
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            raise PosterUnavailable("the host cannot be reached, or broke off") from error

    async def _follow_redirects(self, source: str) -> bytes:
        url = self._parse_allowed_url(source)
        for _ in range(MAX_REDIRECTS + 1):
            async with self._session.get(url, allow_redirects=False) as response:
                if response.status not in REDIRECT_STATUSES:
                    return await _read_body(response)
                location = response.headers.get("Location", "")
            url = self._parse_allowed_url(location, url)
        raise PosterRejected(f"there are more than {MAX_REDIRECTS} redirects")

    def _parse_allowed_url(self, text: str, base: URL | None = None) -> URL:
        """Return `text`, relative to `base`, as a URL that may be fetched.

        Host names are checked again when they are resolved.

        Raises:
            PosterRejected: it is malformed, or leads where no poster may come from.
        """
        try:
            url = base.join(URL(text)) if base else URL(text.strip())
            host, port = url.host, url.port
        except ValueError:
            raise PosterRejected("the address cannot be understood") from None
        if url.scheme not in ("http", "https") or not host or not port:
            raise PosterRejected("the address is not one of http or https")
        if url.user is not None or url.password is not None:
            raise PosterRejected("the address holds credentials")
        if host_and_port(host, port) in self._allowed_hosts:
            return url
        if port not in ALLOWED_PORTS:
            raise PosterRejected("the address has an unusual port")
        if _is_ip_literal(host) and not is_public(host):
            raise PosterRejected("the address does not lead to a public host")
        return url


def _is_ip_literal(host: str) -> bool:
    """Return whether aiohttp takes `host` for an IP address and does not call the resolver."""
    return ":" in host or host.replace(".", "").isdigit()


async def _read_body(response: aiohttp.ClientResponse) -> bytes:
    status = response.status
    if status in RETRYABLE_STATUSES or status >= 500:
        seconds = parse_retry_after(response.headers.get("Retry-After", ""), utc_now())
        wait = None if seconds is None else min(seconds, MAX_RETRY_AFTER)
        raise PosterUnavailable(f"the host answers {status}", wait)
    if status != 200:
        raise PosterMissing(f"the host answers {status}")
    if (response.content_length or 0) > MAX_BYTES:
        raise PosterRejected("the picture is larger than 10 MB")
    data = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        data += chunk
        if len(data) > MAX_BYTES:
            raise PosterRejected("the picture is larger than 10 MB")
    return bytes(data)
