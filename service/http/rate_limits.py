"""Rate limits of requests: count each one before its handler runs, and say what is left."""

from typing import Final

import structlog
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from service.errors import TooMany
from service.http.client_address import get_client_network, is_direct_local, is_proxied_unexpectedly
from service.http.dependencies import get_container
from service.observability.metrics import PROXY_HEADER, UNTRUSTED_PROXY_TIME
from service.resilience.rate_limiter import RateStatus

log = structlog.get_logger()

CLASS_BY_ROUTE: Final = {
    "search": "search",
    "suggest": "search",
    "search_batch": "batch",
    "match": "match",
    "register": "register",
    "resend_confirmation": "register",
    "forgot_password": "register",
    "verify_email": "link",
    "reset_password": "link",
    "login": "login",
    "change_password": "account",
    "change_account": "account",
}
"""The class that each route is counted in before its handler runs."""

LIMITED_ROUTES: Final = frozenset({*CLASS_BY_ROUTE, "show_film", "look_up_film"})
"""Look-ups are counted as well, when OMDb is needed."""


def install(app: Sanic) -> None:  # type: ignore[type-arg]
    """Register the middleware of `app`."""
    app.ctx.has_warned_of_proxy = False

    @app.on_request
    async def count_request(request: Request) -> None:
        if is_proxied_unexpectedly(request):
            _warn_of_proxy(request)
        name = CLASS_BY_ROUTE.get(request.route.name.rpartition(".")[2]) if request.route else None
        if name is None or is_direct_local(request):
            return
        limiter = get_container(request).rate_limiter
        status = await limiter.count(name, get_client_network(request))
        if status is None:
            return
        request.ctx.rate_status = (name, status)
        if not status.is_allowed:
            raise TooMany(
                "Too many requests came from this address.",
                code="too_many_requests",
                retry_after=status.reset_after,
            )

    @app.on_response  # type: ignore[untyped-decorator]  # Sanic leaves this one untyped
    async def add_headers(request: Request, response: HTTPResponse) -> None:
        if (counted := getattr(request.ctx, "rate_status", None)) is not None:
            response.headers.update(rate_limit_headers(*counted))


def _warn_of_proxy(request: Request) -> None:
    """Warn that a proxy is in front and not trusted, so that all clients share its limits.

    The log has it once; the metric says when it last happened, for health and the doctor.
    """
    if get_container(request).settings.trusted_proxies > 0:
        return
    UNTRUSTED_PROXY_TIME.labels(PROXY_HEADER).set_to_current_time()
    if not request.app.ctx.has_warned_of_proxy:
        request.app.ctx.has_warned_of_proxy = True
        log.warning(
            "proxy_not_trusted", proxy=request.ip, advice="set TRUSTED_PROXIES to 1 or more"
        )


def rate_limit_headers(name: str, status: RateStatus) -> dict[str, str]:
    """Return the headers of the IETF's draft on rate limits."""
    return {
        "RateLimit-Policy": f'"{name}";q={status.limit.amount};w={status.limit.seconds}',
        "RateLimit": f'"{name}";r={status.remaining};t={status.reset_after}',
    }
