"""How many connections one client network may keep open, so that it cannot use up descriptors."""

from collections import Counter
from collections.abc import Callable

import structlog

from service.addresses import client_network, parse_address
from service.limits import MAX_CONNECTIONS_PER_NETWORK

log = structlog.get_logger()

PROXY_ADVICE = "if it is a proxy of yours, set TRUSTED_PROXIES"


def is_loopback(address: str) -> bool:
    """Return whether `address` is of this machine, or no address, as of a Unix socket."""
    parsed = parse_address(address)
    return parsed is None or parsed.is_loopback


class ConnectionCap:
    """Counts the open connections of each IPv4 address or IPv6 /64, in one process.

    Args:
        max_connections: at once, from one network.
        is_exempt: whether an address may open any number.
    """

    def __init__(
        self,
        max_connections: int = MAX_CONNECTIONS_PER_NETWORK,
        is_exempt: Callable[[str], bool] = is_loopback,
    ) -> None:
        self._max_connections, self._is_exempt = max_connections, is_exempt
        self._open: Counter[str] = Counter()
        self._refused: set[str] = set()

    def add(self, address: str) -> bool:
        """Count a connection; return whether it may stay open."""
        if self._is_exempt(address):
            return True
        network = client_network(address)
        if self._open[network] >= self._max_connections:
            if network not in self._refused:  # one line, however many connections follow
                self._refused.add(network)
                log.warning("connections_refused", network=network, advice=PROXY_ADVICE)
            return False
        self._open[network] += 1
        return True

    def remove(self, address: str) -> None:
        """Forget a connection that was counted and has ended."""
        if self._is_exempt(address):
            return
        network = client_network(address)
        self._open[network] -= 1
        if self._open[network] <= 0:
            del self._open[network]
            self._refused.discard(network)
