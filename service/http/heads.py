"""Refuse requests that two servers could read in two ways (RFC 9112).

What Sanic lets pass, a proxy in front may read differently: that is how requests are smuggled, and
how control characters reach logs.
"""

import re

from sanic.exceptions import BadRequest, SanicException
from sanic.http import Http

_CONTROL_CHARACTER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_REQUEST_LINE = re.compile(
    rb"(?:OPTIONS \*|[!#$%&'*+.^_`|~0-9A-Za-z-]+ (?:/|[A-Za-z][A-Za-z0-9+.-]*://)[\x21-\x7e]*)"
    rb" HTTP/1\.[01]"
)
_FIELD_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:")
_HOST_LINE = re.compile(
    rb"host:[ \t]*((?:[A-Za-z0-9._~!$&'()*+;=%-]*|\[[0-9A-Fa-f:.]+\])(?::\d*)?)[ \t]*",
    re.IGNORECASE,
)
_ABSOLUTE_TARGET = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")
_TARGET_WITHOUT_PATH = re.compile(_ABSOLUTE_TARGET.pattern + rb"(?![^?#])")
CHUNK_HEADER_START = 3  # behind the line end of the last chunk and one digit of the size
MAX_CHUNK_HEADER = 64  # bytes, as in Sanic
_DIGITS = {10: re.compile(r"[ \t]*[0-9]{1,19}[ \t]*"), 16: re.compile(r"[0-9A-Fa-f]{1,16}[ \t]*")}


def check_head(head: bytes) -> None:
    """Check the request line and the header fields of a request.

    Raises:
        BadRequest: the head is malformed or ambiguous.
    """
    request_line, *field_lines = head.split(b"\r\n")
    is_valid = (
        _REQUEST_LINE.fullmatch(request_line)
        and all(map(_FIELD_LINE.match, field_lines))
        and not any(map(_CONTROL_CHARACTER.search, field_lines))
        and _has_one_host(request_line, field_lines)
    )
    if not is_valid:
        raise BadRequest("The request's head is malformed.")


def _has_one_host(request_line: bytes, field_lines: list[bytes]) -> bool:
    """Return whether the request names one host; under HTTP/1.0 it may name none."""
    host_lines = [line for line in field_lines if line[:5].lower() == b"host:"]
    if not host_lines:
        return request_line.endswith(b"0")
    match = _HOST_LINE.fullmatch(host_lines[0])
    absolute = _ABSOLUTE_TARGET.match(request_line.split(b" ")[1])
    is_same = absolute is None or (match and absolute[1].lower() == match[1].lower())
    return len(host_lines) == 1 and match is not None and bool(is_same)


def complete_target(target: bytes) -> bytes:
    """Return a request's target with the path `/` if it has none: `http://host` (RFC 9112, 3.2.2).

    Sanic fails on such a request.
    """
    match = _TARGET_WITHOUT_PATH.match(target)
    return target[: match.end()] + b"/" + target[match.end() :] if match else target


class SafeHttp(Http):
    """Sanic's HTTP/1.1, which is strict about lengths and line ends.

    It answers 400 even if the malformed part is the address.
    """

    __slots__ = ()

    @property
    def upgrade_websocket(self) -> bool:
        """Return whether the connection has become a websocket, whatever `Upgrade` says.

        Sanic believes the header, and then ends neither a stalled body nor a slow handler.
        """
        return getattr(self.protocol, "websocket", None) is not None

    @upgrade_websocket.setter
    def upgrade_websocket(self, value: bool) -> None:
        """Ignore what Sanic read from the header."""

    async def read(self) -> bytes | None:
        """Read some bytes of the body.

        Raises:
            BadRequest: a chunk does not end with a line end, or its extension holds half of one;
                Sanic skips any two bytes at the end, and ignores extensions.
        """
        encoding: object = self.request_body  # "chunked", or whether there is a body
        if encoding == "chunked" and self.request_bytes_left == 0:
            await self._check_chunk_header()
        return await super().read()

    async def _check_chunk_header(self) -> None:
        """Check the end of the last chunk and the line with the next one's size."""
        buffer = self.recv_buffer
        while buffer.find(b"\r\n", CHUNK_HEADER_START) < 0 and len(buffer) <= MAX_CHUNK_HEADER:
            await self._receive_more()
        header = buffer[: buffer.find(b"\r\n", CHUNK_HEADER_START)]
        if header[:2] != b"\r\n" or _CONTROL_CHARACTER.search(header, 2):
            self.keep_alive = False
            raise BadRequest("Bad chunked encoding")

    @staticmethod
    def _safe_int(value: str, base: int = 10) -> int:
        """Parse a length; Python's `int` takes `0x2` and the digits of other scripts as well."""
        if not _DIGITS[base].fullmatch(value):
            raise ValueError
        return int(value, base)

    def create_empty_request(self) -> None:
        """Create the request that stands for one that could not be parsed."""
        try:
            super().create_empty_request()
        except SanicException:
            self.url = None
            super().create_empty_request()
        self.request.conn_info = self.protocol.conn_info  # log and metrics see whether it was lost
