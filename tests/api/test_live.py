"""Live events over a WebSocket, with a client of another make."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from service.community.live.sockets import MAX_RECEIVED
from tests.support.members import Member, add_film
from tests.support.service_runner import ADMIN, ApiClient

TIMEOUT = 60


async def create_ticket(member: Member) -> str:
    response = await member.send("POST", "/auth/ws-ticket")
    assert response.status == 201, response.json
    assert response.json["expires_in"] == 30
    return str(response.json["ticket"])


def socket_url(api: ApiClient, ticket: str) -> str:
    return f"{api.service.url.replace('http', 'ws')}/api/v1/ws?ticket={ticket}"


@asynccontextmanager
async def open_socket(member: Member, **options: Any) -> AsyncIterator[ClientConnection]:
    url = socket_url(member.api, await create_ticket(member))
    async with connect(url, proxy=None, **options) as socket:
        yield socket


async def send(socket: ClientConnection, event: str, room: object, **fields: object) -> None:
    await socket.send(json.dumps({"event": event, "room_id": room, **fields}))


async def receive(socket: ClientConnection, event: str) -> dict[str, Any]:
    """Return the next event of this name; skip others."""
    async with asyncio.timeout(TIMEOUT):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["event"] == event:
                return message


async def join(socket: ClientConnection, room: object, **fields: object) -> dict[str, Any]:
    await send(socket, "join_notification", room, **fields)
    joined = await receive(socket, "join_notification")
    while not joined.get("own"):
        joined = await receive(socket, "join_notification")
    return joined


async def expect_close(socket: ClientConnection) -> int:
    """Return the code with which the service closes a socket."""
    async with asyncio.timeout(TIMEOUT):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code


async def refused_status(url: str, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, proxy=None, **options):
            pass
    return refused.value.response.status_code


async def test_members_of_a_room_get_numbered_messages_and_notices(api: ApiClient) -> None:
    film = await add_film(api)
    ada, bob = await Member.join(api), await Member.join(api)
    await bob.send("PATCH", "/me", {"profile": "public"})
    async with open_socket(ada) as first, open_socket(bob) as second:
        joined = await join(first, film["id"])
        assert (joined["room_id"], joined["offset"], joined["reviews"]) == (film["id"], 0, 0)
        await join(second, film["id"])
        notice = await receive(first, "join_notification")
        assert (notice["user"], "own" in notice) == (bob.name, False)
        for text in ("Good?", "Very."):
            await send(first, "message", film["id"], text=text)
        for socket in (first, second):
            for offset, text in enumerate(("Good?", "Very."), start=1):
                message = await receive(socket, "message")
                assert (message["text"], message["user"]) == (text, ada.name)
                assert (message["epoch"], message["offset"]) == (joined["epoch"], offset)
        await send(second, "leave_notification", film["id"])
        left = await receive(first, "leave_notification")
        assert left == {
            "event": "leave_notification",
            "room_id": film["id"],
            "user": bob.name,
        }


async def test_who_comes_back_gets_what_was_missed_or_resync(api: ApiClient) -> None:
    film, member = await add_film(api), await Member.join(api)
    async with open_socket(member) as socket, open_socket(member) as other:
        joined = await join(socket, film["id"])
        for number in range(3):
            await send(socket, "message", film["id"], text=f"Number {number}")
            await receive(socket, "message")
        position = {"epoch": joined["epoch"], "offset": 1}
        assert (await join(other, film["id"], **position))["offset"] == 3
        texts = [(await receive(other, "message"))["text"] for _ in range(2)]
        assert texts == ["Number 1", "Number 2"]
        for unknown in ({"epoch": "other", "offset": 1}, {"epoch": joined["epoch"], "offset": 9}):
            await join(other, film["id"], **unknown)
            resync = await receive(other, "resync")
            assert (resync["epoch"], resync["offset"]) == (joined["epoch"], 3)


async def test_a_ticket_opens_one_socket(api: ApiClient) -> None:
    member = await Member.join(api)
    ticket = await create_ticket(member)
    async with connect(socket_url(api, ticket), proxy=None):
        assert await refused_status(socket_url(api, ticket)) == 401
    assert await refused_status(socket_url(api, "unknown")) == 401
    unused = await create_ticket(member)
    assert (await member.send("POST", "/auth/logout")).status == 204
    assert await refused_status(socket_url(api, unused)) == 401
    assert (await api.request("POST", "/api/v1/auth/ws-ticket")).status == 401


async def test_a_page_of_a_stranger_opens_no_socket(api: ApiClient) -> None:
    member = await Member.join(api)
    foreign = socket_url(api, await create_ticket(member))
    assert await refused_status(foreign, origin="https://strangers.example") == 403
    async with open_socket(member, origin=api.service.url) as socket:
        await join(socket, "tt0073195")


async def test_a_request_that_is_no_websocket_is_answered_as_any_other(api: ApiClient) -> None:
    response = await api.get("/api/v1/ws?ticket=x")
    assert (response.status, response.json["code"]) == (400, "malformed")
    elsewhere = await api.get(
        "/api/v1/status", headers={"Upgrade": "websocket", "Connection": "Upgrade"}
    )
    assert elsewhere.status == 200


async def test_a_wrong_message_is_answered_with_an_error(api: ApiClient) -> None:
    film, member = await add_film(api), await Member.join(api)
    wrong = [
        ("{", "malformed_json"),
        ("[]", "invalid"),
        (json.dumps({"event": "shout", "room_id": "x"}), "invalid"),
        (json.dumps({"event": "join_notification", "room_id": "tt000000000"}), "movie_not_found"),
        (json.dumps({"event": "message", "room_id": film["id"], "text": "x"}), "room_not_joined"),
        (
            json.dumps({"event": "join_notification", "room_id": film["id"], "user": "root"}),
            "invalid",
        ),
    ]
    async with open_socket(member) as socket:
        for text, code in wrong:
            await socket.send(text)
            assert (await receive(socket, "error"))["code"] == code, text
        await join(socket, film["id"])


async def test_a_client_that_sends_too_much_is_disconnected(api: ApiClient) -> None:
    film, member = await add_film(api), await Member.join(api)
    async with open_socket(member) as socket:
        await join(socket, film["id"])
        with suppress(ConnectionClosed):  # it is closed at the last one
            for _ in range(MAX_RECEIVED):
                await send(socket, "message", film["id"], text="again")
        assert await expect_close(socket) == 1008
    async with open_socket(member) as socket:
        await socket.send("x" * 5_000)
        assert await expect_close(socket) == 1009


async def test_a_user_opens_a_limited_number_of_sockets(api: ApiClient) -> None:
    member = await Member.join(api)
    async with AsyncExitStack() as stack:
        for _ in range(10):
            socket = await stack.enter_async_context(open_socket(member))
            await join(socket, "tt0073195")
        assert await refused_status(socket_url(api, await create_ticket(member))) == 429


async def test_a_new_review_is_heard_in_the_room_of_its_film(api: ApiClient) -> None:
    film, ada, bob = await add_film(api), await Member.join(api), await Member.join(api)
    async with open_socket(bob) as socket:
        await join(socket, film["id"])
        draft = {"title": "Sharp", "body": "It *bites*.", "score": 9}
        review = await ada.send("POST", f"/movies/{film['id']}/reviews", draft)
        assert review.status == 201, review.json
        heard = await receive(socket, "new_review")
        assert (heard["review_id"], heard["user"]) == (review.json["id"], ada.name)
        assert heard["offset"] == 1
    async with open_socket(bob) as socket:
        assert (await join(socket, film["id"]))["reviews"] == 1


async def test_the_sockets_of_a_session_that_is_over_are_closed(api: ApiClient) -> None:
    member = await Member.join(api)
    async with open_socket(member) as socket:
        await join(socket, "tt0073195")
        assert (await member.send("POST", "/auth/logout")).status == 204
        assert await expect_close(socket) == 4401


async def test_admins_alone_hear_how_a_rebuild_goes_on(api: ApiClient) -> None:
    admin, user = Member(api, ADMIN[0], await api.admin_token()), await Member.join(api)
    async with open_socket(admin) as socket, open_socket(user) as other:
        filed = await admin.send("POST", "/admin/reindex")
        assert filed.status == 202, filed.json
        job: dict[str, Any] = {}
        while job.get("id") != filed.json["id"] or job["finished_at"] is None:
            job = (await receive(socket, "job_progress"))["job"]
        shown = await admin.get(f"/admin/reindex/{job['id']}")
        assert job["state"] == "done" and job.keys() == shown.keys()
        assert (job["index_name"], job["done"]) == (shown["index_name"], shown["done"])
        await send(other, "join_notification", "nothing")
        assert json.loads(await other.recv())["event"] == "error"  # nothing came before it
