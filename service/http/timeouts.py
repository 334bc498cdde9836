"""An HTTP protocol that ends slow and stalled requests in time.

Sanic starts its timeouts anew with every byte, so a client that sends one byte every few seconds
holds a connection for good, and it answers 503 to a body that stops arriving. This protocol limits
the whole head and the whole body as well, answers 408 to both, and checks twice a second.
"""

from time import monotonic
from typing import Any

from sanic.exceptions import RequestTimeout, SanicException, ServiceUnavailable
from sanic.http.constants import Stage
from sanic.server.protocols.http_protocol import HttpProtocol

from service.http.heads import SafeHttp
from service.limits import BODY_TIMEOUT, HEAD_TIMEOUT, MIN_UPLOAD_RATE, UPLOAD_RATE_WINDOW

TIMEOUT_CHECK_INTERVAL = 0.5  # seconds
CLOSE_DELAY = 1.0  # seconds in which a client can read why its request was refused


class PromptTimeoutProtocol(HttpProtocol):
    """Sanic's protocol with timeouts for whole heads and bodies."""

    HTTP_CLASS = SafeHttp

    __slots__ = (
        "_phase",
        "_phase_began",
        "_phase_request",
        "_received_bytes",
        "_window_began",
        "_window_bytes",
    )

    def __init__(self, **options: Any) -> None:
        self.reset_phase()
        super().__init__(**options)

    def reset_phase(self) -> None:
        """Forget what the connection was doing, and for which of its requests."""
        self._phase, self._phase_request = "", None
        self._phase_began = self._window_began = 0.0
        self._received_bytes = self._window_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        self._received_bytes += len(data)
        super().data_received(data)

    def check_timeouts(self) -> None:
        """Check the timeouts and schedule the next check; end a request that is too slow."""
        if not self._task:
            return
        phase = self._current_phase()
        if phase == "websocket":
            return
        now = monotonic()
        request = getattr(self._http, "request", None)  # Sanic sets it with the first bytes
        if phase != self._phase or request is not self._phase_request:
            self._phase, self._phase_request = phase, request
            self._phase_began = self._time
            self._start_window(now)
        is_late, error = self._check_phase(phase, now)
        if not is_late:
            self._callback_check_timeouts = self.loop.call_later(
                TIMEOUT_CHECK_INTERVAL, self.check_timeouts
            )
            return
        self._http.exception = error
        self._task.cancel()
        self.loop.call_later(CLOSE_DELAY, self.close)  # else it would wait for the rest of the body

    def _current_phase(self) -> str:
        stage = self._http.stage
        if stage is Stage.HANDLER and self._http.upgrade_websocket:
            return "websocket"
        if stage in (Stage.HANDLER, Stage.IDLE) and getattr(self._http, "request_body", None):
            return "body"
        return {Stage.IDLE: "idle", Stage.REQUEST: "head", Stage.HANDLER: "handler"}.get(
            stage, "response"
        )

    def _check_phase(self, phase: str, now: float) -> tuple[bool, SanicException | None]:
        """Return whether the phase takes too long, and the error to answer with."""
        silence, duration = now - self._time, now - self._phase_began
        if phase == "idle":
            return silence > self.keep_alive_timeout, None
        if phase == "head":
            is_late = silence > self.request_timeout or duration > HEAD_TIMEOUT
            return is_late, RequestTimeout("Request Timeout")
        if phase == "body":
            is_slow = self._is_slow_upload(now) if self._is_upload() else duration > BODY_TIMEOUT
            return silence > self.request_timeout or is_slow, RequestTimeout("Request Timeout")
        waited = duration if phase == "handler" else silence
        return waited > self.response_timeout, ServiceUnavailable("Response Timeout")

    def _is_upload(self) -> bool:
        """Return whether the body goes to its handler piece by piece, so that it may be long."""
        route = self._http.request.route
        return route is not None and bool(route.extra.stream)

    def _is_slow_upload(self, now: float) -> bool:
        if self.recv_buffer:  # the client waits for the handler, not the other way round
            self._start_window(now)
        if now - self._window_began < UPLOAD_RATE_WINDOW:
            return False
        received = self._received_bytes - self._window_bytes
        self._start_window(now)
        return received < MIN_UPLOAD_RATE * UPLOAD_RATE_WINDOW

    def _start_window(self, now: float) -> None:
        self._window_began, self._window_bytes = now, self._received_bytes
