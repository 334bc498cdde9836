"""Who is asking. A door that needs to know calls one of these first."""

from sanic.request import Request

from service.accounts.tokens import Identity
from service.errors import NotAllowed, NotAuthenticated
from service.http.dependencies import get_container


async def require_user(request: Request) -> Identity:
    """The user behind the bearer token.

    Raises:
        NotAuthenticated: there is none, or it is not good.
    """
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("A bearer token is needed.", code="token_missing")
    return await get_container(request).accounts.identify(token.strip())


async def require_admin(request: Request) -> Identity:
    """The admin behind the bearer token.

    Raises:
        NotAuthenticated: there is no good token.
        NotAllowed: it is not an admin's.
    """
    identity = await require_user(request)
    if not identity.is_admin:
        raise NotAllowed("Only an admin may do this.", code="admin_required")
    return identity
