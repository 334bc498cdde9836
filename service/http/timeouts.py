"""A server that keeps its deadlines to half a second.

Sanic looks at a connection's deadlines every half of the shortest of them, so that a request which
should end after ten seconds may take fifteen. Here they are looked at twice a second.
"""

from sanic.server.protocols.http_protocol import HttpProtocol

LOOK = 0.5  # seconds between two looks


class PunctualProtocol(HttpProtocol):
    """Sanic's protocol, looking more often."""

    def check_timeouts(self) -> None:
        last = self._callback_check_timeouts
        super().check_timeouts()  # type: ignore[no-untyped-call]  # Sanic leaves this one untyped
        planned = self._callback_check_timeouts
        if planned is not None and planned is not last:  # else the connection is over
            planned.cancel()
            self._callback_check_timeouts = self.loop.call_later(LOOK, self.check_timeouts)
