"""The HTTP routes of live events: a ticket, and the socket that it opens."""

from typing import Annotated

from pydantic import BaseModel, Field
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_session
from service.accounts.schemas import STRICT_CONFIG
from service.community.film_references import find_film_id
from service.community.live.broker import Position
from service.community.live.messages import parse_message
from service.community.live.serving import require_upgrade, serve_socket
from service.community.live.sockets import LiveSocket
from service.community.live.tickets import TICKET_LIFETIME, issue_ticket
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import read_query
from service.http.responses import NO_STORE, json_response

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
    require_upgrade(request)
    ticket = read_query(request, SocketQuery).ticket
    await serve_socket(request, ticket, LiveSocket, _handle)


open_socket.is_websocket = True  # type: ignore[attr-defined]  # so that Sanic expects no response


async def _handle(request: Request, socket: LiveSocket, text: str | bytes) -> None:
    message, services = parse_message(text), get_container(request)
    film_id = await find_film_id(message.room_id)
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
