"""Who is asking. A door that needs to know calls one of these first."""

from hmac import compare_digest
from ipaddress import ip_address

from sanic.request import Request

from service.accounts.tokens import Identity
from service.errors import NotAllowed, NotAuthenticated
from service.http.dependencies import parts


async def identity(request: Request) -> Identity:
    """The user behind the bearer token.

    Raises:
        NotAuthenticated: there is none, or it is not good.
    """
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("A bearer token is needed.", code="token_missing")
    return await parts(request).accounts.identify(token.strip())


async def admin(request: Request) -> Identity:
    """The admin behind the bearer token.

    Raises:
        NotAuthenticated: there is no good token.
        NotAllowed: it is not an admin's.
    """
    asking = await identity(request)
    if not asking.is_admin:
        raise NotAllowed("Only an admin may do this.", code="admin_required")
    return asking


def scraper(request: Request) -> None:
    """Let metrics be read on this machine, and elsewhere with `METRICS_TOKEN` as bearer token.

    What a proxy on this machine hands on comes from elsewhere.

    Raises:
        NotAllowed: no token is set, so only this machine may.
        NotAuthenticated: the token is missing or wrong.
    """
    if _local(request):
        return
    wanted = parts(request).settings.metrics_token
    if wanted is None:
        raise NotAllowed(
            "Metrics are for this machine alone; set METRICS_TOKEN to read them from elsewhere.",
            code="metrics_closed",
        )
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(
        token.encode(errors="surrogateescape"), wanted.encode()
    ):
        raise NotAuthenticated("The metrics' token is needed.", code="metrics_token_wrong")


def _local(request: Request) -> bool:
    handed_on = any(name in request.headers for name in ("forwarded", "x-forwarded-for"))
    try:
        return ip_address(request.ip).is_loopback and not handed_on
    except ValueError:
        return False


def address(request: Request) -> str:
    """The client's address; a proxy's word counts only as `TRUSTED_PROXIES` allows."""
    return request.client_ip or "unknown"
