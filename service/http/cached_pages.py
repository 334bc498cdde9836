"""Pages for anybody, rendered once and kept for a while: search results, lists, suggestions."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from sanic.request import Request
from sanic.response import HTTPResponse

from service.cache.ready_answers import ReadyAnswer
from service.cache.response_cache import CachedResponse, CacheScope
from service.http.compression import compress_response
from service.http.dependencies import get_container
from service.http.pagination import Links
from service.http.responses import NO_STORE, encode_json, json_response
from service.observability.metrics import CACHE_REQUESTS

CACHEABLE = {"Cache-Control": "public, max-age=10, stale-if-error=3600"}

Rendered = tuple[Links | None, Any]
"""A page and its links, ready to be encoded."""


async def cached_page(
    request: Request,
    scope: CacheScope,
    key: str,
    seconds: float,
    render: Callable[[], Awaitable[Rendered]],
) -> HTTPResponse:
    """Answer with the cached page, or with one rendered now; a degraded page is not cached.

    Args:
        seconds: to keep the page, unless a new generation of the index replaces it before.
    """
    parts = get_container(request)
    generation = await parts.generation.current()
    cached = await parts.response_cache.get_or_make(
        scope, key, generation, seconds, render, encode=encode_page, is_cacheable=is_cacheable
    )
    headers, body = decode_page(cached.body)
    return json_response(body, headers=headers | cached.to_header())


async def ready_page(
    request: Request, scope: CacheScope, answer: Callable[[Request], Awaitable[HTTPResponse]]
) -> HTTPResponse:
    """Answer as this process did to the same query a moment ago, or with what `answer` returns.

    Only a cacheable page that waited for nothing is kept.
    """
    parts = get_container(request)
    accepted = ",".join(request.headers.getall("accept-encoding", []))
    key = (request.method, request.path, request.query_string, accepted)
    ready = parts.response_cache.ready.get(key)
    if ready is not None and ready.generation == await parts.generation.current():
        CACHE_REQUESTS.labels(scope, "hit").inc()
        return json_response(ready.body, headers=ready.headers)
    generation = parts.generation.last_read  # `answer` may see a newer index, never an older one
    response = await answer(request)
    if _is_ready(response):
        await compress_response(request, response)
        headers = dict(response.headers) | CachedResponse(b"", "hit").to_header()
        parts.response_cache.ready.put(key, ReadyAnswer(generation, headers, response.body or b""))
    return response


def _is_ready(response: HTTPResponse) -> bool:
    """Return whether a response may be sent to others as it is."""
    is_public = response.headers.get("Cache-Control") == CACHEABLE["Cache-Control"]
    return response.status == 200 and is_public and "Index-Token" not in response.headers


def encode_page(rendered: Rendered) -> bytes:
    """Return a page behind a line with its headers, so that all who share it send the same."""
    links, page = rendered
    link = links.to_header() if links else ""
    is_degraded = bool(getattr(page, "degraded", ()))
    headers = (NO_STORE if is_degraded else CACHEABLE) | ({"Link": link} if link else {})
    return encode_json(headers) + b"\n" + encode_json(page)


def decode_page(encoded: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of an encoded page."""
    headers, _, body = encoded.partition(b"\n")
    return orjson.loads(headers), body


def is_cacheable(encoded: bytes) -> bool:
    """Return whether the page may be given to others later."""
    return decode_page(encoded)[0]["Cache-Control"] == CACHEABLE["Cache-Control"]
