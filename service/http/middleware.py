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

from service.http.openapi import openapi_path
from service.observability.metrics import HTTP_REQUEST_DURATION

log = structlog.get_logger()

REQUEST_ID_PATTERN = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
EXPOSED_HEADERS = "ETag, Link, Location, Retry-After, X-Request-ID, Cache-Status, Index-Token"
KNOWN_METHODS = frozenset(map(str, HTTP_METHODS))
UNLOGGED_PATHS = ("/health/live", "/health/ready")


class IdentifiedRequest(Request):
    """A request whose id is the client's own if that is well formed, else a fresh one."""

    @property
    def id(self) -> str:
        if self._id is None:
            client_id = self.headers.get("x-request-id", "")
            self._id = client_id if REQUEST_ID_PATTERN.match(client_id) else uuid4().hex
        return str(self._id)


def install(app: Sanic, origins: tuple[str, ...]) -> None:  # type: ignore[type-arg]
    """Put the edges around `app`; `origins` may read its answers from a browser.

    Once `app.ctx.draining` is true, each answer is the last one of its connection.
    """
    app.ctx.draining = False

    @app.on_request
    async def start_timer(request: Request) -> None:
        request.ctx.started_at = time.perf_counter()

    @app.on_response  # type: ignore[untyped-decorator]  # Sanic leaves this one untyped
    async def finish_response(request: Request, response: HTTPResponse) -> None:
        if app.ctx.draining and isinstance(request.stream, Http):
            request.stream.keep_alive = False  # so that the client's next request goes elsewhere
        headers = response.headers
        headers["X-Request-ID"] = str(request.id)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        _add_cors_headers(request, headers, origins)
        started_at = getattr(request.ctx, "started_at", None)
        if started_at is not None:
            route = openapi_path(request.route.path) if request.route else "unmatched"
            method = request.method if request.method in KNOWN_METHODS else "other"
            histogram = HTTP_REQUEST_DURATION.labels(method, route, str(response.status))
            histogram.observe(time.perf_counter() - started_at)
        if request.path in UNLOGGED_PATHS:
            return
        log.info(
            "request",
            request_id=str(request.id),
            method=request.method,
            route=request.route.path if request.route else None,
            path=request.path[:200],
            status=response.status,
            ms=None if started_at is None else round((time.perf_counter() - started_at) * 1000, 1),
            address=request.client_ip,
            cache=headers.get("Cache-Status"),
        )


def _add_cors_headers(request: Request, headers: object, origins: tuple[str, ...]) -> None:
    assert hasattr(headers, "update")
    if not origins:
        return
    cors_headers = {"Vary": "Origin"}
    if (origin := request.headers.get("origin")) in origins:
        cors_headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": EXPOSED_HEADERS,
        }
        if request.method == "OPTIONS":
            cors_headers |= {
                "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
                "Access-Control-Max-Age": "3600",
            }
    headers.update(cors_headers)
