"""Authentication and authorization. A handler that needs a user calls one of these first."""

from sanic.request import Request

from service.accounts.tokens import Identity
from service.errors import NotAllowed, NotAuthenticated
from service.http.dependencies import get_container


async def require_user(request: Request) -> Identity:
    """Return the user behind the bearer token.

    Raises:
        NotAuthenticated: the token is missing or invalid.
    """
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("A bearer token is required.", code="token_missing")
    return await get_container(request).accounts.identify(token.strip())


async def require_admin(request: Request) -> Identity:
    """Return the admin behind the bearer token.

    Raises:
        NotAuthenticated: the token is missing or invalid.
        NotAllowed: the user is not an admin.
    """
    identity = await require_user(request)
    if not identity.is_admin:
        raise NotAllowed("Only an admin may do this.", code="admin_required")
    return identity
