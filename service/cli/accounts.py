"""The work of the commands that manage accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.accounts.administration.schemas import UserChange, UserState
from service.accounts.administration.service import (
    UserFilters,
    find_last_uses,
    get_state,
    require_user,
    select_users,
)
from service.accounts.models import User
from service.cli.output import print_json, print_line
from service.server.container import open_container
from service.settings import Settings

PAGE_SIZE = 500  # accounts that are read at once


@dataclass(frozen=True, slots=True)
class ListedUser:
    """An account in the list of accounts."""

    id: Annotated[str, Field(description="Its id.")]
    username: Annotated[str, Field(description="Its name.")]
    email: Annotated[str | None, Field(description="Its address.")]
    is_admin: Annotated[bool, Field(description="Whether it is an admin.")]
    state: Annotated[
        UserState,
        Field(description="`active`, `disabled`, `unconfirmed` or `deletion_requested`."),
    ]
    created_at: Annotated[datetime, Field(description="When it was created.")]
    last_seen_at: Annotated[
        datetime | None,
        Field(description="When one of its present sessions was last refreshed."),
    ]


@dataclass(frozen=True, slots=True)
class UserList:
    """The accounts, the oldest first."""

    users: Annotated[list[ListedUser], Field(description="The accounts.")]


async def create_admin(settings: Settings, name: str, password: str) -> None:
    """Create an admin account."""
    async with open_container(settings) as container:
        await container.accounts.create_admin(name, password)


async def list_users(settings: Settings, text: str | None, *, as_json: bool) -> None:
    """Print the accounts with `text` in their name or address, or all."""
    async with open_container(settings):
        users = await _read_users(text)
    if as_json:
        print_json(UserList(users))
        return
    for user in users:
        print_line(_describe_user(user))
    if not users:
        print_line("there are no accounts" if text is None else f"no account has {text!r} in it")


async def set_password(settings: Settings, name: str, password: str) -> str:
    """Set the password of an account; return the account's name."""
    async with open_container(settings) as container:
        user = await require_user(name)
        await container.accounts.users.set_password(user, password)
    return user.username


async def change_user(settings: Settings, name: str, changes: Mapping[str, bool]) -> str:
    """Change an account as `UserChange` says; return the account's name."""
    async with open_container(settings) as container:
        user = await require_user(name)
        await container.accounts.users.change(user.id, UserChange.model_validate(changes))
    return user.username


async def delete_user(settings: Settings, name: str) -> str:
    """Erase an account; return the name that it had."""
    async with open_container(settings) as container:
        user = await require_user(name)
        await container.accounts.users.delete(user.id)
    return user.username


async def end_all_sessions(settings: Settings) -> int:
    """End the sessions of all users; return how many there were."""
    async with open_container(settings) as container:
        return await container.accounts.users.end_all_sessions()


async def _read_users(text: str | None) -> list[ListedUser]:
    rows = select_users(UserFilters(text)).order_by("created_at", "id")
    users: list[ListedUser] = []
    while page := await rows.offset(len(users)).limit(PAGE_SIZE):
        last_uses = await find_last_uses([user.id for user in page])
        users += [_to_listed_user(user, last_uses.get(user.id)) for user in page]
    return users


def _to_listed_user(user: User, last_seen_at: datetime | None) -> ListedUser:
    return ListedUser(
        id=str(user.id),
        username=user.username,
        email=user.email,
        is_admin=user.is_admin,
        state=get_state(user),
        created_at=user.created_at,
        last_seen_at=last_seen_at,
    )


def _describe_user(user: ListedUser) -> str:
    """Return an account in one line."""
    seen = f"last seen {user.last_seen_at:%Y-%m-%d}" if user.last_seen_at else "not logged in"
    role = "admin" if user.is_admin else "user"
    name, email = f"{user.username:<20}", f"{user.email or '-':<30}"
    return f"{name}  {email}  {role:<5}  {user.state:<8}  since {user.created_at:%Y-%m-%d}, {seen}"
