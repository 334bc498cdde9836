"""Who reads what anybody may read: some of it depends on that."""

from dataclasses import dataclass
from uuid import UUID

from sanic.request import Request

from service.accounts.auth import find_user
from service.errors import NotAuthenticated


@dataclass(frozen=True, slots=True)
class Reader:
    """The user who reads; without an id, a visitor."""

    id: UUID | None = None
    is_admin: bool = False


async def find_reader(request: Request) -> Reader:
    """Return the user of a request; one with a token that is no longer valid is a visitor."""
    try:
        identity = await find_user(request)
    except NotAuthenticated:
        return Reader()
    return Reader(identity.user_id, identity.is_admin) if identity else Reader()
