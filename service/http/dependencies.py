"""How a handler reaches the container that `service.server.container` built for this process."""

from typing import TYPE_CHECKING, cast

from sanic.request import Request

if TYPE_CHECKING:
    from service.server.container import Container


def get_container(request: Request) -> "Container":
    """Return the container of this process."""
    return cast("Container", request.app.ctx.container)
