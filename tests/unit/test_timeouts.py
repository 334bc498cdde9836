"""When the server checks the timeouts of a request."""

from types import SimpleNamespace

from sanic.http.constants import Stage
from sanic.server.protocols.http_protocol import HttpProtocol, current_time

from service.http.timeouts import TIMEOUT_CHECK_INTERVAL, PromptTimeoutProtocol


class Handle:
    """A scheduled call or a task that can be cancelled."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.cancelled = False

    def cancel(self, *_: str) -> None:
        self.cancelled = True


def check_once(protocol_class: type[HttpProtocol], elapsed: float) -> tuple[list[Handle], Handle]:
    """Check a request of age `elapsed` once; return the checks then scheduled, and its task."""
    scheduled: list[Handle] = []
    protocol = protocol_class.__new__(protocol_class)
    protocol.loop = SimpleNamespace(
        call_later=lambda delay, _: scheduled.append(Handle(delay)) or scheduled[-1]
    )
    protocol._task = Handle(0)
    protocol._time = current_time() - elapsed
    protocol._http = SimpleNamespace(stage=Stage.HANDLER, upgrade_websocket=False, exception=None)
    protocol._callback_check_timeouts = None
    protocol.keep_alive_timeout = protocol.request_timeout = protocol.response_timeout = 10
    protocol.check_timeouts()
    return [handle for handle in scheduled if not handle.cancelled], protocol._task


def test_timeouts_are_checked_more_often_than_by_sanic() -> None:
    assert [handle.delay for handle in check_once(HttpProtocol, 3)[0]] == [5]
    delays = [handle.delay for handle in check_once(PromptTimeoutProtocol, 3)[0]]
    assert delays == [TIMEOUT_CHECK_INTERVAL]


def test_an_overdue_request_is_cancelled_and_not_checked_again() -> None:
    scheduled, task = check_once(PromptTimeoutProtocol, 11)
    assert scheduled == [] and task.cancelled
