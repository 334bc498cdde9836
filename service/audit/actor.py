"""Who acts in the current task: set once at the border, read where something is recorded.

A use case does not pass it on: it would be an argument of every function between a route and the
transaction, and one that forgets it would record nobody. Tasks inherit it from the task that
starts them.
"""

import getpass
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

ActorKind = Literal["user", "visitor", "command_line", "service"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A logged-in user, a visitor without a login, a command's caller, or the service itself.

    `address` is the client's network address. `name` is the user's, or the operating system's for
    the caller of a command. `key_id` is the API key that a user acts by.
    """

    kind: ActorKind
    id: UUID | None = None
    name: str | None = None
    address: str | None = None
    key_id: UUID | None = None


THE_SERVICE = Actor("service")
_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def get_actor() -> Actor:
    """Return who acts in this task."""
    return _actor.get() or THE_SERVICE


def begin_request(address: str) -> None:
    """Have a visitor act from this address, until a login is recognized.

    Called for each request, since several requests of one connection are handled in one task.
    """
    _actor.set(Actor("visitor", address=address))


def identify_actor(user_id: UUID, name: str, key_id: UUID | None = None) -> None:
    """Have the user act in whose name the present request is, by a login or by an API key."""
    _actor.set(replace(get_actor(), kind="user", id=user_id, name=name, key_id=key_id))


def begin_command() -> None:
    """Have the caller of a command act."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number that has no name
        name = None
    _actor.set(Actor("command_line", name=name))
