"""Where a request comes from: the client's address, or this machine itself."""

import re

from sanic.request import Request

from service.addresses import client_network, parse_address
from service.observability.metrics import PROXY_HEADER

FORWARDING_HEADERS = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
)
"""A proxy adds at least one of them to a request that it hands on."""

_LOCAL_HOST = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?", re.IGNORECASE)


def get_client_address(request: Request) -> str:
    """Return the client's address; a proxy is believed only as `TRUSTED_PROXIES` allows."""
    address = parse_address(request.client_ip or "")
    text = str(address) if address else (request.client_ip or "unknown")[:100]
    return _make_storable(text)


def read_user_agent(request: Request) -> str | None:
    """Return what the client says of itself, as text that can be stored."""
    text = request.headers.get("user-agent") or None
    return text and _make_storable(text)


def get_client_network(request: Request) -> str:
    """Return the network that the client controls: what limits count by."""
    return client_network(request.client_ip or "unknown")


def is_direct_local(request: Request) -> bool:
    """Return whether a client on this machine sent the request, through no proxy."""
    peer = parse_address(request.ip)
    is_loopback = peer is not None and peer.is_loopback
    return is_loopback and not any(name in request.headers for name in FORWARDING_HEADERS)


def is_local_and_named_so(request: Request) -> bool:
    """Return whether the request is direct and local, and asks for a local host by name.

    A page of a stranger in a browser on this machine can reach the service under its own host name
    (DNS rebinding), and then is no local client.
    """
    return is_direct_local(request) and bool(_LOCAL_HOST.fullmatch(request.headers.get("host", "")))


def is_proxied_unexpectedly(request: Request) -> bool:
    """Return whether a proxy of the operator's network hands requests on.

    The header of a client with a public address says nothing: anyone can send it.
    """
    peer = parse_address(request.ip)
    return PROXY_HEADER in request.headers and peer is not None and not peer.is_global


def _make_storable(text: str) -> str:
    """Return a text of a header without what UTF-8 cannot encode."""
    return text.encode(errors="replace").decode()
