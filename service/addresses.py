"""Addresses of clients, as sockets and proxies write them, and the networks that one client has."""

import ipaddress
import re
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

CLIENT_PREFIX_V6 = (
    64  # bits: a home or an office has a network of that size, and all addresses in it
)
MAX_CACHED_ADDRESSES = 500
MAX_UNKNOWN_LENGTH = 100  # characters of a text that is no address
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([^:]*):\d+")


@lru_cache(maxsize=MAX_CACHED_ADDRESSES)  # each request of a client asks more than once
def parse_address(text: str) -> Address | None:
    """Return the IP address in `text`, or None; brackets, a port and a zone are left out.

    An IPv4 address in IPv6 form is the IPv4 address.
    """
    text = text.strip()
    if match := _WITH_PORT.fullmatch(text):
        text = match[1] or match[2] or ""
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


def client_network(text: str) -> str:
    """Return the addresses that one client controls: one IPv4 address, or a /64 of IPv6."""
    parsed = parse_address(text)
    if parsed is None:
        return text[:MAX_UNKNOWN_LENGTH]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((parsed, CLIENT_PREFIX_V6), strict=False))
