"""What carries events of rooms between processes.

Each room has an epoch and counts its events up from 1. A client that comes back names the epoch and
the offset of the last event that it has seen. As long as the room's history reaches back that far,
it gets what it missed; else it must read anew what the room is about.
"""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

HISTORY_LENGTH = 100  # events of a room
MAX_REMEMBERED_ROOMS = 10_000  # in memory; the room that was unused for longest is forgotten

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the events of a room: `offset` events have happened in this epoch."""

    epoch: str
    offset: int


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """An event of a room. One without a position is not counted: who comes and goes."""

    room: str
    position: Position | None
    event: Event


@dataclass(frozen=True, slots=True)
class RoomState:
    """Where a room is, and what has happened since a position; None if that is not known."""

    position: Position
    missed: tuple[RoomEvent, ...] | None = ()


EventHandler = Callable[[RoomEvent], Awaitable[None]]
ConnectHandler = Callable[[], Awaitable[None]]


class Broker(Protocol):
    """Carries events to the handler of every process, this one too."""

    async def publish(self, room: str, event: Event) -> None:
        """Count an event and send it. Raises Unavailable."""

    async def announce(self, room: str, event: Event) -> None:
        """Send an event that is not counted. Raises Unavailable."""

    async def read(self, room: str, since: Position | None) -> RoomState:
        """Return where a room is, and what has happened since. Raises Unavailable."""

    async def follow(self, on_event: EventHandler, on_connect: ConnectHandler) -> None:
        """Hand over events for as long as the process runs.

        Args:
            on_connect: called whenever events begin to arrive; some may have been lost before.
        """

    async def close(self) -> None:
        """Close connections; safe to repeat."""


class MemoryBroker:
    """Rooms in the memory of the only API worker."""

    def __init__(self) -> None:
        self._rooms: OrderedDict[str, deque[RoomEvent]] = OrderedDict()
        self._positions: dict[str, Position] = {}
        self._on_event: EventHandler | None = None

    async def publish(self, room: str, event: Event) -> None:
        history = self._open(room)
        position = self._positions[room]
        position = self._positions[room] = Position(position.epoch, position.offset + 1)
        room_event = RoomEvent(room, position, event)
        history.append(room_event)
        if self._on_event is not None:
            await self._on_event(room_event)

    async def announce(self, room: str, event: Event) -> None:
        if self._on_event is not None:
            await self._on_event(RoomEvent(room, None, event))

    async def read(self, room: str, since: Position | None) -> RoomState:
        history = self._open(room)
        return RoomState(
            self._positions[room], select_missed(self._positions[room], tuple(history), since)
        )

    async def follow(self, on_event: EventHandler, on_connect: ConnectHandler) -> None:
        self._on_event = on_event
        await on_connect()

    async def close(self) -> None:
        self._on_event = None

    def _open(self, room: str) -> deque[RoomEvent]:
        """Return the history of a room, which begins with a new epoch if it is not known."""
        if room not in self._rooms:
            self._rooms[room] = deque(maxlen=HISTORY_LENGTH)
            self._positions[room] = Position(create_epoch(), 0)
            if len(self._rooms) > MAX_REMEMBERED_ROOMS:
                forgotten, _ = self._rooms.popitem(last=False)
                del self._positions[forgotten]
        self._rooms.move_to_end(room)
        return self._rooms[room]


def create_epoch() -> str:
    """Return the name of a new epoch."""
    return uuid4().hex[:16]


def select_missed(
    position: Position, history: tuple[RoomEvent, ...], since: Position | None
) -> tuple[RoomEvent, ...] | None:
    """Return the events since a position, none without one; None if some are not known any more."""
    if since is None:
        return ()
    if since.epoch != position.epoch or not 0 <= since.offset <= position.offset:
        return None
    missed = tuple(e for e in history if e.position and e.position.offset > since.offset)
    return missed if len(missed) == position.offset - since.offset else None
