"""JSON responses and conditional responses, the same for every handler."""

from collections.abc import Mapping

import orjson
from pydantic import BaseModel
from sanic.request import Request
from sanic.response import HTTPResponse


def encode_json(value: object) -> bytes:
    """Return `value` as JSON; pydantic models and dataclasses are supported."""
    return orjson.dumps(value, default=_encode_model)


def _encode_model(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
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


def conditional_response(
    request: Request,
    value: object,
    etag: str,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> HTTPResponse:
    """Return `value` with a strong `ETag`, or 304 if the client has it (RFC 9110, 13.1.2)."""
    response_headers = {"ETag": f'"{etag}"', **(headers or {})}
    if_none_match = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if f'"{etag}"' in tags or "*" in tags:
        return HTTPResponse(status=304, headers=response_headers)
    return json_response(value, headers=response_headers, media_type=media_type)
