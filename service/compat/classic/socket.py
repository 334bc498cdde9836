"""The socket of the service that has films under `/api/movies`: what happens is told in sentences.

The rooms are those of this service's own socket, so clients of both hear each other. Who speaks is
known from the ticket; a `user_id` in a message is ignored.
"""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
import structlog
from pydantic import BaseModel, Field
from sanic import Blueprint
from sanic.request import Request

from service.community.film_references import find_film_id
from service.community.live.messages import MAX_TEXT_LENGTH
from service.community.live.serving import require_upgrade, serve_socket
from service.community.live.sockets import LiveSocket
from service.community.reviews.models import Review
from service.compat.classic.messages import Message, to_message
from service.compat.errors import translate_errors
from service.compat.keys import LENIENT_CONFIG, read_parameters
from service.database.faults import is_database_fault
from service.errors import Conflict, Malformed, NotFound
from service.films.schemas import Text
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import validate

bp = Blueprint("classic_socket")
log = structlog.get_logger()

SOMEBODY = "somebody"
"""Who comes or goes while their profile is private."""

translate_errors(bp, to_message)


class ClassicSocketQuery(BaseModel):
    """The ticket that opens the socket."""

    model_config = LENIENT_CONFIG

    ticket: Annotated[
        str,
        Field(
            max_length=100,
            description="A ticket of `POST /api/v1/auth/ws-ticket`.",
            examples=["dGlja2V0LW9mLTQzLWNoYXJhY3RlcnMtYWx0b2dldGhlcg"],
        ),
    ] = ""


class ClassicSocketMessage(BaseModel):
    """What a client sends."""

    model_config = LENIENT_CONFIG

    event: Literal["join_notification", "leave_notification", "message", "new_review"]
    room_id: Annotated[str, Field(min_length=1, max_length=100)]
    message: Annotated[Text, Field(max_length=MAX_TEXT_LENGTH)] | None = None
    review_title: Annotated[Text, Field(max_length=MAX_TEXT_LENGTH)] | None = None


class ClassicSocket(LiveSocket):
    """A socket whose client is told in sentences, with the names that it gave its rooms."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._room_names: dict[str, str] = {}
        self._describing: set[asyncio.Task[None]] = set()

    def name_room(self, film_id: str, name: str) -> None:
        """Remember what the client calls the room of a film."""
        self._room_names[film_id] = name

    def push(self, event: dict[str, Any]) -> None:
        """Send an event in a sentence, if that service knows it."""
        if event["event"] == "new_review" and "review_title" not in event:
            task = asyncio.create_task(self._push_review(event))
            self._describing.add(task)
            task.add_done_callback(self._describing.discard)
        elif (sentence := self._describe(event)) is not None:
            super().push({"event": event["event"], "message": sentence})

    async def _push_review(self, event: dict[str, Any]) -> None:
        """Send that there is a review; one that has been hidden or deleted is not mentioned."""
        try:
            review = await Review.get_or_none(id=event["review_id"], hidden_at=None)
        except Exception as error:
            if not is_database_fault(error):
                raise
            log.warning("live_review_not_read", reason=repr(error)[:300])
            return
        if review is not None:
            self.push({**event, "review_title": review.title})

    def _describe(self, event: dict[str, Any]) -> str | None:
        room = self._room_names.get(event.get("room_id", ""), event.get("room_id"))
        user = self.user.username if event.get("own") else event.get("user") or SOMEBODY
        sentences = {
            "join_notification": f"User {user} has joined the room {room}",
            "leave_notification": f"User {user} has left the room {room}",
            "new_review": f"User {user} added a new review: {event.get('review_title')}",
            "message": event.get("text"),
            "error": event.get("detail"),
        }
        return sentences.get(event["event"])


@bp.get("/ws", name="open_classic_socket")
@operation(
    "Open a WebSocket for the events of that service: joins, leaves, messages, new reviews",
    query=ClassicSocketQuery,
    returns={101: None},
    errors=(400, 401, 403, 429, 503),
    error=Message,
)
async def open_classic_socket(request: Request) -> None:
    """Serve a socket until it is closed; an error before that is answered as on any route."""
    require_upgrade(request)
    ticket = read_parameters(request, ClassicSocketQuery).ticket
    await serve_socket(request, ticket, ClassicSocket, _handle)


open_classic_socket.is_websocket = True  # type: ignore[attr-defined]  # so that Sanic expects no response


async def _handle(request: Request, socket: LiveSocket, text: str | bytes) -> None:
    assert isinstance(socket, ClassicSocket)
    message, services = _parse_message(text), get_container(request)
    film_id = await find_film_id(message.room_id)
    socket.name_room(str(film_id), message.room_id)
    if message.event == "join_notification":
        film = await services.catalogue.get(str(film_id))
        await services.live.join(socket, film.id, film.review_count, None)
    elif message.event == "leave_notification":
        services.live.leave(socket, film_id)
        socket.push({"event": "leave_notification", "room_id": str(film_id), "own": True})
    elif message.event == "message":
        services.live.send_message(socket, film_id, message.message or "")
    else:
        review = await _find_own_review(request, socket, film_id)
        event = {"event": "new_review", "review_id": str(review.id), "user": socket.user.username}
        title = message.review_title or review.title
        services.live.publish(film_id, socket.user.user_id, {**event, "review_title": title})


def _parse_message(text: str | bytes) -> ClassicSocketMessage:
    """Return what a client sent. Raises Malformed, and Invalid."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Malformed("The message is not JSON.", code="malformed_json") from None
    if not isinstance(value, dict):
        raise Malformed("The message must be a JSON object.", code="malformed_json")
    return validate(ClassicSocketMessage, value, prefix="/")


async def _find_own_review(request: Request, socket: LiveSocket, film_id: UUID) -> Review:
    """Return the review of a film that the client may announce in its room.

    Raises:
        Conflict: `room_not_joined`.
        NotFound: `review_not_found`, the user has no review of the film, or a hidden one.
    """
    if str(film_id) not in socket.rooms:
        raise Conflict("Join the room first.", code="room_not_joined")
    reviews = get_container(request).reviews.find_own(socket.user.user_id)
    review = await reviews.get_or_none(film_id=film_id, hidden_at=None)
    if review is None:
        raise NotFound("You have no review of this film.", code="review_not_found")
    return review
