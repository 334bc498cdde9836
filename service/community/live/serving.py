"""How a socket is opened with a ticket, served until it is closed, and told of errors."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

from sanic.exceptions import WebsocketClosed
from sanic.request import Request
from websockets.exceptions import ConnectionClosed

from service.accounts.sessions.refresh_cookie import is_own_origin
from service.community.live.sockets import Channel, LiveSocket
from service.community.live.tickets import LiveUser, redeem_ticket
from service.database.faults import is_database_fault
from service.errors import DomainError, Malformed, NotAllowed, Unavailable
from service.http.dependencies import get_container
from service.http.timeouts import PromptTimeoutProtocol

MakeSocket = Callable[[LiveUser, Channel], LiveSocket]
HandleMessage = Callable[[Request, LiveSocket, str | bytes], Awaitable[None]]


async def serve_socket(
    request: Request, ticket: str, make_socket: MakeSocket, handle: HandleMessage
) -> None:
    """Serve the socket of a ticket until it is closed.

    Args:
        make_socket: makes the socket of the ticket's user.
        handle: does what a message asks for; a domain error that it raises is sent to the client.

    Raises:
        Malformed: the client wants no socket.
        NotAllowed: `origin_foreign`.
        NotAuthenticated: `ticket_invalid`.
        TooMany: the user has too many sockets.
        Unavailable: the worker has too many, or nothing carries events.
    """
    services = get_container(request)
    _require_allowed_origin(request)
    services.live.require_broker()
    user = await redeem_ticket(ticket, services.now())
    services.live.admit(user)
    protocol = cast(PromptTimeoutProtocol, request.transport.get_protocol())
    channel = await protocol.websocket_handshake(request)
    await _serve(request, make_socket(user, cast(Channel, channel)), handle)
    channel.end_connection(1000)


def require_upgrade(request: Request) -> None:
    """Return if the client wants a socket. Raises Malformed."""
    if request.headers.get("upgrade", "").lower() != "websocket":
        raise Malformed("This address speaks WebSocket only.")


async def _serve(request: Request, socket: LiveSocket, handle: HandleMessage) -> None:
    """Answer what a client sends, until the socket is closed."""
    services = get_container(request)
    services.live.add(socket)
    services.job_feed.add(socket)
    sending = asyncio.create_task(_send(socket))
    try:
        # Sanic cancels the task of a socket that its client has closed.
        with suppress(asyncio.CancelledError, ConnectionClosed, WebsocketClosed):
            while (text := await socket.receive()) is not None:
                await _answer(request, socket, text, handle)
    finally:
        sending.cancel()
        services.job_feed.remove(socket)
        services.live.remove(socket)


async def _send(socket: LiveSocket) -> None:
    with suppress(ConnectionClosed, WebsocketClosed):  # the receiving side ends as well
        await socket.send_continuously()


async def _answer(
    request: Request, socket: LiveSocket, text: str | bytes, handle: HandleMessage
) -> None:
    """Do what a message asks for, or say why not."""
    try:
        await handle(request, socket, text)
    except DomainError as error:
        socket.push({"event": "error", "code": error.code, "detail": error.detail})
    except Exception as error:
        if not is_database_fault(error):
            raise
        unavailable = Unavailable("The database does not answer.", code="database_unavailable")
        socket.push({"event": "error", "code": unavailable.code, "detail": unavailable.detail})


def _require_allowed_origin(request: Request) -> None:
    """Return unless a page of a stranger opens the socket; other programs send no `Origin`.

    Raises:
        NotAllowed: `origin_foreign`.
    """
    origin = request.headers.get("origin")
    allowed = get_container(request).settings.cors_origins
    if origin is not None and origin not in allowed and not is_own_origin(request, origin):
        raise NotAllowed(
            "Pages of this origin may not open sockets; see CORS_ORIGINS.", code="origin_foreign"
        )
