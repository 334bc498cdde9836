"""An HTTP protocol that ends slow and stalled requests and responses in time.

Sanic starts its timeouts anew with every byte, so a client that sends or reads one byte every few
seconds holds a connection for good, and it answers 503 to a body that stops arriving. This protocol
limits the whole head and the whole body as well, answers 408 to both, wants a minimum rate of
uploads and of clients that read a response, and checks twice a second.
"""

from time import monotonic
from typing import Any

import structlog
from sanic.exceptions import RequestTimeout, SanicException, ServiceUnavailable
from sanic.http.constants import Stage
from sanic.server.protocols.websocket_protocol import WebSocketProtocol

from service.http.connections import ConnectionCap
from service.http.heads import SafeHttp
from service.limits import (
    BODY_TIMEOUT,
    HEAD_TIMEOUT,
    MAX_SOCKET_MESSAGE_BYTES,
    MIN_TRANSFER_RATE,
    SOCKET_CLOSE_TIMEOUT,
    SOCKET_PING_INTERVAL,
    SOCKET_PING_TIMEOUT,
    TRANSFER_RATE_WINDOW,
)

log = structlog.get_logger()

TIMEOUT_CHECK_INTERVAL = 0.5  # seconds
CLOSE_DELAY = 1.0  # seconds in which a client can read why its request was refused


class TransferRate:
    """Measures whether one side of a connection keeps up with `min_rate`.

    Args:
        min_rate: bytes a second.
        window: seconds over which the rate is averaged.
    """

    __slots__ = ("_bytes", "_min_bytes", "_started_at", "_window")

    def __init__(self, min_rate: float, window: float) -> None:
        self._min_bytes, self._window = min_rate * window, window
        self.start(0.0, 0)

    def start(self, now: float, total_bytes: int) -> None:
        """Begin to measure, `total_bytes` having been transferred so far."""
        self._started_at, self._bytes = now, total_bytes

    def is_too_low(self, now: float, total_bytes: int) -> bool:
        """Return whether a window has ended with too few bytes; the next one begins with it."""
        if now - self._started_at < self._window:
            return False
        transferred = total_bytes - self._bytes
        self.start(now, total_bytes)
        return transferred < self._min_bytes


class PromptTimeoutProtocol(WebSocketProtocol):
    """Sanic's protocol with timeouts for whole heads and bodies, and minimum rates.

    They end with the handshake of a websocket, which one route makes: pings then tell whether the
    client is there, and its queue whether it reads.

    Args:
        min_rate: bytes a second of an upload, and of a client that reads a response.
        rate_window: seconds over which that rate is averaged.
        connection_cap: how many connections a network may have open; None for any number.
    """

    HTTP_CLASS = SafeHttp

    __slots__ = (
        "_address",
        "_connection_cap",
        "_phase",
        "_phase_began",
        "_phase_request",
        "_read_rate",
        "_received_bytes",
        "_sent_bytes",
        "_upload_rate",
    )

    def __init__(
        self,
        *,
        min_rate: float = MIN_TRANSFER_RATE,
        rate_window: float = TRANSFER_RATE_WINDOW,
        connection_cap: ConnectionCap | None = None,
        **options: Any,
    ) -> None:
        self._upload_rate = TransferRate(min_rate, rate_window)
        self._read_rate = TransferRate(min_rate, rate_window)
        self._connection_cap = connection_cap
        self._address: str | None = None
        self.reset_phase()
        super().__init__(
            websocket_timeout=SOCKET_CLOSE_TIMEOUT,
            websocket_max_size=MAX_SOCKET_MESSAGE_BYTES,
            websocket_ping_interval=SOCKET_PING_INTERVAL,
            websocket_ping_timeout=SOCKET_PING_TIMEOUT,
            **options,
        )

    def reset_phase(self) -> None:
        """Forget what the connection was doing, and for which of its requests."""
        self._phase, self._phase_request = "", None
        self._phase_began = 0.0
        self._received_bytes = self._sent_bytes = 0

    def connection_made(self, transport: Any) -> None:
        """Begin with a connection, or close it at once if its network has too many."""
        if self._connection_cap is not None:
            peer = transport.get_extra_info("peername")
            address = str(peer[0]) if peer else ""
            if not self._connection_cap.add(address):
                transport.abort()
                return
            self._address = address
        super().connection_made(transport)  # type: ignore[no-untyped-call]  # Sanic is untyped

    def connection_lost(self, exc: Exception | None) -> None:
        """End with a connection."""
        if self._connection_cap is not None:
            if self._address is None:  # it was refused
                return
            self._connection_cap.remove(self._address)
        super().connection_lost(exc)  # type: ignore[no-untyped-call]  # Sanic is untyped

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        self._received_bytes += len(data)
        super().data_received(data)  # type: ignore[no-untyped-call]  # Sanic is untyped

    async def send(self, data: bytes) -> None:
        """Send a part of a response, once the client has read enough of what came before."""
        await super().send(data)  # type: ignore[no-untyped-call]  # Sanic is untyped
        self._sent_bytes += len(data)

    def check_timeouts(self) -> None:
        """Check the timeouts and schedule the next check; end a request that is too slow."""
        if not self._task or self.websocket is not None:
            return
        phase = self._current_phase()
        now = monotonic()
        request = getattr(self._http, "request", None)  # Sanic sets it with the first bytes
        if phase != self._phase or request is not self._phase_request:
            self._phase, self._phase_request = phase, request
            self._phase_began = self._time
            self._upload_rate.start(now, self._received_bytes)
        if self._is_slow_reader(now):
            log.info("slow_reader_ended", sent_bytes=self._sent_bytes)
            self.abort()  # type: ignore[no-untyped-call]  # an error could not be read either
            return
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
        if phase == "body" and not self._is_upload():
            is_late = silence > self.request_timeout or duration > BODY_TIMEOUT
            return is_late, RequestTimeout("Request Timeout")
        if phase == "body" and not self._data_received.is_set():  # the handler wants more
            is_slow = self._upload_rate.is_too_low(now, self._received_bytes)
            return silence > self.request_timeout or is_slow, RequestTimeout("Request Timeout")
        self._upload_rate.start(now, self._received_bytes)  # the client waits for the handler
        waited = duration if phase == "handler" else silence
        return waited > self.response_timeout, ServiceUnavailable("Response Timeout")

    def _is_upload(self) -> bool:
        """Return whether the body goes to its handler piece by piece, so that it may be long."""
        route = self._http.request.route
        return route is not None and bool(route.extra.stream)

    def _is_slow_reader(self, now: float) -> bool:
        """Return whether the client takes what was sent to it too slowly."""
        waiting_bytes = self.transport.get_write_buffer_size() if self.transport else 0
        taken_bytes = self._sent_bytes - waiting_bytes
        if waiting_bytes == 0:  # the client waits for the service
            self._read_rate.start(now, taken_bytes)
        return self._read_rate.is_too_low(now, taken_bytes)
