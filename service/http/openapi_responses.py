"""Describe the responses of an operation for the OpenAPI document."""

from http import HTTPStatus
from typing import Any

from service.http.openapi import Operation, Problem, openapi_path
from service.http.openapi_terms import (
    ERROR_HEADERS,
    RESPONSE_HEADERS,
    STATUSES,
    SUCCESS_DESCRIPTIONS,
)
from service.http.rate_limits import LIMITED_ROUTES

UNROUTED_STATUSES = (400, 405, 408, 413)
"""Of requests that may be refused before it is known whose protocol they follow."""

BODILESS_STATUSES = (204, 304)
MEDIA_EXAMPLES = {"text/plain": "movies_database_up 1.0\n"}


def describe_responses(
    route: Any, method: str, declaration: Operation, refs: Any
) -> dict[str, Any]:
    """Return the responses of an operation by status: the declared ones, then its errors.

    Args:
        refs: (model, mode) → reference to its schema.
    """
    limit_headers = _rate_limit_headers(route, method, declaration)
    responses: dict[str, Any] = {}
    for status, content in declaration.returns.items():
        headers = (
            "X-Request-ID",
            *(name for name in declaration.sends if name in RESPONSE_HEADERS),
            *limit_headers,
        )
        response = {
            "description": SUCCESS_DESCRIPTIONS.get(status, f"{HTTPStatus(status).phrase}."),
            "headers": _header_references(headers),
        }
        if isinstance(content, str):
            media = {"example": MEDIA_EXAMPLES[content]} if content in MEDIA_EXAMPLES else {}
            response["content"] = {content: media}
        elif content and status not in BODILESS_STATUSES:
            schema = refs[(content, "serialization")]
            response["content"] = _describe_content(schema, declaration)
        responses[str(status)] = response
    if "movie" in {info.name for info in route.params.values()}:
        status = 301 if "GET" in route.methods else 308
        headers = ("X-Request-ID", "Location", "Cache-Control", *limit_headers)
        responses[str(status)] = {
            "description": SUCCESS_DESCRIPTIONS[status],
            "headers": _header_references(headers),
        }
    for status in sorted(_error_statuses(route, method, declaration)):
        if str(status) not in responses:
            responses[str(status)] = _describe_error(
                status, route, declaration, refs, limit_headers
            )
    return responses


def _describe_error(
    status: int, route: Any, declaration: Operation, refs: Any, limit_headers: tuple[str, ...]
) -> dict[str, Any]:
    term = STATUSES[status]
    schema = refs[(declaration.error, "serialization")]
    headers = ("X-Request-ID", *ERROR_HEADERS.get(status, ()), *limit_headers)
    response = {"description": term.description, "headers": _header_references(headers)}
    if declaration.error is not Problem and status not in UNROUTED_STATUSES:
        return {**response, "content": _describe_content(schema, declaration)}
    example = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": term.detail,
        "code": term.code,
        "instance": openapi_path(route.path),
        "request_id": RESPONSE_HEADERS["X-Request-ID"].example,
    }
    problem_schema = refs[(Problem, "serialization")]
    content = {"application/problem+json": {"schema": problem_schema, "example": example}}
    if declaration.error is not Problem:
        content |= _describe_content(schema, declaration)
    return {**response, "content": content}


def _describe_content(schema: Any, declaration: Operation) -> dict[str, Any]:
    other: dict[str, Any] = {media_type: {} for media_type in declaration.other_media_types}
    return {"application/json": {"schema": schema}, **other}


def _rate_limit_headers(route: Any, method: str, declaration: Operation) -> tuple[str, ...]:
    """Return the headers of every response of a route that is limited, or that takes API keys."""
    is_limited = route.name.rpartition(".")[2] in LIMITED_ROUTES
    is_limited = is_limited or _takes_keys(declaration, method)
    return ("RateLimit-Policy", "RateLimit") if is_limited else ()


def _takes_keys(declaration: Operation, method: str) -> bool:
    return declaration.get_key_rule(method) not in ("refused", "ignored")


def _header_references(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _error_statuses(route: Any, method: str, declaration: Operation) -> set[int]:
    """Return the declared error statuses and those that follow from the other declarations.

    Every operation may refuse a header (400, 413) or a parameter (422). An API key may be wrong
    (401), lack a scope or be of no use here (403), and be used too often (429).
    """
    statuses = {400, 405, 408, 413, 422, 500, *declaration.errors}
    if declaration.access in ("user", "user_or_cookie", "admin"):
        statuses |= {401, 403, 503} if declaration.access == "admin" else {401, 503}
    if declaration.get_key_rule(method) != "ignored":
        statuses |= {401, 403, 429, 503} if _takes_keys(declaration, method) else {403}
    if route.params:
        statuses.add(404)
    if declaration.body:
        statuses |= {415, 503}
    return statuses
