"""The path of a request as it may be logged and shown: without the API key that it may hold."""

from sanic.request import Request

KEY_PARAMETER = "addon_key"
"""What a route calls the segment of its path that holds an API key."""

_HIDDEN = "***"


def describe_path(request: Request) -> str:
    """Return the path of the request with `***` in place of an API key."""
    template = request.route.path if request.route else ""
    if KEY_PARAMETER not in template:
        return str(request.path)
    segments = str(request.path).split("/")
    names = ["", *template.strip("/").split("/")]
    for position, name in enumerate(names[: len(segments)]):
        if name.startswith(f"<{KEY_PARAMETER}"):
            segments[position] = _HIDDEN
    return "/".join(segments)
