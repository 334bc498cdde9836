"""What several routes of films share: the answer to a write, and the keys of cached responses."""

import json

from sanic.request import Request
from sanic.response import HTTPResponse

from service.films.models import Film
from service.films.responses import etag, film_view
from service.http.dependencies import get_container
from service.http.responses import json_response
from service.text.film_addresses import to_address


def film_response(
    request: Request, film: Film, status: int = 200, more_headers: dict[str, str] | None = None
) -> HTTPResponse:
    """Answer a write with the film as it is now."""
    headers = {"ETag": f'"{etag(film)}"', "Index-Token": index_token(film)}
    body = film_view(film, get_container(request).now())
    return json_response(body, status, headers | (more_headers or {}))


def index_token(film: Film) -> str:
    return f"{film.id}:{film.version}"


def to_cache_key(movie: str, year: int | None = None, type: str | None = None) -> str:
    """Return the key of a film's response: the same for an id in any letter case."""
    return json.dumps([to_address(movie) or movie, year, type])
