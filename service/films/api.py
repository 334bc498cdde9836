"""The HTTP endpoints of one film: anyone may read it, admins change it under `If-Match`."""

import re
from uuid import UUID

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_admin
from service.cache.response_cache import CachedResponse
from service.errors import VersionRequired
from service.films.models import Film
from service.films.responses import FilmView, etag, film_view
from service.films.schemas import FilmFacts, FilmPatch
from service.films.versions import FilmVersion
from service.http.dependencies import get_container
from service.http.etags import parse_entity_tags
from service.http.openapi import operation
from service.http.requests import get_client_address, read_body, read_path_text
from service.http.responses import conditional_response, encode_json, json_response

bp = Blueprint("films", url_prefix="/api/v1/movies")

CACHE_SECONDS = 60.0  # a write drops the response long before
CACHE_HEADERS = {"Cache-Control": "public, max-age=60, stale-if-error=86400"}
IF_MATCH = {"If-Match*": "the ETag of the film as last read"}
FILM_TAG = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9]{1,18})\.[0-9]{1,18}")


@bp.get("/<movie:str>", name="show_film")
@operation(
    "Return a film by its id, IMDb id or full title; an unknown film is looked up in OMDb",
    returns={200: FilmView, 304: None},
    errors=(400, 404, 429, 503),
)
async def show(request: Request, movie: str) -> HTTPResponse:
    response = await _get_cached_film(request, read_path_text(movie))
    tag, _, film = response.body.partition(b"\n")
    headers = {**CACHE_HEADERS, **response.to_header()}
    return conditional_response(request, film, tag.decode(), headers)


@bp.post("/", name="add_film", strict_slashes=False)
@operation(
    "Add a film",
    body=FilmFacts,
    returns={201: FilmView},
    errors=(409,),
    access="admin",
)
async def add(request: Request) -> HTTPResponse:
    await require_admin(request)
    film = await get_container(request).catalogue.add(read_body(request, FilmFacts))
    return _film_response(request, film, 201, {"Location": f"/api/v1/movies/{film.id}"})


@bp.put("/<movie:str>", name="replace_film")
@operation(
    "Replace all facts of a film",
    body=FilmFacts,
    returns={200: FilmView},
    errors=(404, 409, 412, 428),
    access="admin",
    headers=IF_MATCH,
)
async def replace(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    versions, facts = parse_if_match(request), read_body(request, FilmFacts)
    film = await get_container(request).catalogue.replace(read_path_text(movie), versions, facts)
    await _drop_cached_film(request, film)
    return _film_response(request, film)


@bp.patch("/<movie:str>", name="amend_film")
@operation(
    "Change some facts of a film; omitted fields keep their values",
    body=FilmPatch,
    returns={200: FilmView},
    errors=(404, 409, 412, 428),
    access="admin",
    headers=IF_MATCH,
)
async def update(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    versions, patch = parse_if_match(request), read_body(request, FilmPatch)
    film = await get_container(request).catalogue.update(read_path_text(movie), versions, patch)
    await _drop_cached_film(request, film)
    return _film_response(request, film)


@bp.delete("/<movie:str>", name="withdraw_film")
@operation(
    "Delete a film",
    returns={204: None},
    errors=(404, 412, 428),
    access="admin",
    headers=IF_MATCH,
)
async def delete(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    film = await get_container(request).catalogue.delete(
        read_path_text(movie), parse_if_match(request)
    )
    await _drop_cached_film(request, film)
    return HTTPResponse(status=204, headers={"Index-Token": _index_token(film)})


def parse_if_match(request: Request) -> list[FilmVersion] | None:
    """Return the versions in `If-Match`, or None for `*`.

    A tag that is weak, or not a film's, matches no version.

    Raises:
        VersionRequired: there is no `If-Match`.
        Malformed: it is neither `*` nor a list of quoted tags.
    """
    header = ",".join(request.headers.getall("if-match", []))
    if not header:
        raise VersionRequired("If-Match must carry the ETag of the film as last read.")
    tags = parse_entity_tags(header, "If-Match")
    if tags is None:
        return None
    matches = [FILM_TAG.fullmatch(tag.opaque) for tag in tags if not tag.is_weak]
    return [FilmVersion(UUID(match[1]), int(match[2])) for match in matches if match]


async def _get_cached_film(request: Request, movie: str) -> CachedResponse:
    """Return the film's entity tag and, on the next line, its JSON."""
    services = get_container(request)

    async def render_film() -> bytes:
        film = await services.lookup.get(movie, get_client_address(request))
        return etag(film).encode() + b"\n" + encode_json(film_view(film, services.now()))

    return await services.response_cache.get_or_make(
        "film", movie, await services.generation.current(), CACHE_SECONDS, render_film
    )


def _film_response(
    request: Request, film: Film, status: int = 200, more_headers: dict[str, str] | None = None
) -> HTTPResponse:
    headers = {"ETag": f'"{etag(film)}"', "Index-Token": _index_token(film)}
    body = film_view(film, get_container(request).now())
    return json_response(body, status, headers | (more_headers or {}))


def _index_token(film: Film) -> str:
    return f"{film.id}:{film.version}"


async def _drop_cached_film(request: Request, film: Film) -> None:
    """Let the client read its own write, although the index does not show it yet."""
    services = get_container(request)
    generation = await services.generation.current()
    for name in {str(film.id), film.imdb_id, read_path_text(request.match_info["movie"])} - {None}:
        await services.response_cache.invalidate("film", str(name), generation)
