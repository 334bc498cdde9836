"""Authentication and authorization. A handler that needs a user calls one of these first.

What an API key may do is checked before the handler runs, by what its route declares: a handler
cannot forget it.
"""

from sanic.request import Request

from service.accounts.keys.service import KeyIdentity
from service.accounts.sessions.tokens import Identity, SessionIdentity
from service.audit.actor import identify_actor
from service.errors import Malformed, NotAllowed, NotAuthenticated
from service.http.dependencies import get_container
from service.http.rate_limits import KeyHolder, set_key_holder
from service.key_rules import KeyRule

KEY_HEADER = "X-API-Key"


async def require_user(request: Request) -> Identity:
    """Return the user behind the bearer token or the API key, who acts from now on.

    Raises:
        NotAuthenticated: there is no token and no key, or the token is invalid.
    """
    identity = await find_user(request)
    if identity is None:
        raise _missing_token_error()
    return identity


async def require_admin(request: Request) -> Identity:
    """Return the admin behind the bearer token or the API key.

    Raises:
        NotAuthenticated: there is no token and no key, or the token is invalid.
        NotAllowed: the user is not an admin.
    """
    identity = await require_user(request)
    if not identity.is_admin:
        raise NotAllowed("Only an admin may do this.", code="admin_required")
    return identity


async def require_session(request: Request) -> SessionIdentity:
    """Return the user behind the bearer token; a key is none, whatever the route declares.

    Raises:
        NotAuthenticated: the token is missing or invalid.
        NotAllowed: `deletion_pending`, the account is to be erased.
    """
    identity = await require_any_session(request)
    if identity.is_being_deleted:
        raise NotAllowed(
            "This account is to be deleted; DELETE /api/v1/me/deletion restores it.",
            code="deletion_pending",
        )
    return identity


async def require_any_session(request: Request) -> SessionIdentity:
    """Return the user behind the bearer token, also one whose account is to be erased.

    Raises:
        NotAuthenticated: the token is missing or invalid.
    """
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _missing_token_error()
    identity = await get_container(request).accounts.identify(token.strip())
    identify_actor(identity.user_id, identity.username)
    return identity


async def find_user(request: Request) -> Identity | None:
    """Return the user behind the bearer token or the API key; None if there is neither.

    Raises:
        NotAuthenticated: the request has an `Authorization`, and it is no valid token.
    """
    if (key_identity := _get_key_identity(request)) is not None:
        return key_identity
    return await require_session(request) if "authorization" in request.headers else None


async def identify_key(request: Request) -> None:
    """Find out whose API key a request has, if its route accepts keys; runs before all handlers.

    Raises:
        Malformed: there are several keys, or a bearer token as well.
        NotAllowed: `key_not_accepted`, the route needs a login.
        NotAuthenticated: `invalid_key`.
    """
    keys, rule = request.headers.getall(KEY_HEADER, []), _get_key_rule(request)
    if not keys or rule == "ignored":
        return
    if rule == "refused":
        raise NotAllowed(
            "This works with a login only, not with an API key.", code="key_not_accepted"
        )
    has_token = request.headers.get("authorization", "").lower().startswith("bearer")
    if len(keys) > 1 or has_token:
        raise Malformed(
            f"Send one {KEY_HEADER} or one bearer token, not both.", code="two_credentials"
        )
    await use_key(request, keys[0].strip())


async def use_key(request: Request, secret: str) -> KeyIdentity:
    """Have the owner of an API key act by it, wherever the request holds it; return who that is.

    A route that takes a key in another place than the header calls this first, then `count_key` of
    `service.http.rate_limits` and `authorize_key`.

    Raises:
        NotAuthenticated: `invalid_key`.
    """
    identity = await get_container(request).accounts.keys.identify(secret)
    request.ctx.key_identity = identity
    identify_actor(identity.user_id, identity.username, identity.key_id)
    set_key_holder(request, KeyHolder(str(identity.key_id), str(identity.user_id)))
    return identity


async def authorize_key(request: Request) -> None:
    """Return if the request has no API key, or one with the scope that its route needs.

    Where `read` shows more than visitors see, a key without it counts as no key.

    Raises:
        NotAllowed: `scope_missing`.
    """
    identity, rule = _get_key_identity(request), _get_key_rule(request)
    if identity is None or rule == "open":
        return
    if rule == "open_read":
        if "read" not in identity.scopes:
            request.ctx.key_identity = None
    elif rule not in identity.scopes:
        raise NotAllowed(f"The API key lacks the scope {rule}.", code="scope_missing")


def _get_key_rule(request: Request) -> KeyRule:
    """Return what a key may do at the address; nothing outside of the API."""
    declaration = getattr(request.route.handler, "operation", None) if request.route else None
    return declaration.get_key_rule(request.method) if declaration else "ignored"


def _get_key_identity(request: Request) -> KeyIdentity | None:
    identity: KeyIdentity | None = getattr(request.ctx, "key_identity", None)
    return identity


def _missing_token_error() -> NotAuthenticated:
    return NotAuthenticated("A bearer token is required.", code="token_missing")
