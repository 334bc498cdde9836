"""One open socket: its queue of what is to be sent, its rooms, and how much its client may send."""

import asyncio
import time
from collections import deque
from typing import Any, Protocol
from uuid import uuid4

import orjson

from service.community.live.tickets import LiveUser

MAX_QUEUED = 100  # messages that the client has not taken yet
MAX_ROOMS = 20  # of one socket
MAX_RECEIVED, RECEIVE_WINDOW = 20, 10.0  # messages that a client sends in these seconds

POLICY_VIOLATION, TRY_AGAIN_LATER, SESSION_OVER = 1008, 1013, 4401
"""Codes with which a socket is closed; the last one is ours: log in again."""


class Channel(Protocol):
    """The connection of a socket."""

    async def send(self, message: str) -> None: ...
    async def recv(self) -> str | bytes | None: ...
    def fail_connection(self, code: int, reason: str) -> bool: ...


class LiveSocket:
    """A socket of a user.

    A client that reads too slowly is disconnected instead of holding up others: what is sent waits
    in a bounded queue.
    """

    def __init__(self, user: LiveUser, channel: Channel) -> None:
        self.id = uuid4().hex
        self.user = user
        self.rooms: set[str] = set()
        self._channel = channel
        self._queue: asyncio.Queue[str] = asyncio.Queue(MAX_QUEUED)
        self._received: deque[float] = deque(maxlen=MAX_RECEIVED)
        self.is_closed = False

    def push(self, event: dict[str, Any]) -> None:
        """Send an event as soon as the client has taken what came before."""
        if self.is_closed:
            return
        try:
            self._queue.put_nowait(orjson.dumps(event).decode())
        except asyncio.QueueFull:
            self.close(TRY_AGAIN_LATER, "the client reads too slowly")

    def close(self, code: int, reason: str) -> None:
        """Close the socket for a reason."""
        if not self.is_closed:
            self.is_closed = True
            self._channel.fail_connection(code, reason)

    async def send_continuously(self) -> None:
        """Send what is pushed, for as long as the socket is open."""
        while not self.is_closed:
            await self._channel.send(await self._queue.get())

    async def receive(self) -> str | bytes | None:
        """Return the next message of the client, or None once the socket is closed."""
        message = await self._channel.recv()
        now = time.monotonic()
        if len(self._received) == MAX_RECEIVED and now - self._received[0] < RECEIVE_WINDOW:
            self.close(POLICY_VIOLATION, "too many messages")
        self._received.append(now)
        return None if self.is_closed else message
