"""Rate limits of requests: count each one before its handler runs, and say what is left.

A request with an API key is counted under the key. In the class of its route it is counted under
the key's account instead of the client's network, so that more keys do not mean more searches.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

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
    "classic_films": "search",
    "classic_search": "search",
    "films_by_query": "search",
    "search_by_name": "search",
    "stremio_catalog": "search",
    "stremio_catalog_page": "search",
    "stremio_catalog_of_key": "search",
    "stremio_catalog_page_of_key": "search",
    "match": "match",
    "register": "register",
    "classic_register": "register",
    "register_by_name": "register",
    "register_voter": "register",
    "sign_up_by_name": "register",
    "resend_confirmation": "register",
    "forgot_password": "register",
    "verify_email": "link",
    "reset_password": "link",
    "login": "login",
    "classic_login": "login",
    "log_in_by_name": "login",
    "token_login": "login",
    "change_password": "account",
    "change_account": "account",
    "add_review": "review",
    "replace_review": "review",
    "report_review": "review",
    "create_key": "account",
    "request_export": "account",
    "request_deletion": "account",
}
"""The class that each route is counted in before its handler runs."""

LIMITED_ROUTES: Final = frozenset({*CLASS_BY_ROUTE, "show_film", "look_up_film", "list_episodes"})
"""Look-ups are counted as well, when OMDb is needed."""


COUNTS_ITSELF: Final = "counts_itself"
"""The mark of a route that calls `count_request`, to answer a refusal with a page."""

KEY_CLASS: Final = "key"
"""The class that each request with an API key is counted in."""


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """What a request with an API key is counted under."""

    key_id: str
    account_id: str


def install(app: Sanic[Any, Any]) -> None:
    """Register the middleware of `app`."""
    app.ctx.has_warned_of_proxy = False

    @app.on_request
    async def limit_request(request: Request) -> None:
        if is_proxied_unexpectedly(request):
            _warn_of_proxy(request)
        if not (request.route and getattr(request.route.ctx, COUNTS_ITSELF, False)):
            await count_request(request)

    @app.on_response  # type: ignore[untyped-decorator]  # Sanic leaves this one untyped
    async def add_headers(request: Request, response: HTTPResponse) -> None:
        statuses: Mapping[str, RateStatus] = getattr(request.ctx, "rate_statuses", {})
        response.headers.update(rate_limit_headers(statuses))
        for status in statuses.values():
            if not status.is_allowed:
                response.headers.setdefault("Retry-After", str(status.reset_after))


async def count_request(request: Request) -> None:
    """Count a request under its API key and in the class of its route. Raises TooMany."""
    await count_key(request)
    name = CLASS_BY_ROUTE.get(request.route.name.rpartition(".")[2]) if request.route else None
    if name is not None:
        await count_in_class(request, name)


async def count_in_class(request: Request, name: str) -> None:
    """Count the request in a class, which its route alone does not tell. Raises TooMany."""
    if not is_direct_local(request):
        holder, network = get_key_holder(request), get_client_network(request)
        await _count(request, name, f"account {holder.account_id}" if holder else network)


def get_key_holder(request: Request) -> KeyHolder | None:
    """Return what the request is counted under if it has an API key."""
    holder: KeyHolder | None = getattr(request.ctx, "key_holder", None)
    return holder


def set_key_holder(request: Request, holder: KeyHolder) -> None:
    """Have the request counted under its API key."""
    request.ctx.key_holder = holder


def report_rate_status(request: Request, name: str, status: RateStatus) -> None:
    """Have the response say what is left of the limit of the class `name`."""
    if not hasattr(request.ctx, "rate_statuses"):
        request.ctx.rate_statuses = {}
    request.ctx.rate_statuses[name] = status


async def count_key(request: Request) -> None:
    """Count the request under its API key, if it has one. Raises TooMany."""
    if (holder := get_key_holder(request)) is not None:
        await _count(request, KEY_CLASS, holder.key_id)


async def _count(request: Request, name: str, subject: str) -> None:
    """Count the request. Raises TooMany."""
    status = await get_container(request).rate_limiter.count(name, subject)
    if status is None:
        return
    report_rate_status(request, name, status)
    if not status.is_allowed:
        sender = "with this API key" if name == KEY_CLASS else "from this address"
        raise TooMany(
            f"Too many requests came {sender}.",
            code="too_many_requests",
            retry_after=status.reset_after,
        )


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


def rate_limit_headers(statuses: Mapping[str, RateStatus]) -> dict[str, str]:
    """Return the headers of the IETF's draft on rate limits, none if nothing was counted."""
    if not statuses:
        return {}
    policies = (f'"{name}";q={s.limit.amount};w={s.limit.seconds}' for name, s in statuses.items())
    left = (f'"{name}";r={s.remaining};t={s.reset_after}' for name, s in statuses.items())
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(left)}
