"""The HTTP routes of live events: a ticket, and the socket that it opens."""

import asyncio
from contextlib import suppress
from typing import Annotated, cast
from uuid import UUID

from pydantic import BaseModel, Field
from sanic import Blueprint
from sanic.exceptions import WebsocketClosed
from sanic.request import Request
from sanic.response import HTTPResponse
from websockets.exceptions import ConnectionClosed

from service.accounts.auth import require_session
from service.accounts.schemas import STRICT_CONFIG
from service.accounts.sessions.refresh_cookie import is_own_origin
from service.community.film_references import find_film_id
from service.community.live.broker import Position
from service.community.live.messages import ClientMessage, parse_message
from service.community.live.sockets import Channel, LiveSocket
from service.community.live.tickets import TICKET_LIFETIME, issue_ticket, redeem_ticket
from service.database.faults import is_database_fault
from service.errors import DomainError, Malformed, NotAllowed, Unavailable
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import read_query
from service.http.responses import NO_STORE, json_response
from service.http.timeouts import PromptTimeoutProtocol

bp = Blueprint("live", url_prefix="/api/v1")


class TicketView(BaseModel):
    """A ticket that opens one socket."""

    model_config = STRICT_CONFIG

    ticket: Annotated[
        str,
        Field(
            description="What `GET /ws` gets as `ticket`; it works once.",
            examples=["dGlja2V0LW9mLTQzLWNoYXJhY3RlcnMtYWx0b2dldGhlcg"],
        ),
    ]
    expires_in: Annotated[
        int, Field(description="Seconds within which it must be used.", examples=[30])
    ]


class SocketQuery(BaseModel):
    """The ticket that opens the socket."""

    model_config = STRICT_CONFIG

    ticket: Annotated[
        str,
        Field(
            min_length=1,
            max_length=100,
            description="A ticket of `POST /auth/ws-ticket`.",
            examples=["dGlja2V0LW9mLTQzLWNoYXJhY3RlcnMtYWx0b2dldGhlcg"],
        ),
    ]


@bp.post("/auth/ws-ticket", name="create_ws_ticket")
@operation(
    "Make a ticket that opens one socket for live events, within 30 seconds",
    returns={201: TicketView},
    errors=(409, 503),
    access="user",
)
async def create_ticket(request: Request) -> HTTPResponse:
    identity, services = await require_session(request), get_container(request)
    services.live.require_broker()
    ticket = await issue_ticket(identity, services.now())
    view = TicketView(ticket=ticket, expires_in=int(TICKET_LIFETIME.total_seconds()))
    return json_response(view, 201, NO_STORE)


@bp.get("/ws", name="open_socket")
@operation(
    "Open a WebSocket for live events: reviews and messages in rooms of films; for admins, jobs",
    query=SocketQuery,
    returns={101: None},
    errors=(400, 401, 403, 429, 503),
)
async def open_socket(request: Request) -> None:
    """Serve a socket until it is closed; an error before that is answered as on any route."""
    if request.headers.get("upgrade", "").lower() != "websocket":
        raise Malformed("This address speaks WebSocket only.")
    query, services = read_query(request, SocketQuery), get_container(request)
    _require_allowed_origin(request)
    services.live.require_broker()
    user = await redeem_ticket(query.ticket, services.now())
    services.live.admit(user)
    protocol = cast(PromptTimeoutProtocol, request.transport.get_protocol())
    channel = await protocol.websocket_handshake(request)
    socket = LiveSocket(user, cast(Channel, channel))
    await _serve(request, socket)
    channel.end_connection(1000)


open_socket.is_websocket = True  # type: ignore[attr-defined]  # so that Sanic expects no response


async def _serve(request: Request, socket: LiveSocket) -> None:
    """Answer what a client sends, until the socket is closed."""
    services = get_container(request)
    services.live.add(socket)
    services.job_feed.add(socket)
    sending = asyncio.create_task(_send(socket))
    try:
        # Sanic cancels the task of a socket that its client has closed.
        with suppress(asyncio.CancelledError, ConnectionClosed, WebsocketClosed):
            while (text := await socket.receive()) is not None:
                await _answer(request, socket, text)
    finally:
        sending.cancel()
        services.job_feed.remove(socket)
        services.live.remove(socket)


async def _send(socket: LiveSocket) -> None:
    with suppress(ConnectionClosed, WebsocketClosed):  # the receiving side ends as well
        await socket.send_continuously()


async def _answer(request: Request, socket: LiveSocket, text: str | bytes) -> None:
    """Do what a message asks for, or say why not."""
    try:
        message = parse_message(text)
        await _handle(request, socket, message, await find_film_id(message.room_id))
    except DomainError as error:
        socket.push({"event": "error", "code": error.code, "detail": error.detail})
    except Exception as error:
        if not is_database_fault(error):
            raise
        unavailable = Unavailable("The database does not answer.", code="database_unavailable")
        socket.push({"event": "error", "code": unavailable.code, "detail": unavailable.detail})


async def _handle(
    request: Request, socket: LiveSocket, message: ClientMessage, film_id: UUID
) -> None:
    services = get_container(request)
    if message.event == "leave_notification":
        services.live.leave(socket, film_id)
    elif message.event == "message":
        services.live.send_message(socket, film_id, message.require_text())
    else:
        film = await services.catalogue.get(str(film_id))
        since = None
        if message.epoch is not None and message.offset is not None:
            since = Position(message.epoch, message.offset)
        await services.live.join(socket, film.id, film.review_count, since)


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
