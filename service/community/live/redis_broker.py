"""Rooms in Redis, for several API workers and machines; each worker has one subscriber."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from service.community.live.broker import (
    HISTORY_LENGTH,
    ConnectHandler,
    Event,
    EventHandler,
    Position,
    RoomEvent,
    RoomState,
    create_epoch,
    select_missed,
)
from service.errors import Unavailable
from service.limits import LIVE_CONNECTIONS, LIVE_RECONNECT_INTERVAL, LIVE_TIMEOUT

log = structlog.get_logger()

T = TypeVar("T")

CHANNEL = "movies:live"
KEY_PREFIX = "movies:live:"
ROOM_LIFETIME = 86_400  # seconds after its last event; then it begins with a new epoch
PING_INTERVAL = 5.0  # seconds without events after which the connection is tried

_PUBLISH = f"""
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1])
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local offset = redis.call('HINCRBY', KEYS[1], 'offset', 1)
local item = '["' .. ARGV[2] .. '","' .. epoch .. '",' .. offset .. ',' .. ARGV[3] .. ']'
redis.call('RPUSH', KEYS[2], item)
redis.call('LTRIM', KEYS[2], -{HISTORY_LENGTH}, -1)
redis.call('EXPIRE', KEYS[1], {ROOM_LIFETIME})
redis.call('EXPIRE', KEYS[2], {ROOM_LIFETIME})
redis.call('PUBLISH', '{CHANNEL}', item)
"""
_READ = f"""
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1])
redis.call('EXPIRE', KEYS[1], {ROOM_LIFETIME})
return {{redis.call('HGET', KEYS[1], 'epoch'), redis.call('HGET', KEYS[1], 'offset') or '0',
         redis.call('LRANGE', KEYS[2], 0, -1)}}
"""


class RedisBroker:
    """Carries events through Redis."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                url,
                max_connections=LIVE_CONNECTIONS,
                timeout=LIVE_TIMEOUT,
                socket_timeout=LIVE_TIMEOUT,
                socket_connect_timeout=LIVE_TIMEOUT,
                retry=Retry(NoBackoff(), 0),
            )
        )

    async def publish(self, room: str, event: Event) -> None:
        keys, text = _room_keys(room), orjson.dumps(event)
        await self._call(lambda: self._eval(_PUBLISH, keys, create_epoch(), room, text))

    async def announce(self, room: str, event: Event) -> None:
        item = orjson.dumps([room, None, 0, event])
        await self._call(lambda: self._redis.publish(CHANNEL, item))

    async def read(self, room: str, since: Position | None) -> RoomState:
        reply = await self._call(lambda: self._eval(_READ, _room_keys(room), create_epoch()))
        epoch, offset, items = reply
        position = Position(epoch.decode(), int(offset))
        history = tuple(map(parse_item, items))
        return RoomState(position, select_missed(position, history, since))

    async def follow(self, on_event: EventHandler, on_connect: ConnectHandler) -> None:
        while True:
            try:
                await self._follow_once(on_event, on_connect)
            except (RedisError, OSError, TimeoutError, Unavailable) as error:
                log.warning("live_redis_lost", reason=repr(error)[:300])
            await asyncio.sleep(LIVE_RECONNECT_INTERVAL)

    async def _follow_once(self, on_event: EventHandler, on_connect: ConnectHandler) -> None:
        """Hand over events until the connection breaks."""
        async with (
            Redis.from_url(
                self._url, socket_connect_timeout=LIVE_TIMEOUT, retry=Retry(NoBackoff(), 0)
            ) as redis,
            redis.pubsub() as subscription,
        ):
            async with asyncio.timeout(LIVE_TIMEOUT):
                await subscription.subscribe(CHANNEL)
                await subscription.get_message(timeout=LIVE_TIMEOUT)  # it is confirmed
            await on_connect()
            await _hand_over(subscription, on_event)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _eval(self, script: str, keys: tuple[str, str], *values: str | bytes) -> Any:
        return await self._redis.eval(script, len(keys), *keys, *values)

    async def _call(self, command: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(LIVE_TIMEOUT):
                return await command()
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(f"Redis does not answer: {error!r}"[:300]) from None


async def _hand_over(subscription: PubSub, on_event: EventHandler) -> None:
    """Hand over events. Raises TimeoutError if Redis does not answer any more."""
    is_pinged = False
    while True:
        message = await subscription.get_message(timeout=PING_INTERVAL)
        if message is not None:
            is_pinged = False
            if message["type"] == "message":
                await _hand_over_item(message["data"], on_event)
        elif is_pinged:
            raise TimeoutError
        else:
            await subscription.ping()
            is_pinged = True


async def _hand_over_item(item: bytes, on_event: EventHandler) -> None:
    try:
        event = parse_item(item)
    except ValueError:  # it is not ours
        log.warning("live_event_unreadable", size=len(item))
        return
    await on_event(event)


def parse_item(item: bytes) -> RoomEvent:
    """Return the event that an item of the history or of the channel describes."""
    room, epoch, offset, event = orjson.loads(item)
    return RoomEvent(room, Position(epoch, offset) if epoch else None, event)


def _room_keys(room: str) -> tuple[str, str]:
    return f"{KEY_PREFIX}{room}:state", f"{KEY_PREFIX}{room}:history"
