"""The HTTP endpoints for admins about accounts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.administration.schemas import NewUser, UserChange, UserState
from service.accounts.administration.service import (
    UserFilters,
    find_last_uses,
    get_state,
    select_users,
)
from service.accounts.auth import require_admin
from service.accounts.idempotency import accept_idempotency_key
from service.accounts.models import MAX_EMAIL_LENGTH, User
from service.errors import NotFound
from service.films.schemas import Line
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.pagination import CursorPageQuery, Total, page_address
from service.http.requests import read_body, read_query
from service.http.responses import NO_STORE, json_response
from service.http.row_pages import page_response, read_page
from service.text.uuids import parse_uuid

bp = Blueprint("users_admin", url_prefix="/api/v1/admin/users")


class UserQuery(CursorPageQuery):
    """Which accounts to list; without a filter, all."""

    q: Annotated[
        Annotated[Line, StringConstraints(max_length=MAX_EMAIL_LENGTH)] | None,
        Field(
            description="Accounts with this in their name or address.",
            examples=["ada"],
        ),
    ] = None
    state: Annotated[
        UserState | None, Field(description="Accounts in this state.", examples=["disabled"])
    ] = None
    is_admin: Annotated[
        bool | None, Field(description="Admins only, or others only.", examples=[True])
    ] = None


class AccountView(BaseModel):
    """An account as admins see it. It never contains a hash."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[
        UUID, Field(description="The account.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"])
    ]
    username: Annotated[str, Field(description="The name.", examples=["ada"])]
    email: Annotated[
        str | None, Field(description="The e-mail address.", examples=["ada@films.example"])
    ]
    email_confirmed: Annotated[
        bool, Field(description="Whether the address is confirmed.", examples=[True])
    ]
    is_admin: Annotated[bool, Field(description="Whether it is an admin.", examples=[False])]
    state: Annotated[
        UserState,
        Field(
            description="Whether it can be used: `active`, `disabled` by an admin, `unconfirmed` "
            "until its address is confirmed, or hidden until it is deleted as its owner requested.",
            examples=["active"],
        ),
    ]
    created_at: Annotated[
        datetime, Field(description="When it was created.", examples=["2026-11-27T20:00:00Z"])
    ]
    disabled_at: Annotated[
        datetime | None,
        Field(description="When it was disabled.", examples=["2026-11-28T20:00:00Z"]),
    ]
    last_seen_at: Annotated[
        datetime | None,
        Field(
            description="When one of its present sessions was last refreshed.",
            examples=["2026-11-28T20:10:00Z"],
        ),
    ]


@dataclass(frozen=True, slots=True)
class UserPage:
    """One page of accounts."""

    results: Annotated[list[AccountView], Field(description="The accounts, newest first.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/admin/users")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/admin/users")]


@bp.get("/", name="list_users", strict_slashes=False)
@operation(
    "The accounts, newest first",
    query=UserQuery,
    returns={200: UserPage},
    sends=("Link",),
    access="admin",
)
async def list_users(request: Request) -> HTTPResponse:
    await require_admin(request)
    query = read_query(request, UserQuery)
    rows = select_users(UserFilters(query.q, query.state, query.is_admin))
    cursors, path = get_container(request).cursors, request.path.rstrip("/")
    page = await read_page(rows, query, path, cursors, column="created_at")
    last_uses = await find_last_uses([user.id for user in page.rows])
    views = [account_view(user, last_uses.get(user.id)) for user in page.rows]
    return page_response(UserPage, views, page)


@bp.post("/", name="create_user", strict_slashes=False)
@accept_idempotency_key
@operation(
    "Create an account, in every mode of registration; its address counts as confirmed",
    body=NewUser,
    returns={201: AccountView},
    errors=(409, 429),
    access="admin",
)
async def create_user(request: Request) -> HTTPResponse:
    await require_admin(request)
    user = await get_container(request).accounts.create_user(read_body(request, NewUser))
    return json_response(account_view(user, None), 201, NO_STORE)


@bp.patch("/<user:str>", name="change_user")
@operation(
    "Promote, demote, disable or enable an account, or end its sessions; never the last admin",
    body=UserChange,
    returns={200: AccountView},
    errors=(404, 409),
    access="admin",
)
async def change_user(request: Request, user: str) -> HTTPResponse:
    await require_admin(request)
    change = read_body(request, UserChange)
    changed = await get_container(request).accounts.users.change(_parse_id(user), change)
    last_uses = await find_last_uses([changed.id])
    return json_response(account_view(changed, last_uses.get(changed.id)), headers=NO_STORE)


@bp.delete("/<user:str>", name="delete_user")
@operation(
    "Delete an account with all that it holds, at once; never the last admin",
    returns={204: None},
    errors=(404, 409),
    access="admin",
)
async def delete_user(request: Request, user: str) -> HTTPResponse:
    await require_admin(request)
    await get_container(request).accounts.users.delete(_parse_id(user))
    return HTTPResponse(status=204, headers=NO_STORE)


def account_view(user: User, last_seen_at: datetime | None) -> AccountView:
    """Return an account as admins see it."""
    return AccountView(
        id=user.id,
        username=user.username,
        email=user.email,
        email_confirmed=user.email is not None and user.confirmed_at is not None,
        is_admin=user.is_admin,
        state=get_state(user),
        created_at=user.created_at,
        disabled_at=user.disabled_at,
        last_seen_at=last_seen_at,
    )


def _parse_id(text: str) -> UUID:
    """Return the id in a path. Raises NotFound."""
    user_id = parse_uuid(text)
    if user_id is None:
        raise NotFound("There is no such user.", code="user_not_found")
    return user_id
