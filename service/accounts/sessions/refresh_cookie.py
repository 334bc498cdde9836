"""The refresh token as a cookie: for pages of this host, where scripts must not read it.

The cookie is HttpOnly and SameSite=Strict. On https its name begins with `__Host-`, so no other
host of the domain can set it. Only the routes that renew and end a session read it, and only from a
request whose `Origin` is the service's own.
"""

from urllib.parse import urlsplit

from sanic.headers import parse_host
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.sessions.service import SESSION_LIFETIME
from service.errors import NotAllowed
from service.http.dependencies import get_container

COOKIE_NAME = "refresh"
HOST_COOKIE_NAME = f"__Host-{COOKIE_NAME}"
HTTP_PATH = "/api/v1/auth"  # on https the prefix demands the path /
DEFAULT_PORTS = {"http": 80, "https": 443}


def set_refresh_cookie(request: Request, response: HTTPResponse, token: str) -> None:
    """Have the browser keep the refresh token as long as its session lives."""
    _add_cookie(request, response, token, int(SESSION_LIFETIME.total_seconds()))


def clear_refresh_cookie(request: Request, response: HTTPResponse) -> None:
    """Have the browser forget the refresh token."""
    _add_cookie(request, response, "", 0)


def read_refresh_cookie(request: Request) -> str | None:
    """Return the refresh token in the cookie, or None if there is no cookie.

    Raises:
        NotAllowed: `origin_foreign`, the request does not come from a page of this service.
    """
    name = HOST_COOKIE_NAME if _is_https(request) else COOKIE_NAME
    # `cookies.get` would also read a cookie whose name has a prefix.
    values = dict.get(request.cookies, name)
    if not values:
        return None
    require_own_origin(request)
    return str(values[0])


def require_own_origin(request: Request) -> None:
    """Return if the request's `Origin` is that of the service.

    Raises:
        NotAllowed: `origin_foreign`.
    """
    if not is_own_origin(request, request.headers.get("origin", "")):
        raise NotAllowed(
            "The cookie counts only with the Origin of this service; behind a proxy, set "
            "TRUSTED_PROXIES and have it send X-Forwarded-Proto, or set PUBLIC_URL.",
            code="origin_foreign",
        )


def is_own_origin(request: Request, origin: str) -> bool:
    """Return whether `origin` is the address that the request was sent to, or `PUBLIC_URL`."""
    public_url = get_container(request).settings.public_url
    try:
        sender = _parse_origin(origin)
        host, _ = parse_host(request.host)
        own = (request.scheme, (host or "").strip("[]").lower(), request.server_port)
    except ValueError:
        return False
    return sender == own or (public_url is not None and sender == _parse_origin(public_url))


def _parse_origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of `url`. Raises ValueError."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)


def _is_https(request: Request) -> bool:
    """Return whether the client uses https; proxies are believed as `TRUSTED_PROXIES` allows."""
    return request.scheme == "https"


def _add_cookie(request: Request, response: HTTPResponse, value: str, max_age: int) -> None:
    is_https = _is_https(request)
    response.add_cookie(
        COOKIE_NAME,
        value,
        path="/" if is_https else HTTP_PATH,
        secure=is_https,
        httponly=True,
        samesite="Strict",
        max_age=max_age,
        host_prefix=is_https,
    )
