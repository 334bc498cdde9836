"""JSON responses and conditional responses, the same for every handler."""

from collections.abc import Mapping
from uuid import UUID

import orjson
from pydantic import BaseModel
from sanic.request import Request
from sanic.response import HTTPResponse

from service.http.etags import parse_entity_tags
from service.http.pagination import Links

NO_STORE = {"Cache-Control": "no-store"}
"""The header of what changes at any time, or is for one reader only."""


def encode_json(value: object) -> bytes:
    """Return `value` as JSON; pydantic models and dataclasses are supported."""
    return orjson.dumps(value, default=_encode_model)


def _encode_model(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, UUID):  # PostgreSQL's driver has a class of its own
        return str(value)
    raise TypeError(f"cannot be encoded as JSON: {type(value).__name__}")


def json_response(
    value: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> HTTPResponse:
    """Return `value` as a JSON response; bytes are sent unchanged."""
    return HTTPResponse(
        value if isinstance(value, bytes) else encode_json(value),
        status=status,
        headers=dict(headers or {}),
        content_type=media_type,
    )


def list_response(page: object, links: Links) -> HTTPResponse:
    """Return a page of a list that changes at any time, with its links as a header, too."""
    headers = dict(NO_STORE)
    if link := links.to_header():
        headers["Link"] = link
    return json_response(page, headers=headers)


def conditional_response(
    request: Request,
    value: object,
    etag: str,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> HTTPResponse:
    """Return `value` with a strong `ETag`, or 304 if the client has it (RFC 9110, 13.1.2).

    Raises:
        Malformed: `If-None-Match` is neither `*` nor a list of quoted tags.
    """
    response_headers = {"ETag": f'"{etag}"', **(headers or {})}
    header = ",".join(request.headers.getall("if-none-match", []))
    if header:
        tags = parse_entity_tags(header, "If-None-Match")
        match = next((tag for tag in tags or () if tag.opaque == etag), None)
        if match is not None:
            response_headers["ETag"] = match.text.removeprefix("W/")
        if tags is None or match is not None:
            # The type is not sent; by it, `Vary` is the same as that of the full response.
            return HTTPResponse(status=304, headers=response_headers, content_type=media_type)
    return json_response(value, headers=response_headers, media_type=media_type)
