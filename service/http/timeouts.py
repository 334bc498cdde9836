"""A server that keeps its deadlines to half a second.

Sanic looks at a connection's deadlines every half of the shortest of them, so that a request which
should end after ten seconds may take fifteen. Here they are looked at twice a second.
"""

from sanic.server.protocols.http_protocol import HttpProtocol

TIMEOUT_CHECK_INTERVAL = 0.5  # seconds between two looks


class PromptTimeoutProtocol(HttpProtocol):
    """Sanic's protocol, looking more often."""

    def check_timeouts(self) -> None:
        previous = self._callback_check_timeouts
        super().check_timeouts()  # type: ignore[no-untyped-call]  # Sanic leaves this one untyped
        scheduled = self._callback_check_timeouts
        if scheduled is not None and scheduled is not previous:  # else the connection is over
            scheduled.cancel()
            self._callback_check_timeouts = self.loop.call_later(
                TIMEOUT_CHECK_INTERVAL, self.check_timeouts
            )
