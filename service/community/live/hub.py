"""The rooms and sockets of one API worker.

What happens in a room comes from the broker, also what this worker publishes itself. A room's
members get every counted event once and in order, or `resync`: then they must read the film anew.
That is so because

- a gap between two offsets, or a new connection of the broker, has the worker read what it missed;
- what could not be published is published later;
- a worker that was killed in between is found out by the number of reviews in the film's row.
"""

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from service.community.live.broker import Broker, Event, Position, RoomEvent
from service.community.live.sockets import MAX_ROOMS, SESSION_OVER, LiveSocket
from service.community.live.tickets import LiveUser, find_blocked, find_live_sessions
from service.database.faults import is_database_error, is_database_fault
from service.errors import Conflict, DomainError, TooMany, Unavailable
from service.films.models import Film
from service.observability.metrics import LIVE_SOCKETS
from service.resilience.backoff import backoff

log = structlog.get_logger()

MAX_SOCKETS = 5_000  # of one worker
MAX_SOCKETS_OF_USER = 10  # in one worker
MAX_ANNOUNCED_MEMBERS = 50  # of a room in one worker; a larger one does not announce who comes
MAX_UNPUBLISHED = 10_000  # events
INITIAL_BACKOFF, MAX_BACKOFF = 0.2, 5.0  # seconds between two attempts to publish
WATCHED_AT_ONCE = 500  # rooms
WATCH_INTERVAL = 5.0  # seconds between two looks at sessions and at numbers of reviews
GOING_AWAY = 1001
SENDER = "sender_id"
INTERNAL = (SENDER, "socket")
"""Fields of events that no client sees."""


@dataclass(slots=True)
class Membership:
    """What a member of a room has got: everything up to a position; before that, events wait."""

    position: Position | None = None
    waiting: list[RoomEvent] = field(default_factory=list)


@dataclass(slots=True)
class Room:
    """A room with members in this worker.

    `reviews` is how many the film has, as far as members know; `suspected` is a higher number that
    the film's row had at the last look.
    """

    members: dict[LiveSocket, Membership] = field(default_factory=dict)
    position: Position | None = None
    reviews: int | None = None
    suspected: int | None = None


class LiveHub:
    """Joins sockets and rooms.

    Args:
        broker: carries events; None if there are several workers and nothing to connect them.
        now: the clock, aware UTC.
        watch_interval: seconds between two looks at the database.
    """

    def __init__(
        self,
        broker: Broker | None,
        now: Callable[[], datetime],
        watch_interval: float = WATCH_INTERVAL,
    ) -> None:
        self._broker = broker
        self._now = now
        self._watch_interval = watch_interval
        self._rooms: dict[str, Room] = {}
        self._sockets: set[LiveSocket] = set()
        self._sockets_of: Counter[UUID] = Counter()
        self._unpublished: deque[tuple[str, Event, bool]] = deque(maxlen=MAX_UNPUBLISHED)
        self._has_unpublished = asyncio.Event()

    async def run(self) -> None:
        """Carry events and watch the database, for as long as the process runs."""
        if self._broker is None:
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._broker.follow(self._deliver, self._catch_up_all))
            tasks.create_task(self._publish_continuously(self._broker))
            tasks.create_task(self._watch_continuously())

    def close_sockets(self) -> None:
        """Close every socket, since the process stops."""
        for socket in list(self._sockets):
            socket.close(GOING_AWAY, "the service stops")

    async def close(self) -> None:
        """Close every socket, and the broker."""
        self.close_sockets()
        if self._broker is not None:
            await self._broker.close()

    def admit(self, user: LiveUser) -> None:
        """Return if the user may open another socket here.

        Raises:
            TooMany: the user has too many.
            Unavailable: `too_busy`, the worker has too many.
        """
        if self._sockets_of[user.user_id] >= MAX_SOCKETS_OF_USER:
            raise TooMany(f"At most {MAX_SOCKETS_OF_USER} sockets are open for a user.")
        if len(self._sockets) >= MAX_SOCKETS:
            raise Unavailable("There are too many sockets.", code="too_busy", retry_after=5)

    def require_broker(self) -> Broker:
        """Return what carries events.

        Raises:
            Unavailable: `live_needs_redis`.
        """
        if self._broker is None:
            raise Unavailable(
                "Several API workers need Redis in CACHE_URL for live events.",
                code="live_needs_redis",
            )
        return self._broker

    def add(self, socket: LiveSocket) -> None:
        """Count an open socket."""
        self._sockets.add(socket)
        self._sockets_of[socket.user.user_id] += 1
        LIVE_SOCKETS.set(len(self._sockets))

    def remove(self, socket: LiveSocket) -> None:
        """Forget a socket that is closed, in its rooms as well."""
        for room_id in list(socket.rooms):
            self._leave_room(socket, room_id)
        self._sockets.discard(socket)
        self._sockets_of[socket.user.user_id] -= 1
        if self._sockets_of[socket.user.user_id] <= 0:
            del self._sockets_of[socket.user.user_id]
        LIVE_SOCKETS.set(len(self._sockets))

    def publish(self, film_id: UUID, sender_id: UUID, event: Event) -> None:
        """Have the members of a film's room, in all workers, get an event of a user soon."""
        if self._broker is not None:
            self._enqueue(str(film_id), {**event, SENDER: str(sender_id)}, is_counted=True)

    async def join(
        self, socket: LiveSocket, film_id: UUID, reviews: int, since: Position | None
    ) -> None:
        """Make a socket a member of a film's room, and send what it missed since a position.

        Args:
            reviews: how many the film's row says that it has.

        Raises:
            Conflict: `limit_reached`.
            Unavailable: Redis does not answer.
        """
        room_id = str(film_id)
        if room_id not in socket.rooms and len(socket.rooms) >= MAX_ROOMS:
            raise Conflict(f"A socket joins at most {MAX_ROOMS} rooms.", code="limit_reached")
        room = self._rooms.setdefault(room_id, Room(reviews=reviews))
        membership = room.members[socket] = Membership()
        socket.rooms.add(room_id)
        try:
            state = await self.require_broker().read(room_id, since)
        except DomainError:
            self._forget_member(socket, room_id)
            raise
        room.position = room.position or state.position
        socket.push(
            {**_describe_notice("join_notification", room_id, socket.user), "own": True}
            | _describe_position(state.position)
            | {"reviews": reviews}
        )
        if state.missed is None:
            socket.push(_describe_resync(room_id, state.position))
        for event in state.missed or ():
            _push(socket, event)
        membership.position = state.position
        for event in membership.waiting:
            _offer(socket, membership, event)
        membership.waiting.clear()
        self._announce("join_notification", socket, room_id, len(room.members))

    def leave(self, socket: LiveSocket, film_id: UUID) -> None:
        """End the membership of a socket in a film's room."""
        self._leave_room(socket, str(film_id))

    def send_message(self, socket: LiveSocket, film_id: UUID, text: str) -> None:
        """Have the members of a film's room get a message of the user.

        Raises:
            Conflict: `room_not_joined`.
        """
        if str(film_id) not in socket.rooms:
            raise Conflict("Join the room first.", code="room_not_joined")
        sent_at = self._now().isoformat()
        event = {"event": "message", "user": socket.user.username, "text": text}
        self.publish(film_id, socket.user.user_id, {**event, "sent_at": sent_at})

    def _leave_room(self, socket: LiveSocket, room_id: str) -> None:
        room = self._rooms.get(room_id)
        if room is not None and socket in room.members:
            members = len(room.members)
            self._forget_member(socket, room_id)
            self._announce("leave_notification", socket, room_id, members)

    def _forget_member(self, socket: LiveSocket, room_id: str) -> None:
        socket.rooms.discard(room_id)
        room = self._rooms[room_id]
        room.members.pop(socket, None)
        if not room.members:
            del self._rooms[room_id]

    def _announce(self, name: str, socket: LiveSocket, room_id: str, members: int) -> None:
        """Tell the members of a room who comes or goes, unless it is large."""
        if members <= MAX_ANNOUNCED_MEMBERS:
            notice = _describe_notice(name, room_id, socket.user)
            origin = {"socket": socket.id, SENDER: str(socket.user.user_id)}
            self._enqueue(room_id, notice | origin, is_counted=False)

    def _enqueue(self, room_id: str, event: Event, *, is_counted: bool) -> None:
        self._unpublished.append((room_id, event, is_counted))
        self._has_unpublished.set()

    async def _publish_continuously(self, broker: Broker) -> None:
        """Publish events in their order; a counted one is tried until it has been published."""
        while True:
            await self._has_unpublished.wait()
            while self._unpublished:
                await self._publish_one(broker, *self._unpublished.popleft())
            self._has_unpublished.clear()

    async def _publish_one(
        self, broker: Broker, room_id: str, event: Event, is_counted: bool
    ) -> None:
        for attempt in itertools.count(1):
            try:
                if is_counted:
                    return await broker.publish(room_id, event)
                return await broker.announce(room_id, event)
            except Unavailable:
                if not is_counted:
                    return None
                await asyncio.sleep(min(backoff(attempt, INITIAL_BACKOFF), MAX_BACKOFF))
        return None

    async def _deliver(self, event: RoomEvent) -> None:
        """Give an event to the members of its room."""
        room = self._rooms.get(event.room)
        if room is None:
            return
        if event.position is None:
            for socket in list(room.members):
                if socket.id != event.event.get("socket"):
                    _push(socket, event)
        elif room.position is None:  # its first member is just joining
            self._offer_all(room, event)
        elif is_next(event.position, room.position):
            room.position = event.position
            self._offer_all(room, event)
        elif not is_known(event.position, room.position):
            await self._catch_up(event.room, room)

    def _offer_all(self, room: Room, event: RoomEvent) -> None:
        if event.event.get("event") == "new_review" and room.reviews is not None:
            room.reviews += 1
        for socket, membership in list(room.members.items()):
            _offer(socket, membership, event)

    async def _catch_up_all(self) -> None:
        """Have every room get what was published while the broker was not connected."""
        for room_id, room in list(self._rooms.items()):
            if room.position is not None:
                await self._catch_up(room_id, room)

    async def _catch_up(self, room_id: str, room: Room) -> None:
        state = await self.require_broker().read(room_id, room.position)
        room.position = state.position
        for event in state.missed or ():
            self._offer_all(room, event)
        if state.missed is None:
            self._resync(room_id, room)

    def _resync(self, room_id: str, room: Room) -> None:
        """Have all members read the film anew."""
        for socket, membership in list(room.members.items()):
            if membership.position is not None and room.position is not None:
                membership.position = room.position
                socket.push(_describe_resync(room_id, room.position))

    async def _watch_continuously(self) -> None:
        while True:
            await asyncio.sleep(self._watch_interval)
            try:
                await self.watch()
            except Exception as error:
                if not (is_database_fault(error) or is_database_error(error)):
                    raise
                log.warning("live_watch_failed", reason=repr(error)[:300])

    async def watch(self) -> None:
        """Close sockets of sessions that are over; compare blocks and rooms with the database."""
        sessions = {socket.user.session_id for socket in self._sockets}
        live = await find_live_sessions(sessions, self._now())
        for socket in list(self._sockets):
            if socket.user.session_id in sessions - live:
                socket.close(SESSION_OVER, "the session is over")
        await self._read_blocks()
        room_ids = list(self._rooms)
        for start in range(0, len(room_ids), WATCHED_AT_ONCE):
            await self._watch_rooms(room_ids[start : start + WATCHED_AT_ONCE])

    async def _read_blocks(self) -> None:
        """Let users no longer hear of those whom they have blocked since they came."""
        sockets = list(self._sockets)  # one that comes meanwhile knows its blocks
        blocked = await find_blocked({socket.user.user_id for socket in sockets})
        for socket in sockets:
            own_blocks = blocked.get(socket.user.user_id, frozenset())
            socket.user = replace(socket.user, blocked=own_blocks)

    async def _watch_rooms(self, room_ids: list[str]) -> None:
        films = Film.filter(id__in=room_ids)
        reviews = {str(id): count for id, count in await films.values_list("id", "review_count")}
        for room_id in room_ids:
            room = self._rooms.get(room_id)
            if room is None:
                continue
            if room_id not in reviews:
                self._close_room(room_id, room)
            else:
                self._compare_reviews(room_id, room, reviews[room_id])

    def _compare_reviews(self, room_id: str, room: Room, count: int) -> None:
        """Resync a room if its film has, twice in a row, more reviews than events told of."""
        if room.reviews is None or count <= room.reviews:
            room.reviews, room.suspected = count, None
        elif room.suspected is None:
            room.suspected = count
        else:
            room.reviews, room.suspected = count, None
            self._resync(room_id, room)

    def _close_room(self, room_id: str, room: Room) -> None:
        """End the room of a film that has been deleted, or merged into another one."""
        for socket in list(room.members):
            self._forget_member(socket, room_id)
            socket.push({"event": "resync", "room_id": room_id, "epoch": None, "offset": None})


def is_next(position: Position, last: Position) -> bool:
    """Return whether a position follows the last one."""
    return position.epoch == last.epoch and position.offset == last.offset + 1


def is_known(position: Position, last: Position) -> bool:
    """Return whether a position is the last one, or before it."""
    return position.epoch == last.epoch and position.offset <= last.offset


def _offer(socket: LiveSocket, membership: Membership, event: RoomEvent) -> None:
    """Give an event to a member who does not have it yet."""
    assert event.position is not None
    if membership.position is None:
        membership.waiting.append(event)
    elif event.position.epoch == membership.position.epoch and not is_known(
        event.position, membership.position
    ):
        membership.position = event.position
        _push(socket, event)


def _push(socket: LiveSocket, event: RoomEvent) -> None:
    """Send an event to a member, unless it is of a user whom the member blocks."""
    if event.event.get(SENDER) in socket.user.blocked:
        return
    described = {name: value for name, value in event.event.items() if name not in INTERNAL}
    position = _describe_position(event.position) if event.position else {}
    socket.push({**described, "room_id": event.room, **position})


def _describe_notice(name: str, room_id: str, user: LiveUser) -> dict[str, Any]:
    return {"event": name, "room_id": room_id, "user": user.shown_name}


def _describe_resync(room_id: str, position: Position) -> dict[str, Any]:
    return {"event": "resync", "room_id": room_id} | _describe_position(position)


def _describe_position(position: Position) -> dict[str, Any]:
    return {"epoch": position.epoch, "offset": position.offset}
