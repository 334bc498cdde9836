"""What happens around every request: an id, a log line, a metric, and headers for browsers."""

import re
import time
from typing import Any
from uuid import uuid4

import structlog
from pydantic import BaseModel, ConfigDict
from sanic import Sanic
from sanic.compat import Header
from sanic.constants import HTTP_METHODS
from sanic.headers import Options
from sanic.http import Http
from sanic.request import Request
from sanic.response import HTTPResponse

from service.audit.actor import begin_request
from service.http.client_address import get_client_address
from service.http.compression import compress_response
from service.http.foreign_hosts import translate_target
from service.http.heads import check_head, complete_target
from service.http.openapi import openapi_path
from service.http.public_paths import describe_path
from service.http.requests import read_query
from service.observability.metrics import HTTP_REQUEST_DURATION

log = structlog.get_logger()

REQUEST_ID_PATTERN = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
EXPOSED_HEADERS = (
    "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID, Cache-Status, "
    "Index-Token, Idempotent-Replayed"
)
ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-API-Key"
KNOWN_METHODS = frozenset(map(str, HTTP_METHODS))
CLIENT_CLOSED_REQUEST = 499
"""What log and metrics say of a request whose client left before its response; nginx's number."""
FORWARDED_SCHEMES = ("http", "https")
UNLOGGED_PATHS = ("/health/live", "/health/ready")
FILE_PREFIX = "/static/"
"""The page's files, some thirty for each first visit; only those that fail are logged."""


class NoParameters(BaseModel):
    """The query string of an address that takes no parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class IdentifiedRequest(Request):
    """A request with the id that the client sent, if it is well-formed, or else a new one.

    Trusted proxies are believed on the client's address and the scheme; the host is that of the
    header `Host`.

    Raises:
        BadRequest: its head is malformed.
    """

    def __init__(self, *args: Any, head: bytes = b"", **options: Any) -> None:
        if head:
            check_head(head)
        if "url_bytes" in options:
            target = complete_target(options["url_bytes"])
            options["url_bytes"] = translate_target(target, options["headers"].get("host", ""))
        super().__init__(*args, head=head, **options)  # type: ignore[misc]  # head is never in args

    @property
    def id(self) -> str:
        """Return the request's id."""
        if self._id is None:
            client_id = self.headers.get("x-request-id", "")
            self._id = client_id if REQUEST_ID_PATTERN.match(client_id) else uuid4().hex
        return str(self._id)

    @property
    def forwarded(self) -> Options:
        """Return what trusted proxies say of the client.

        Sanic also takes the host, the port, the path and any scheme from headers that most proxies
        pass on as the client sent them.
        """
        if self.parsed_forwarded is None:
            read = super().forwarded
            options = {"for": read["for"]} if "for" in read else {}
            scheme = self.headers.getone("x-forwarded-proto", "").strip().lower()
            if options and scheme in FORWARDED_SCHEMES:
                options["proto"] = scheme
            self.parsed_forwarded = options
        return self.parsed_forwarded


def install(
    app: Sanic[Any, Any],
    origins: tuple[str, ...],
    *,
    access_log: bool = True,
) -> None:
    """Register the middleware of `app`.

    Once `app.ctx.draining` is true, each response closes its connection.

    Args:
        origins: the origins whose pages may read responses in a browser (CORS).
        access_log: whether each request is logged.
    """
    app.ctx.draining = False

    @app.on_request
    async def start_timer(request: Request) -> None:
        request.ctx.started_at = time.perf_counter()
        begin_request(get_client_address(request))
        _refuse_unknown_parameters(request)

    @app.on_response  # type: ignore[untyped-decorator]  # Sanic leaves this one untyped
    async def finish_response(request: Request, response: HTTPResponse) -> None:
        if app.ctx.draining and isinstance(request.stream, Http):
            request.stream.keep_alive = False  # the client's next request goes to another process
        await compress_response(request, response)
        _add_headers(request, response.headers, origins)
        started_at = getattr(request.ctx, "started_at", None)
        elapsed = None if started_at is None else time.perf_counter() - started_at
        if elapsed is not None:
            _observe_duration(request, response, elapsed)
        is_file = request.path.startswith(FILE_PREFIX) and response.status < 400
        if access_log and not is_file and request.path not in UNLOGGED_PATHS:
            _log_request(request, response, elapsed)


def _refuse_unknown_parameters(request: Request) -> None:
    """Refuse parameters where an operation has none; where it has some, `read_query` does that."""
    declaration = getattr(request.route.handler, "operation", None) if request.route else None
    if request.query_string and declaration is not None and declaration.query is None:
        read_query(request, NoParameters)


def _add_headers(request: Request, headers: Header, origins: tuple[str, ...]) -> None:
    headers["X-Request-ID"] = str(request.id)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    _add_cors_headers(request, headers, origins)


def _add_cors_headers(request: Request, headers: Header, origins: tuple[str, ...]) -> None:
    if not origins:
        return
    cors_headers = {"Vary": ", ".join([*headers.getall("Vary", []), "Origin"])}
    if (origin := request.headers.get("origin")) in origins:
        cors_headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": EXPOSED_HEADERS,
        }
        if request.method == "OPTIONS":
            cors_headers |= {
                "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
                "Access-Control-Allow-Headers": ALLOWED_HEADERS,
                "Access-Control-Max-Age": "3600",
            }
    headers.update(cors_headers)


def _read_status(request: Request, response: HTTPResponse) -> int:
    """Return the status for log and metrics; Sanic answers 500 to a client that left."""
    if request.conn_info is not None and request.conn_info.lost:
        return CLIENT_CLOSED_REQUEST
    return response.status


def _observe_duration(request: Request, response: HTTPResponse, elapsed: float) -> None:
    """Record the duration; unknown routes and methods share a label, so labels stay few."""
    route = openapi_path(request.route.path) if request.route else "unmatched"
    method = request.method if request.method in KNOWN_METHODS else "other"
    status = str(_read_status(request, response))
    HTTP_REQUEST_DURATION.labels(method, route, status).observe(elapsed)


def _log_request(request: Request, response: HTTPResponse, elapsed: float | None) -> None:
    log.info(
        "request",
        request_id=str(request.id),
        method=request.method,
        route=request.route.path if request.route else None,
        path=describe_path(request),
        status=_read_status(request, response),
        ms=None if elapsed is None else round(elapsed * 1000, 1),
        address=get_client_address(request),
        cache=response.headers.get("Cache-Status"),
    )
