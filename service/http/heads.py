"""Refuse request heads that two servers could read in two ways (RFC 9112).

What Sanic lets pass, a proxy in front may read differently: that is how requests are smuggled, and
how control characters reach logs.
"""

import re

from sanic.exceptions import BadRequest, SanicException
from sanic.http import Http

_CONTROL_CHARACTER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP/1\.[01]")
_FIELD_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:")


def check_head(head: bytes) -> None:
    """Check the request line and the header fields of a request.

    Raises:
        BadRequest: the head is malformed or ambiguous.
    """
    request_line, *field_lines = head.split(b"\r\n")
    host_count = sum(line[:5].lower() == b"host:" for line in field_lines)
    is_valid = (
        _REQUEST_LINE.fullmatch(request_line)
        and all(map(_FIELD_LINE.match, field_lines))
        and not any(map(_CONTROL_CHARACTER.search, field_lines))
        and (host_count == 1 or (host_count == 0 and request_line.endswith(b"0")))
    )
    if not is_valid:
        raise BadRequest("The request's head is malformed.")


class SafeHttp(Http):
    """Sanic's HTTP/1.1, which answers 400 even if the malformed part is the address."""

    __slots__ = ()

    def create_empty_request(self) -> None:
        """Create the request that stands for one that could not be parsed."""
        try:
            super().create_empty_request()
        except SanicException:
            self.url = None
            super().create_empty_request()
