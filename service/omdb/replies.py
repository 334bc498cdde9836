"""Read one reply of OMDb's server, without trusting it or the HTTP library."""

import re

import aiohttp

from service.resilience.causes import describe_cause

MAX_REPLY_BYTES = 256 * 1024  # the longest replies about one film have some ten thousand
CHUNK_BYTES = 16 * 1024


class TransientError(Exception):
    """The server did not reply usefully; another attempt may succeed."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class UnreadableReply(Exception):
    """The server replied about this film, in a form that cannot be parsed."""


def build_key_pattern(key: str) -> re.Pattern[str]:
    """Return a pattern of the key as an address may hold it: each character plain or encoded."""
    forms = (("".join(f"%{byte:02x}" for byte in c.encode()), re.escape(c)) for c in key)
    characters = [f"(?:{encoded}|{plain})" for encoded, plain in forms]
    return re.compile("".join(characters), re.IGNORECASE)


async def prevent_library_retry(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request by itself: the quota would not count it."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise TransientError(describe_cause(error)) from None


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """Return the body; raise an error if it is longer than any real reply."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_REPLY_BYTES:
            reason = f"more than {MAX_REPLY_BYTES} bytes"
            raise UnreadableReply(reason) if response.status == 200 else TransientError(reason)
    return bytes(body)
