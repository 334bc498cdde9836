"""Map every error of every route to a problem document (RFC 9457).

Domain errors, database faults, Sanic's own errors and bugs all end here. So no handler needs a
`try`, and no response can contain a traceback.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote

import orjson
import structlog
from sanic import Sanic
from sanic.exceptions import MethodNotAllowed, SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from service.database import faults
from service.errors import (
    BadUpstream,
    Conflict,
    DomainError,
    ErrorCode,
    Invalid,
    Malformed,
    Misconfigured,
    Moved,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    TooLarge,
    TooMany,
    Unavailable,
    UnsupportedMedia,
    VersionMismatch,
    VersionRequired,
)
from service.http.openapi import Problem
from service.http.public_paths import describe_path
from service.limits import DATABASE_RETRY_AFTER
from service.text.film_addresses import to_address

T = TypeVar("T")

log = structlog.get_logger()

STATUS_BY_ERROR: dict[type[DomainError], int] = {
    Malformed: 400,
    NotAuthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Moved: 409,
    VersionMismatch: 412,
    TooLarge: 413,
    UnsupportedMedia: 415,
    Invalid: 422,
    VersionRequired: 428,
    TooMany: 429,
    BadUpstream: 502,
    Unavailable: 503,
    Misconfigured: 503,
}

SANIC_CODES: dict[int, ErrorCode] = {
    400: "malformed",
    404: "route_not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "request_too_large",
    417: "expectation_failed",
    503: "response_timeout",
}
CACHE_REDIRECT = "public, max-age=3600"  # a film may be merged again
OTHER_SANIC_CODE: ErrorCode = "refused"
"""The code of every other status."""

SANIC_DETAILS = {
    404: "There is no such address.",
    405: "This address does not support the method.",
    408: "The request did not arrive in time.",
    413: "The request is too large: at most 256 kB of body and 16 kB of headers are allowed.",
    503: "The response was not ready in time.",
}


def problem_response(
    request: Request | None,
    status: int,
    code: ErrorCode,
    detail: str,
    *,
    errors: tuple[dict[str, str], ...] = (),
    headers: dict[str, str] | None = None,
) -> HTTPResponse:
    """Return a problem document."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if request is not None:
        body["instance"] = describe_path(request)
        body["request_id"] = str(request.id)
    if errors:
        body["errors"] = list(errors)
    return HTTPResponse(
        orjson.dumps(body),
        status=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        content_type="application/problem+json",
    )


def domain_error_response(request: Request, error: DomainError) -> HTTPResponse:
    """Return the problem document of a domain error."""
    status = next(
        STATUS_BY_ERROR[error_class]
        for error_class in type(error).__mro__
        if error_class in STATUS_BY_ERROR
    )
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    errors = tuple(
        {"pointer": field_error.pointer, "detail": field_error.detail}
        for field_error in error.errors
    )
    return problem_response(
        request, status, error.code, error.detail, errors=errors, headers=headers
    )


def moved_response(request: Request, error: Moved) -> HTTPResponse:
    """Send the client to the address of the film that the address in the path leads to.

    308 tells it to repeat a write with its method and body. A film in a body is a conflict.
    """
    path = replace_film(request.path, error.requested, error.film_id)
    if path is None:
        return domain_error_response(request, error)
    query = f"?{request.query_string}" if request.query_string else ""
    status = 301 if request.method in ("GET", "HEAD") else 308
    headers = {"Location": path + query, "Cache-Control": CACHE_REDIRECT}
    return HTTPResponse(status=status, headers=headers)


def replace_film(path: str, requested: str, film_id: str) -> str | None:
    """Return `path` with another film's id; None if `requested` is no segment of it."""
    address, segments = to_address(requested), path.split("/")
    for position, segment in enumerate(segments):
        if to_address(unquote(segment)) == address:
            return "/".join((*segments[:position], film_id, *segments[position + 1 :]))
    return None


def sanic_error_response(request: Request, error: SanicException) -> HTTPResponse:
    """Return the problem document of an error that Sanic raised, or the answer to `OPTIONS`."""
    status = error.status_code or 500
    if status >= 500 and status != 503:
        return unexpected_error_response(request, error)
    headers = {}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.headers.get("Allow", "")
        if request.method == "OPTIONS":
            return HTTPResponse(status=204, headers=headers)
    if status == 503:
        headers["Retry-After"] = "1"
    code = SANIC_CODES.get(status, OTHER_SANIC_CODE)
    detail = SANIC_DETAILS.get(status, HTTPStatus(status).phrase + ".")
    return problem_response(request, status, code, detail, headers=headers)


def unexpected_error_response(request: Request, error: Exception) -> HTTPResponse:
    """Return 503 for a database fault, and 500 for anything else, which is a bug."""
    if faults.log_database_fault(error):
        return problem_response(
            request,
            503,
            "database_unavailable",
            "The database does not answer.",
            headers={"Retry-After": str(round(DATABASE_RETRY_AFTER))},
        )
    log.error("unhandled_error", exc_info=error, path=describe_path(request) if request else None)
    return problem_response(
        request, 500, "internal_error", "An internal error occurred; see the log by request id."
    )


async def catch_problem(
    request: Request, call: Callable[[], Awaitable[T]], on_problem: Callable[[int, Problem], T]
) -> T:
    """Return what `call` returns, or `on_problem(status, problem)` if it raises a domain error.

    For a request with several parts, each of which may fail on its own.
    """
    try:
        return await call()
    except DomainError as error:
        response = domain_error_response(request, error)
        return on_problem(response.status, Problem.model_validate_json(response.body or b"{}"))


def install(app: Sanic[Any, Any]) -> None:
    """Register the handlers for all errors of `app`."""
    app.error_handler.add(DomainError, domain_error_response)
    app.error_handler.add(Moved, moved_response)
    app.error_handler.add(SanicException, sanic_error_response)
    app.error_handler.add(Exception, unexpected_error_response)
