"""The socket of the older service: events in sentences, at `/ws` and with a ticket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.support.members import Member, add_film
from tests.support.service_runner import ApiClient

TIMEOUT = 60


@asynccontextmanager
async def open_socket(member: Member, path: str = "/ws") -> AsyncIterator[ClientConnection]:
    ticket = (await member.send("POST", "/auth/ws-ticket")).json["ticket"]
    address = member.api.service.url.replace("http", "ws")
    async with connect(f"{address}{path}?ticket={ticket}", proxy=None) as socket:
        yield socket


async def send(socket: ClientConnection, event: str, room: object, **fields: object) -> None:
    await socket.send(json.dumps({"event": event, "room_id": room, **fields}))


async def receive(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(TIMEOUT):
        message: dict[str, Any] = json.loads(await socket.recv())
        return message


async def receive_sentence(socket: ClientConnection, event: str) -> str:
    """Return the sentence of the next event of this name, which has no other field."""
    while True:
        message = await receive(socket)
        if message["event"] == event:
            assert set(message) == {"event", "message"}
            return str(message["message"])


async def join(socket: ClientConnection, room: object) -> str:
    await send(socket, "join_notification", room, user_id="somebody-else")
    return await receive_sentence(socket, "join_notification")


async def write_review(member: Member, film_id: object, title: str) -> None:
    draft = {"title": title, "body": "Fine."}
    written = await member.send("POST", f"/movies/{film_id}/reviews", draft)
    assert written.status == 201, written.json


async def test_who_comes_and_goes_is_told_by_the_name_behind_the_ticket(api: ApiClient) -> None:
    film = await add_film(api)
    ada, bob = await Member.join(api), await Member.join(api)
    await bob.send("PATCH", "/me", {"profile": "public"})
    room = film["id"]
    async with open_socket(ada) as first, open_socket(bob) as second:
        assert await join(first, room) == f"User {ada.name} has joined the room {room}"
        await join(second, room)
        sentence = await receive_sentence(first, "join_notification")
        assert sentence == f"User {bob.name} has joined the room {room}"
        await send(second, "leave_notification", room)
        for socket in (first, second):
            sentence = await receive_sentence(socket, "leave_notification")
            assert sentence == f"User {bob.name} has left the room {room}"


async def test_a_user_with_a_private_profile_comes_unnamed(api: ApiClient) -> None:
    film = await add_film(api)
    ada, bob = await Member.join(api), await Member.join(api)
    async with open_socket(ada) as first, open_socket(bob) as second:
        await join(first, film["id"])
        await join(second, film["id"])
        sentence = await receive_sentence(first, "join_notification")
        assert sentence == f"User somebody has joined the room {film['id']}"


async def test_a_message_reaches_the_clients_of_both_sockets(api: ApiClient) -> None:
    film = await add_film(api)
    ada, bob = await Member.join(api), await Member.join(api)
    async with open_socket(ada) as classic, open_socket(bob, "/api/v1/ws") as native:
        await join(classic, film["id"])
        await send(native, "join_notification", film["id"])
        assert (await receive(native))["own"] is True
        await receive_sentence(classic, "join_notification")
        await send(classic, "message", film["id"], message='A "shark"!', user_id="bob")
        assert await receive_sentence(classic, "message") == 'A "shark"!'
        event = await receive(native)
        assert (event["event"], event["user"], event["text"]) == ("message", ada.name, 'A "shark"!')


async def test_a_new_review_is_told_with_its_title(api: ApiClient) -> None:
    film = await add_film(api)
    ada, bob = await Member.join(api), await Member.join(api)
    async with open_socket(bob) as socket:
        await join(socket, film["id"])
        await write_review(ada, film["id"], "Great sharks")
        sentence = await receive_sentence(socket, "new_review")
        assert sentence == f"User {ada.name} added a new review: Great sharks"


async def test_only_who_has_a_review_announces_one(api: ApiClient) -> None:
    film = await add_film(api)
    ada, bob = await Member.join(api), await Member.join(api)
    await write_review(ada, film["id"], "Stored title")
    async with open_socket(ada) as author, open_socket(bob) as other:
        await join(other, film["id"])
        await send(other, "new_review", film["id"], review_title="Mine", user_id=ada.name)
        assert await receive_sentence(other, "error") == "You have no review of this film."
        await send(author, "new_review", film["id"], review_title="Early")
        assert await receive_sentence(author, "error") == "Join the room first."
        await join(author, film["id"])
        await send(author, "new_review", film["id"], review_title="Great sharks")
        for socket in (author, other):
            sentence = await receive_sentence(socket, "new_review")
            assert sentence == f"User {ada.name} added a new review: Great sharks"


@pytest.mark.parametrize(
    "text",
    ["nonsense", "[]", '{"event": "dance", "room_id": "tt0073195"}', '{"event": "message"}'],
)
async def test_a_wrong_message_is_answered_with_a_sentence(api: ApiClient, text: str) -> None:
    async with open_socket(await Member.join(api)) as socket:
        await socket.send(text)
        assert await receive_sentence(socket, "error")


async def test_a_film_that_is_not_there_has_no_room(api: ApiClient) -> None:
    async with open_socket(await Member.join(api)) as socket:
        await send(socket, "join_notification", "17")
        assert await receive_sentence(socket, "error") == "The catalogue has no such film."


async def test_without_a_ticket_there_is_no_socket(api: ApiClient) -> None:
    address = api.service.url.replace("http", "ws")
    for query in ("", "?ticket=wrong", "?token=x"):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{address}/ws{query}", proxy=None):
                pass
        assert refused.value.response.status_code == 401
        assert set(json.loads(refused.value.response.body or b"")) == {"message"}
    plain = await api.get("/ws")
    assert (plain.status, set(plain.json)) == (400, {"message"})
