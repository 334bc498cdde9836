"""When the server ends a request that arrives or is answered too slowly."""

import asyncio
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from sanic.exceptions import RequestTimeout, ServiceUnavailable
from sanic.http.constants import Stage

from service.http.timeouts import (
    CLOSE_DELAY,
    TIMEOUT_CHECK_INTERVAL,
    PromptTimeoutProtocol,
    TransferRate,
)
from service.limits import BODY_TIMEOUT, HEAD_TIMEOUT, MIN_TRANSFER_RATE, TRANSFER_RATE_WINDOW

TIMEOUT = 10


class Handle:
    """A scheduled call or a task that can be cancelled."""

    def __init__(self, delay: float = 0) -> None:
        self.delay = delay
        self.cancelled = False

    def cancel(self, *_: str) -> None:
        self.cancelled = True


def make_protocol(stage: Stage, *, body: object = None, stream: bool = False) -> Any:
    """Return a protocol in this stage of its first request, without a connection."""
    protocol: Any = PromptTimeoutProtocol.__new__(PromptTimeoutProtocol)
    scheduled: list[Handle] = []
    protocol.loop = SimpleNamespace(
        call_later=lambda delay, _: scheduled.append(Handle(delay)) or scheduled[-1],
        scheduled=scheduled,
    )
    route = SimpleNamespace(extra=SimpleNamespace(stream=stream))
    protocol._upload_rate = TransferRate(MIN_TRANSFER_RATE, TRANSFER_RATE_WINDOW)
    protocol._read_rate = TransferRate(MIN_TRANSFER_RATE, TRANSFER_RATE_WINDOW)
    protocol.reset_phase()
    protocol.websocket = None
    protocol._task = Handle()
    protocol._time = monotonic()
    protocol._http = SimpleNamespace(
        stage=stage,
        exception=None,
        request_body=body,
        request=SimpleNamespace(route=route),
    )
    protocol._data_received = asyncio.Event()
    protocol._callback_check_timeouts = None
    protocol.transport = None
    protocol.keep_alive_timeout = 120
    protocol.request_timeout = protocol.response_timeout = TIMEOUT
    return protocol


def pass_time(protocol: Any, seconds: float, *, received: int = 0) -> None:
    """Let a request grow older by `seconds`; what it sends in that time comes at the end."""
    protocol._time -= seconds
    protocol._phase_began -= seconds
    protocol._upload_rate._started_at -= seconds
    protocol._read_rate._started_at -= seconds
    if received:
        protocol._time = monotonic()
        protocol._received_bytes += received


def error_of(protocol: Any) -> type[Exception] | None:
    """Check the timeouts once; return the error of a request that is ended."""
    protocol.check_timeouts()
    return type(protocol._http.exception) if protocol._task.cancelled else None


def test_timeouts_are_checked_twice_a_second_until_the_request_is_ended() -> None:
    protocol = make_protocol(Stage.HANDLER)
    assert error_of(protocol) is None
    assert [handle.delay for handle in protocol.loop.scheduled] == [TIMEOUT_CHECK_INTERVAL]
    pass_time(protocol, TIMEOUT + 1)
    assert error_of(protocol) is ServiceUnavailable
    assert [handle.delay for handle in protocol.loop.scheduled[1:]] == [CLOSE_DELAY]


@pytest.mark.parametrize(
    ("stage", "body", "error"),
    [
        (Stage.REQUEST, None, RequestTimeout),
        (Stage.HANDLER, True, RequestTimeout),
        (Stage.HANDLER, "chunked", RequestTimeout),
        (Stage.IDLE, True, RequestTimeout),
        (Stage.HANDLER, None, ServiceUnavailable),
        (Stage.RESPONSE, None, ServiceUnavailable),
    ],
)
def test_a_request_that_stalls_is_ended_with_the_error_of_its_phase(
    stage: Stage, body: object, error: type[Exception]
) -> None:
    protocol = make_protocol(stage, body=body)
    assert error_of(protocol) is None
    pass_time(protocol, TIMEOUT + 1)
    assert error_of(protocol) is error


@pytest.mark.parametrize(
    ("stage", "body", "limit"),
    [(Stage.REQUEST, None, HEAD_TIMEOUT), (Stage.HANDLER, True, BODY_TIMEOUT)],
)
def test_a_dripping_request_is_ended_within_thirty_seconds(
    stage: Stage, body: object, limit: float
) -> None:
    protocol = make_protocol(stage, body=body)
    seconds = 0
    while error_of(protocol) is None:
        seconds += 1
        pass_time(protocol, 1, received=1)
    assert limit <= seconds <= limit + 1 < 30
    assert type(protocol._http.exception) is RequestTimeout


def test_an_upload_may_take_long_but_not_fall_below_its_rate() -> None:
    protocol = make_protocol(Stage.HANDLER, body=True, stream=True)
    enough = int(MIN_TRANSFER_RATE * TRANSFER_RATE_WINDOW)
    for _ in range(20):
        assert error_of(protocol) is None
        pass_time(protocol, TRANSFER_RATE_WINDOW, received=enough)
    assert error_of(protocol) is None
    pass_time(protocol, TRANSFER_RATE_WINDOW, received=enough - 1)
    assert error_of(protocol) is RequestTimeout


def test_an_upload_that_waits_for_its_handler_is_not_slow() -> None:
    protocol = make_protocol(Stage.HANDLER, body=True, stream=True)
    assert error_of(protocol) is None
    protocol._data_received.set()
    pass_time(protocol, TRANSFER_RATE_WINDOW, received=1)
    assert error_of(protocol) is None


def test_each_request_of_a_connection_has_its_own_time() -> None:
    protocol = make_protocol(Stage.HANDLER)
    for _ in range(4):
        protocol._http.request = SimpleNamespace()
        assert error_of(protocol) is None
        pass_time(protocol, TIMEOUT - 1, received=100)


def test_an_idle_connection_is_closed_without_a_response() -> None:
    protocol = make_protocol(Stage.IDLE)
    assert error_of(protocol) is None
    pass_time(protocol, 119)
    assert error_of(protocol) is None
    pass_time(protocol, 2)
    protocol.check_timeouts()
    assert protocol._task.cancelled and protocol._http.exception is None
