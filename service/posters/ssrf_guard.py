"""Which addresses a poster may come from: those that anybody on the internet could reach.

Poster addresses come from strangers, and this service may stand inside a network with much to
find. So a name is resolved once, all of its addresses are checked, and the connection goes to
one of exactly these; to check the text of an address, or to resolve it a second time, is to be
fooled.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

Lookup = Callable[[str, int], Awaitable[list[str]]]
"""The addresses behind a host's name, as text; raises OSError if there are none."""

GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA gives out for the open internet
NAT64 = IPv6Network("64:ff9b::/96")  # the last 32 bits are an IPv4 address (RFC 6052)


class NotPublic(Exception):
    """A host's name leads, with at least one address, somewhere that is not public."""


def is_public(address: str) -> bool:
    """Whether `address` belongs to the open internet, also if it wraps another address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return _is_public_v4(parsed)
    if parsed in NAT64:
        return _is_public_v4(IPv4Address(int(parsed) & 0xFFFF_FFFF))
    if parsed.ipv4_mapped is not None:
        return _is_public_v4(parsed.ipv4_mapped)
    return _is_public_v6(parsed)


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _is_public_v6(address: IPv6Address) -> bool:
    if address not in GLOBAL_UNICAST or not address.is_global or address.teredo is not None:
        return False
    return address.sixtofour is None or _is_public_v4(address.sixtofour)


async def system_lookup(host: str, port: int) -> list[str]:
    """What the machine's own resolver knows."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PublicResolver(AbstractResolver):
    """Names to addresses for aiohttp, which connects to nothing else than what this gives it.

    Args:
        excepted: `host:port` pairs that may have any address.
    """

    def __init__(self, excepted: Collection[str], lookup: Lookup = system_lookup) -> None:
        self._excepted = excepted
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of `host`.

        Raises:
            NotPublic: at least one of them is not public.
            OSError: there is no such host.
        """
        found = await self._lookup(host, port)
        if not found:
            raise OSError(f"{host} has no address")
        if pair(host, port) not in self._excepted and not all(map(is_public, found)):
            raise NotPublic(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is held open."""


def pair(host: str, port: int) -> str:
    """`host:port` as settings write it."""
    return f"[{host}]:{port}" if ":" in host else f"{host.lower()}:{port}"
