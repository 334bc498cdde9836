"""Let poster requests reach public hosts only (server-side request forgery).

Poster addresses come from strangers, and this service may run inside a private network. So each
host name is resolved once, all of its addresses are checked, and the connection goes to exactly
these. Checking the text of an address, or resolving it a second time, can be fooled (DNS
rebinding).
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

AddressLookup = Callable[[str, int], Awaitable[list[str]]]
"""Return the IP addresses of a host and port as text; raise OSError if there are none."""

SPECIAL_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by the customers of a provider
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # not IANA's: the host of a virtual machine in Azure
            "169.254.0.0/16",  # link-local; clouds serve credentials here
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and the broadcast address
        ),
    )
)
"""IANA's special-purpose IPv4 networks, whatever the Python release knows of them."""

SPECIAL_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID and others
            "2001:db8::/32",  # documentation
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)
"""IANA's special-purpose networks within the global unicast addresses; 6to4 is looked into."""

GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA assigns for the public internet
NAT64 = IPv6Network("64:ff9b::/96")  # the last 32 bits are an IPv4 address (RFC 6052)


class NonPublicAddress(Exception):
    """At least one address of a host name is not public."""


def is_public(address: str) -> bool:
    """Return whether the IP `address` is public; one that wraps another is judged by both."""
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
    return not any(address in network for network in SPECIAL_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    if address not in GLOBAL_UNICAST or any(address in network for network in SPECIAL_V6):
        return False
    return address.sixtofour is None or _is_public_v4(address.sixtofour)


async def look_up_addresses(host: str, port: int) -> list[str]:
    """Return the addresses of `host` from the machine's own resolver, without duplicates."""
    loop = asyncio.get_running_loop()
    entries = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


class PublicResolver(AbstractResolver):
    """Resolve host names for aiohttp, which connects only to the addresses returned here.

    Args:
        allowed_hosts: `host:port` pairs that may have any address.
    """

    def __init__(
        self, allowed_hosts: Collection[str], lookup: AddressLookup = look_up_addresses
    ) -> None:
        self._allowed_hosts = allowed_hosts
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return all addresses of `host`.

        Raises:
            NonPublicAddress: at least one of them is not public.
            OSError: there is no such host.
        """
        addresses = await self._lookup(host, port)
        if not addresses:
            raise OSError(f"{host} has no address")
        is_allowed = host_and_port(host, port) in self._allowed_hosts
        if not is_allowed and not all(map(is_public, addresses)):
            raise NonPublicAddress(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Do nothing: no resource is held."""


def host_and_port(host: str, port: int) -> str:
    """Return `host:port` as settings write it."""
    return f"[{host}]:{port}" if ":" in host else f"{host.lower()}:{port}"
