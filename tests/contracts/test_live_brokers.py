"""What carries live events: in memory, and through Redis."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from service.community.live.broker import (
    HISTORY_LENGTH,
    Broker,
    MemoryBroker,
    Position,
    RoomEvent,
)
from service.community.live.redis_broker import RedisBroker
from service.errors import Unavailable
from tests.support.backends import require_backend

pytestmark = pytest.mark.once


@pytest.fixture(params=["memory", "redis"])
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[Broker]:
    is_redis = request.param == "redis"
    broker = RedisBroker(require_backend("redis")) if is_redis else MemoryBroker()
    yield broker
    await broker.close()


@pytest.fixture
def room() -> str:
    return str(uuid.uuid4())


def offsets(events: tuple[RoomEvent, ...] | None) -> list[int] | None:
    return None if events is None else [e.position.offset for e in events if e.position]


async def test_events_are_counted_in_an_epoch_and_read_again(broker: Broker, room: str) -> None:
    start = await broker.read(room, None)
    assert (start.position.offset, start.missed) == (0, ())
    for number in range(3):
        await broker.publish(room, {"event": "message", "text": f'"{number}" ü'})
    state = await broker.read(room, Position(start.position.epoch, 1))
    assert state.position == Position(start.position.epoch, 3)
    assert offsets(state.missed) == [2, 3]
    assert state.missed is not None
    assert state.missed[0].event == {"event": "message", "text": '"1" ü'}
    assert offsets((await broker.read(room, state.position)).missed) == []


async def test_what_is_too_long_ago_or_of_another_epoch_is_not_known(
    broker: Broker, room: str
) -> None:
    start = (await broker.read(room, None)).position
    for number in range(HISTORY_LENGTH + 1):
        await broker.publish(room, {"event": "message", "text": str(number)})
    assert (await broker.read(room, start)).missed is None
    known = await broker.read(room, Position(start.epoch, 1))
    assert len(known.missed or ()) == HISTORY_LENGTH
    assert (await broker.read(room, Position("another", 1))).missed is None
    assert (await broker.read(room, Position(start.epoch, 10_000))).missed is None


async def test_followers_get_counted_events_in_order_and_announcements(
    broker: Broker, room: str
) -> None:
    received: asyncio.Queue[RoomEvent] = asyncio.Queue()
    connected = asyncio.Event()

    async def take(event: RoomEvent) -> None:
        if event.room == room:  # other tests share the channel
            received.put_nowait(event)

    async def note_connection() -> None:
        connected.set()

    following = asyncio.create_task(broker.follow(take, note_connection))
    async with asyncio.timeout(20):
        await connected.wait()
        for number in range(20):
            await broker.publish(room, {"event": "message", "text": str(number)})
        await broker.announce(room, {"event": "join_notification"})
        events = [await received.get() for _ in range(21)]
    following.cancel()
    assert offsets(tuple(events[:20])) == list(range(1, 21))
    assert (events[20].position, events[20].event) == (None, {"event": "join_notification"})


async def test_redis_that_does_not_answer_is_unavailable() -> None:
    broker = RedisBroker("redis://127.0.0.1:1/0")
    with pytest.raises(Unavailable):
        await broker.publish("room", {})
    with pytest.raises(Unavailable):
        await broker.read("room", None)
    await broker.close()
