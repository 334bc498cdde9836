"""The rooms and sockets of one worker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tortoise.expressions import F

from service.accounts.models import Session
from service.clock import utc_now
from service.community.blocks.service import Blocks
from service.community.live.broker import MemoryBroker, Position, RoomEvent
from service.community.live.hub import LiveHub
from service.community.live.sockets import MAX_QUEUED, MAX_ROOMS, LiveSocket
from service.community.live.tickets import LiveUser
from service.errors import Conflict, TooMany
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, Provenance
from tests.support.accounts import AccountActions
from tests.support.recorded_channel import RecordedChannel
from tests.support.waiting import wait_until


async def eventually(condition: Callable[[], bool]) -> None:
    async def check() -> bool:
        return condition()

    assert await wait_until(check)


class Rig:
    """A hub with sockets whose channels tests look at."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.hub = LiveHub(self.broker, utc_now)
        self.tasks: list[asyncio.Task[None]] = [asyncio.create_task(self.hub.run())]

    def open(
        self, name: str = "ada", *, reads: bool = True, user: LiveUser | None = None
    ) -> tuple[LiveSocket, RecordedChannel]:
        channel = RecordedChannel(reads=reads)
        socket = LiveSocket(user or LiveUser(uuid4(), uuid4(), name, None), channel)
        self.hub.add(socket)
        self.tasks.append(asyncio.create_task(socket.send_continuously()))
        return socket, channel

    async def publish(self, film_id: UUID, count: int = 1) -> None:
        for number in range(count):
            self.hub.publish(film_id, uuid4(), {"event": "message", "text": str(number)})


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    while rig.broker._on_event is None:  # the hub does not follow the broker yet
        await asyncio.sleep(0)
    yield rig
    for task in rig.tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*rig.tasks)


async def add_film(catalogue: Catalogue) -> Film:
    return await catalogue.upsert(FilmFacts(title=uuid4().hex), Provenance(source="user"))


async def test_a_client_that_does_not_read_is_disconnected_and_holds_up_nobody(rig: Rig) -> None:
    film_id = uuid4()
    slow, slow_channel = rig.open(reads=False)
    fast, fast_channel = rig.open("bob")
    for socket in (slow, fast):
        await rig.hub.join(socket, film_id, 0, None)
    await rig.publish(film_id, MAX_QUEUED // 2)
    await eventually(lambda: fast_channel.names().count("message") == MAX_QUEUED // 2)
    assert slow_channel.close_code is None
    await rig.publish(film_id, MAX_QUEUED // 2 + 1)
    await eventually(lambda: fast_channel.names().count("message") == MAX_QUEUED + 1)
    assert (slow_channel.close_code, fast_channel.close_code) == (1013, None)


async def test_a_user_has_a_limited_number_of_sockets_and_a_socket_of_rooms(rig: Rig) -> None:
    user = LiveUser(uuid4(), uuid4(), "ada", None)
    for _ in range(10):
        rig.hub.admit(user)
        socket, _ = rig.open(user=user)
    with pytest.raises(TooMany):
        rig.hub.admit(user)
    rig.hub.admit(LiveUser(uuid4(), uuid4(), "bob", None))
    for _ in range(MAX_ROOMS):
        await rig.hub.join(socket, uuid4(), 0, None)
    with pytest.raises(Conflict):
        await rig.hub.join(socket, uuid4(), 0, None)
    rig.hub.remove(socket)
    rig.hub.admit(user)


async def test_a_gap_is_filled_from_the_history_and_an_unknown_past_is_a_resync(rig: Rig) -> None:
    film_id = uuid4()
    socket, channel = rig.open()
    await rig.hub.join(socket, film_id, 0, None)
    deliver = rig.broker._on_event
    assert deliver is not None

    async def lose(_: RoomEvent) -> None:
        pass

    rig.broker._on_event = lose
    for number in range(3):
        await rig.broker.publish(str(film_id), {"event": "message", "text": str(number)})
    rig.broker._on_event = deliver
    await rig.broker.publish(str(film_id), {"event": "message", "text": "3"})
    await eventually(lambda: channel.names().count("message") == 4)
    assert [e["offset"] for e in channel.events if e["event"] == "message"] == [1, 2, 3, 4]
    await deliver(RoomEvent(str(film_id), Position("new", 1), {"event": "message"}))
    assert "resync" not in channel.names()  # the room has nothing that is not delivered yet
    rig.broker._rooms.clear()
    rig.broker._positions.clear()
    await rig.broker.publish(str(film_id), {"event": "message", "text": "5"})
    await eventually(lambda: "resync" in channel.names())
    assert channel.events[-1]["epoch"] != channel.events[0]["epoch"]


async def test_a_review_of_which_no_event_told_is_a_resync(rig: Rig, catalogue: Catalogue) -> None:
    film = await add_film(catalogue)
    socket, channel = rig.open()
    await rig.hub.join(socket, film.id, film.review_count, None)
    await Film.filter(id=film.id).update(review_count=F("review_count") + 1)
    rig.hub.publish(film.id, uuid4(), {"event": "new_review"})
    await eventually(lambda: "new_review" in channel.names())
    for _ in range(3):
        await rig.hub._watch_rooms([str(film.id)])
    assert "resync" not in channel.names()
    await Film.filter(id=film.id).update(review_count=F("review_count") + 1)
    await rig.hub._watch_rooms([str(film.id)])
    assert "resync" not in channel.names()  # its event may be on the way
    await rig.hub._watch_rooms([str(film.id)])
    await eventually(lambda: channel.names().count("resync") == 1)
    await rig.hub._watch_rooms([str(film.id)])
    assert channel.names().count("resync") == 1


async def test_the_room_of_a_deleted_film_is_closed(rig: Rig, catalogue: Catalogue) -> None:
    film = await add_film(catalogue)
    socket, channel = rig.open()
    await rig.hub.join(socket, film.id, 0, None)
    await catalogue.delete(str(film.id), None)
    await rig.hub._watch_rooms([str(film.id)])
    await eventually(lambda: "resync" in channel.names())
    assert channel.events[-1]["epoch"] is None
    assert socket.rooms == set()


async def test_nobody_hears_of_a_user_whom_they_block(rig: Rig) -> None:
    film_id, author = uuid4(), uuid4()
    blocking = LiveUser(uuid4(), uuid4(), "ada", None, frozenset({str(author)}))
    socket, channel = rig.open(user=blocking)
    await rig.hub.join(socket, film_id, 0, None)
    rig.hub.publish(film_id, author, {"event": "message", "text": "blocked"})
    rig.hub.publish(film_id, uuid4(), {"event": "message", "text": "heard"})
    await eventually(lambda: "message" in channel.names())
    [message] = [event for event in channel.events if event["event"] == "message"]
    assert (message["text"], message["offset"]) == ("heard", 2)
    assert "sender_id" not in message


async def test_a_block_counts_for_sockets_that_are_open(
    rig: Rig, users: AccountActions, catalogue: Catalogue
) -> None:
    reader, author = await users.create_user("ada"), await users.create_user("bob")
    film_id, blocks = (await add_film(catalogue)).id, Blocks(utc_now)
    await users.log_in("ada")
    await Session.all().update(expires_at=utc_now() + timedelta(hours=1))
    session = await Session.get(user_id=reader.id)
    socket, channel = rig.open(user=LiveUser(reader.id, session.id, "ada", None))
    await rig.hub.join(socket, film_id, 0, None)

    async def say(text: str) -> None:
        rig.hub.publish(film_id, author.id, {"event": "message", "text": text})
        rig.hub.publish(film_id, uuid4(), {"event": "message", "text": f"after {text}"})

        def is_heard() -> bool:
            return any(event.get("text") == f"after {text}" for event in channel.events)

        await eventually(is_heard)

    for text, change in (("one", blocks.add), ("two", blocks.remove), ("three", None)):
        await say(text)
        if change is not None:
            await change(reader.id, "bob")
        await rig.hub.watch()
    texts = [event["text"] for event in channel.events if event["event"] == "message"]
    assert texts == ["one", "after one", "after two", "three", "after three"]
