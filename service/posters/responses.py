"""The answer with an image, and how long caches may keep it."""

from sanic.request import Request
from sanic.response import HTTPResponse

from service.http.responses import conditional_response
from service.posters.service import PosterImage

CACHE_FOREVER = "public, max-age=31536000, immutable"
CACHE_FILM_POSTER = "public, max-age=300, stale-if-error=86400"
CACHE_PLACEHOLDER = "public, max-age=30"  # the poster may be stored any moment


def poster_response(request: Request, image: PosterImage, cache_control: str) -> HTTPResponse:
    """Return an image, or 304; a placeholder may be cached only for a moment."""
    headers = {"Cache-Control": CACHE_PLACEHOLDER if image.is_placeholder else cache_control}
    return conditional_response(request, image.data, image.etag, headers, image.media_type)
