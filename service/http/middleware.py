"""What happens around every request: its id, one log line, headers that browsers want."""

import re
import time
from uuid import uuid4

import structlog
from sanic import Sanic
from sanic.constants import HTTP_METHODS
from sanic.http import Http
from sanic.request import Request
from sanic.response import HTTPResponse

from service.http.openapi import template
from service.observability.metrics import REQUESTS

log = structlog.get_logger()

REQUEST_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
EXPOSED = "ETag, Link, Location, Retry-After, X-Request-ID, Cache-Status, Index-Token"
METHODS = frozenset(map(str, HTTP_METHODS))
QUIET = ("/health/live", "/health/ready")


class IdentifiedRequest(Request):
    """A request whose id is the client's own if that is well formed, else a fresh one."""

    @property
    def id(self) -> str:
        if self._id is None:
            given = self.headers.get("x-request-id", "")
            self._id = given if REQUEST_ID.match(given) else uuid4().hex
        return str(self._id)


def install(app: Sanic, origins: tuple[str, ...]) -> None:  # type: ignore[type-arg]
    """Put the edges around `app`; `origins` may read its answers from a browser.

    Once `app.ctx.draining` is true, each answer is the last one of its connection.
    """
    app.ctx.draining = False

    @app.on_request
    async def begin(request: Request) -> None:
        request.ctx.began = time.perf_counter()

    @app.on_response  # type: ignore[untyped-decorator]  # Sanic leaves this one untyped
    async def end(request: Request, response: HTTPResponse) -> None:
        if app.ctx.draining and isinstance(request.stream, Http):
            request.stream.keep_alive = False  # so that the client's next request goes elsewhere
        headers = response.headers
        headers["X-Request-ID"] = str(request.id)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        _allow_origin(request, headers, origins)
        began = getattr(request.ctx, "began", None)
        if began is not None:
            route = template(request.route.path) if request.route else "unmatched"
            method = request.method if request.method in METHODS else "other"
            meter = REQUESTS.labels(method, route, str(response.status))
            meter.observe(time.perf_counter() - began)
        if request.path in QUIET:
            return
        log.info(
            "request",
            request_id=str(request.id),
            method=request.method,
            route=request.route.path if request.route else None,
            path=request.path[:200],
            status=response.status,
            ms=None if began is None else round((time.perf_counter() - began) * 1000, 1),
            address=request.client_ip,
            cache=headers.get("Cache-Status"),
        )


def _allow_origin(request: Request, headers: object, origins: tuple[str, ...]) -> None:
    assert hasattr(headers, "update")
    if not origins:
        return
    said = {"Vary": "Origin"}
    if (origin := request.headers.get("origin")) in origins:
        said |= {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}
        if request.method == "OPTIONS":
            said |= {
                "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
                "Access-Control-Max-Age": "3600",
            }
    headers.update(said)
