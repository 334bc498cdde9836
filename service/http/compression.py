"""Compress text for clients that accept it: Zstandard, Brotli or gzip (RFC 9110, 8.4).

Images are compressed already. Responses about accounts mix secrets with what a client sent, and
their compressed length would tell something about both (BREACH), so they are sent as they are.
"""

import asyncio
import gzip
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from sanic.request import Request
from sanic.response import HTTPResponse

from service.http.etags import add_encoding_suffix

MIN_COMPRESSED_BYTES = 1_000  # a smaller response fits into one packet anyway
MAX_INLINE_BYTES = 64 * 1024  # compressing more would hold up other requests
TEXT_TYPES = ("text/", "application/json", "application/problem+json", "image/svg+xml")
SECRET_PATHS = (
    "/api/v1/auth/",
    "/api/v1/me",
    "/api/v1/login",
    "/api/v1/users/register",
    "/api/auth/",
)


class Encoding(NamedTuple):
    """One content coding: its name, the suffix of its entity tags, and how to compress."""

    name: str
    suffix: str
    compress: Callable[[bytes], bytes]


def _import_if_installed(name: str) -> ModuleType | None:
    try:
        return import_module(name)
    except ImportError:
        return None


def _find_encodings() -> tuple[Encoding, ...]:
    """Return the encodings in the order of preference, where a client accepts several alike.

    An environment of an earlier release may lack the two libraries; gzip is always there.
    """
    encodings = []
    if zstandard := _import_if_installed("zstandard"):
        encodings.append(
            Encoding(
                "zstd", "zst", lambda body: bytes(zstandard.ZstdCompressor(level=3).compress(body))
            )
        )
    if brotli := _import_if_installed("brotli"):
        encodings.append(Encoding("br", "br", lambda body: bytes(brotli.compress(body, quality=4))))
    compress = partial(gzip.compress, compresslevel=6, mtime=0)
    return (*encodings, Encoding("gzip", "gz", compress))


ENCODINGS = _find_encodings()


async def compress_response(request: Request, response: HTTPResponse) -> None:
    """Compress the response if it is text of some length and the client accepts that."""
    body, headers = response.body, response.headers
    if not _is_compressible(request, response):
        return
    headers["Vary"] = ", ".join(dict.fromkeys([*headers.getall("Vary", []), "Accept-Encoding"]))
    encoding = choose_encoding(",".join(request.headers.getall("accept-encoding", [])))
    if encoding is None or not body or len(body) < MIN_COMPRESSED_BYTES:
        return
    if len(body) > MAX_INLINE_BYTES:
        response.body = await asyncio.to_thread(encoding.compress, body)
    else:
        response.body = encoding.compress(body)
    headers["Content-Encoding"] = encoding.name
    if etag := headers.get("ETag"):
        headers["ETag"] = add_encoding_suffix(etag, encoding.suffix)


def choose_encoding(accept: str, encodings: tuple[Encoding, ...] = ENCODINGS) -> Encoding | None:
    """Return the one of `encodings` that an `Accept-Encoding` header prefers, if any."""
    weights: dict[str, float] = {}
    for item in accept.lower().split(","):
        name, _, parameter = item.partition(";")
        weights[name.strip()] = _parse_weight(parameter)
    anything = weights.get("*", 0.0)
    ranked = [(weights.get(encoding.name, anything), encoding) for encoding in encodings]
    weight, best = max(ranked, key=lambda pair: pair[0])
    return best if weight > 0 else None


def _parse_weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _is_compressible(request: Request, response: HTTPResponse) -> bool:
    return (
        isinstance(response, HTTPResponse)
        and (response.content_type or "").startswith(TEXT_TYPES)
        and "Content-Encoding" not in response.headers
        and not request.path.startswith(SECRET_PATHS)
    )
