"""What several routes of films share: the answer to a write, and the cached responses it drops."""

import json

from sanic.request import Request
from sanic.response import HTTPResponse

from service.films.models import Film
from service.films.responses import etag, film_view
from service.http.dependencies import get_container
from service.http.requests import read_path_text
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


async def drop_cached_films(request: Request, *films: Film) -> None:
    """Let the client read its own write, although the index does not show it yet."""
    services = get_container(request)
    generation = await services.generation.current()
    names = {name for film in films for name in (str(film.id), film.imdb_id)} - {None}
    names.add(read_path_text(request.match_info["movie"]))
    for key in {to_cache_key(str(name)) for name in names}:
        await services.response_cache.invalidate("film", key, generation)


def to_cache_key(movie: str, year: int | None = None, type: str | None = None) -> str:
    """Return the key of a film's response: the same for an id in any letter case."""
    return json.dumps([to_address(movie) or movie, year, type])
