"""An HTTP protocol whose timeouts are accurate to half a second.

Sanic checks a connection's timeouts at intervals of half the shortest of them, so a request with a
timeout of ten seconds may take fifteen. This protocol checks them twice a second.
"""

from sanic.server.protocols.http_protocol import HttpProtocol

TIMEOUT_CHECK_INTERVAL = 0.5  # seconds


class PromptTimeoutProtocol(HttpProtocol):
    """Sanic's protocol with a shorter interval between timeout checks."""

    def check_timeouts(self) -> None:
        """Check the timeouts and schedule the next check."""
        previous = self._callback_check_timeouts
        super().check_timeouts()  # type: ignore[no-untyped-call]  # Sanic leaves this one untyped
        scheduled = self._callback_check_timeouts
        if scheduled is not None and scheduled is not previous:  # else the connection is closed
            scheduled.cancel()
            self._callback_check_timeouts = self.loop.call_later(
                TIMEOUT_CHECK_INTERVAL, self.check_timeouts
            )
