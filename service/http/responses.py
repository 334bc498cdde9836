"""What every door says in the same way: JSON, pages with their links, conditional answers."""

from collections.abc import Mapping

import orjson
from pydantic import BaseModel
from sanic.request import Request
from sanic.response import HTTPResponse


def encode_json(value: object) -> bytes:
    """`value` as JSON; pydantic models and frozen dataclasses included."""
    return orjson.dumps(value, default=_encode_model)


def _encode_model(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"cannot be JSON: {type(value).__name__}")


def json_response(
    value: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> HTTPResponse:
    """`value` as a JSON response; bytes are sent as they are."""
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
    """`value` under a strong `ETag`; 304 if the client has it already (RFC 9110, 13.1.2)."""
    response_headers = {"ETag": f'"{etag}"', **(headers or {})}
    if_none_match = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if f'"{etag}"' in tags or "*" in tags:
        return HTTPResponse(status=304, headers=response_headers)
    return json_response(value, headers=response_headers, media_type=media_type)
