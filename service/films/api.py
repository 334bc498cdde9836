"""The door to one film: shown to anyone, written by admins who have seen what they change."""

import re

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_admin
from service.cache.response_cache import CachedResponse
from service.errors import Malformed, VersionRequired
from service.films.models import Film
from service.films.responses import FilmView, etag, film_view
from service.films.schemas import FilmFacts, FilmPatch
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import get_client_address, read_body, read_path_text
from service.http.responses import conditional_response, encode_json, json_response

bp = Blueprint("films", url_prefix="/api/v1/movies")

KEPT = 60.0  # seconds; a write puts the answer out of use long before
FRESH = {"Cache-Control": "public, max-age=60, stale-if-error=86400"}
IF_MATCH = {"If-Match*": "the ETag of the film as you have seen it"}
VERSION = re.compile(r'^"?(\d{1,18})(?:\.\d{1,18})?"?$')


@bp.get("/<movie:str>", name="show_film")
@operation(
    "Show a film by our id, its IMDb id, or its whole title; what is not known yet is looked up",
    returns={200: FilmView, 304: None},
    errors=(400, 404, 429, 503),
)
async def show(request: Request, movie: str) -> HTTPResponse:
    named = read_path_text(movie)
    kept = await _shown(request, named)
    tag, _, film = kept.body.partition(b"\n")
    return conditional_response(request, film, tag.decode(), {**FRESH, **kept.header()})


@bp.post("/", name="add_film", strict_slashes=False)
@operation(
    "Add a film by hand",
    body=FilmFacts,
    returns={201: FilmView},
    errors=(409,),
    access="admin",
)
async def add(request: Request) -> HTTPResponse:
    await require_admin(request)
    film = await get_container(request).catalogue.add(read_body(request, FilmFacts))
    return _written(request, film, 201, {"Location": f"/api/v1/movies/{film.id}"})


@bp.put("/<movie:str>", name="replace_film")
@operation(
    "Replace all that is known of a film",
    body=FilmFacts,
    returns={200: FilmView},
    errors=(404, 409, 412, 428),
    access="admin",
    headers=IF_MATCH,
)
async def replace(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    seen, facts = parse_if_match(request), read_body(request, FilmFacts)
    film = await get_container(request).catalogue.replace(read_path_text(movie), seen, facts)
    return await _changed(request, film)


@bp.patch("/<movie:str>", name="amend_film")
@operation(
    "Change some facts of a film; what is not mentioned stays",
    body=FilmPatch,
    returns={200: FilmView},
    errors=(404, 409, 412, 428),
    access="admin",
    headers=IF_MATCH,
)
async def amend(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    seen, patch = parse_if_match(request), read_body(request, FilmPatch)
    film = await get_container(request).catalogue.update(read_path_text(movie), seen, patch)
    return await _changed(request, film)


@bp.delete("/<movie:str>", name="withdraw_film")
@operation(
    "Delete a film",
    returns={204: None},
    errors=(404, 412, 428),
    access="admin",
    headers=IF_MATCH,
)
async def withdraw(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    film = await get_container(request).catalogue.delete(
        read_path_text(movie), parse_if_match(request)
    )
    await _forget(request, film)
    return HTTPResponse(status=204, headers={"Index-Token": f"{film.id}:{film.version}"})


def parse_if_match(request: Request) -> int | None:
    """The version in `If-Match`, or None for `*`; the part after the dot does not count.

    Raises:
        VersionRequired: there is no `If-Match`.
        Malformed: it is not an ETag of ours.
    """
    said = request.headers.get("if-match")
    if said is None:
        raise VersionRequired("If-Match must carry the ETag of the film as you have seen it.")
    if said.strip() == "*":
        return None
    found = VERSION.match(said.strip())
    if found is None:
        raise Malformed("If-Match is not an ETag of a film.", code="malformed_etag")
    return int(found[1])


async def _shown(request: Request, movie: str) -> CachedResponse:
    """The film's tag and JSON, kept or made now."""
    made = get_container(request)

    async def make() -> bytes:
        film = await made.lookup.get(movie, get_client_address(request))
        return etag(film).encode() + b"\n" + encode_json(film_view(film, made.now()))

    return await made.response_cache.get_or_make(
        "film", movie, await made.generation.current(), KEPT, make
    )


async def _changed(request: Request, film: Film) -> HTTPResponse:
    await _forget(request, film)
    return _written(request, film, 200, {})


def _written(request: Request, film: Film, status: int, headers: dict[str, str]) -> HTTPResponse:
    said = {"ETag": f'"{etag(film)}"', "Index-Token": f"{film.id}:{film.version}", **headers}
    return json_response(film_view(film, get_container(request).now()), status, said)


async def _forget(request: Request, film: Film) -> None:
    """Let whoever wrote the film read it as written, though it is not indexed yet."""
    made = get_container(request)
    generation = await made.generation.current()
    for name in {str(film.id), film.imdb_id, read_path_text(request.match_info["movie"])} - {None}:
        await made.response_cache.drop("film", str(name), generation)
