"""The hosts that clients of other services have built in, and where they are answered here.

Such a client reaches this service by an entry in its hosts file, and asks for the paths of the
other one. Where the API of that service is not enabled, the path that is answered is unknown.
"""

from collections.abc import Mapping

ROOTS: Mapping[str, bytes] = {
    "omdbapi.com": b"/omdb/",
    "www.omdbapi.com": b"/omdb/",
    "img.omdbapi.com": b"/omdb/img",
}
"""What stands for `/` at each host."""


def translate_target(target: bytes, host: str) -> bytes:
    """Return the target of a request for a host, which is another one at the root of `ROOTS`."""
    root = ROOTS.get(host.partition(":")[0].lower())
    path, mark, query = target.partition(b"?")
    return root + mark + query if root is not None and path == b"/" else target
