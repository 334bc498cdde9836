"""When the server looks at a request's deadline."""

from types import SimpleNamespace

from sanic.http.constants import Stage
from sanic.server.protocols.http_protocol import HttpProtocol, current_time

from service.http.timeouts import TIMEOUT_CHECK_INTERVAL, PromptTimeoutProtocol


class Handle:
    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.cancelled = False

    def cancel(self, *_: str) -> None:
        self.cancelled = True


def looked(kind: type[HttpProtocol], waited: float) -> tuple[list[Handle], Handle]:
    """The looks that are planned after one at a request that has waited so long, and its task."""
    planned: list[Handle] = []
    protocol = kind.__new__(kind)
    protocol.loop = SimpleNamespace(
        call_later=lambda delay, _: planned.append(Handle(delay)) or planned[-1]
    )
    protocol._task = Handle(0)
    protocol._time = current_time() - waited
    protocol._http = SimpleNamespace(stage=Stage.HANDLER, upgrade_websocket=False, exception=None)
    protocol._callback_check_timeouts = None
    protocol.keep_alive_timeout = protocol.request_timeout = protocol.response_timeout = 10
    protocol.check_timeouts()
    return [each for each in planned if not each.cancelled], protocol._task


def test_a_deadline_is_looked_at_more_often_than_sanic_does() -> None:
    assert [each.delay for each in looked(HttpProtocol, 3)[0]] == [5]
    assert [each.delay for each in looked(PromptTimeoutProtocol, 3)[0]] == [TIMEOUT_CHECK_INTERVAL]


def test_what_is_overdue_ends_and_is_not_looked_at_again() -> None:
    planned, task = looked(PromptTimeoutProtocol, 11)
    assert planned == [] and task.cancelled
