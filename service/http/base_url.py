"""The address under which clients reach the service."""

import re

from sanic.request import Request

from service.http.dependencies import get_container

_HOST = re.compile(r"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")


def find_base_url(request: Request) -> str:
    """Return scheme and host under which people reach the service; empty if unreadable."""
    if (public_url := get_container(request).settings.public_url) is not None:
        return public_url
    host = request.host
    return f"{request.scheme}://{host}" if _HOST.fullmatch(host) else ""
