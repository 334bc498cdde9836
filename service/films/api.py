"""The HTTP endpoints of one film: anyone may read it, admins change it under `If-Match`."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_admin
from service.accounts.idempotency import accept_idempotency_key
from service.errors import (
    DomainError,
    FieldError,
    Invalid,
)
from service.film_fields import FilmRow
from service.films.batch import find_films
from service.films.cached_films import find_requester, get_cached_film
from service.films.http_responses import film_response, index_token, to_cache_key
from service.films.if_match import parse_if_match
from service.films.models import Film
from service.films.requests import EpisodesQuery, FilmBatch, FilmQuery, LookupQuery
from service.films.responses import FilmView, film_view
from service.films.schemas import FilmFacts, FilmPatch
from service.films.seasons import EpisodeList, episode_list
from service.http.client_address import get_client_network
from service.http.dependencies import get_container
from service.http.openapi import Problem, operation
from service.http.problems import catch_problem
from service.http.requests import (
    PATCH_TYPES,
    read_body,
    read_path_text,
    read_query,
)
from service.http.responses import NO_STORE, conditional_response, encode_json, json_response
from service.text.film_addresses import to_address

bp = Blueprint("films", url_prefix="/api/v1/movies")

CACHE_HEADERS = {"Cache-Control": "public, max-age=0, stale-if-error=86400"}
FILM_HEADERS = ("ETag", "Cache-Control", "Cache-Status")
IF_MATCH = {"If-Match*": "The ETag of the film as last read, a list of tags, or `*`."}


@dataclass(frozen=True, slots=True)
class FilmAnswer:
    """One film of a batch with status 200, or why there is none."""

    status: Annotated[
        int,
        Field(description="200, or the status of the id alone.", examples=[200]),
    ]
    movie: Annotated[FilmView | None, Field(description="The film, with status 200.")]
    problem: Annotated[
        Problem | None, Field(description="Why there is none, with any other status.")
    ]


@dataclass(frozen=True, slots=True)
class FilmAnswers:
    """The answers in the order of the ids."""

    answers: Annotated[list[FilmAnswer], Field(description="One answer for each id.")]


@bp.get("/<movie:str>", name="show_film")
@operation(
    "Return a film by its id, IMDb id or full title; an unknown film is looked up in OMDb",
    query=FilmQuery,
    returns={200: FilmView, 304: None},
    errors=(404, 429, 502, 503),
    sends=FILM_HEADERS,
)
async def show(request: Request, movie: str) -> HTTPResponse:
    return await _show_film(request, read_path_text(movie), read_query(request, FilmQuery))


@bp.get("/lookup", name="look_up_film")
@operation(
    "Return the film of a full title; an unknown film is looked up in OMDb",
    query=LookupQuery,
    returns={200: FilmView, 304: None},
    errors=(404, 429, 502, 503),
    sends=FILM_HEADERS,
)
async def look_up(request: Request) -> HTTPResponse:
    query = read_query(request, LookupQuery)
    return await _show_film(request, query.title, query)


@bp.get("/<movie:str>/episodes", name="list_episodes")
@operation(
    "The episodes of a series, by season; a season that is not known is looked up in OMDb",
    query=EpisodesQuery,
    returns={200: EpisodeList},
    errors=(404, 429, 502, 503),
    sends=("Cache-Control",),
)
async def list_episodes(request: Request, movie: str) -> HTTPResponse:
    number = read_query(request, EpisodesQuery).season
    services, requester = get_container(request), await find_requester(request)
    series = await services.lookup.get(read_path_text(movie), requester)
    if number is None:
        seasons = await services.seasons.list_seasons(series, requester)
    else:
        seasons = [await services.seasons.get_season(series, number, requester)]
    total = await services.seasons.count_seasons(series, requester)
    return json_response(episode_list(seasons, total), headers=NO_STORE)


@bp.post("/batch", name="film_batch")
@operation(
    "Return up to a hundred films of the catalogue by their ids, each answered on its own",
    body=FilmBatch,
    returns={200: FilmAnswers},
    errors=(503,),
)
async def show_batch(request: Request) -> HTTPResponse:
    films = await find_films(read_body(request, FilmBatch).ids)
    now = get_container(request).now()

    async def answer(film: FilmRow | DomainError) -> FilmAnswer:
        if isinstance(film, DomainError):
            raise film
        return FilmAnswer(200, film_view(film, now), None)

    answers = [
        await catch_problem(
            request, partial(answer, film), lambda status, p: FilmAnswer(status, None, p)
        )
        for film in films
    ]
    return json_response(FilmAnswers(answers))


@bp.post("/", name="add_film", strict_slashes=False)
@accept_idempotency_key
@operation(
    "Add a film",
    body=FilmFacts,
    returns={201: FilmView},
    errors=(409,),
    sends=("Location", "ETag", "Index-Token"),
    access="admin",
)
async def add(request: Request) -> HTTPResponse:
    await require_admin(request)
    film = await get_container(request).catalogue.add(read_body(request, FilmFacts))
    return film_response(request, film, 201, {"Location": f"/api/v1/movies/{film.id}"})


@bp.put("/<movie:str>", name="replace_film")
@operation(
    "Replace all facts of a film",
    body=FilmFacts,
    returns={200: FilmView},
    errors=(404, 409, 412, 428),
    sends=("ETag", "Index-Token"),
    access="admin",
    headers=IF_MATCH,
)
async def replace(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    versions, facts = parse_if_match(request), read_body(request, FilmFacts)
    film = await get_container(request).catalogue.replace(read_path_text(movie), versions, facts)
    return film_response(request, film)


@bp.patch("/<movie:str>", name="amend_film")
@operation(
    "Change some facts of a film; omitted fields keep their values",
    body=FilmPatch,
    body_types=PATCH_TYPES,
    returns={200: FilmView},
    errors=(404, 409, 412, 428),
    sends=("ETag", "Index-Token"),
    access="admin",
    headers=IF_MATCH,
)
async def update(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    versions, patch = parse_if_match(request), read_body(request, FilmPatch, PATCH_TYPES)
    film = await get_container(request).catalogue.update(read_path_text(movie), versions, patch)
    return film_response(request, film)


@bp.delete("/<movie:str>", name="withdraw_film")
@operation(
    "Delete a film",
    returns={204: None},
    errors=(404, 409, 412, 428),
    sends=("Index-Token",),
    access="admin",
    headers=IF_MATCH,
)
async def delete(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    film = await get_container(request).catalogue.delete(
        read_path_text(movie), parse_if_match(request)
    )
    return HTTPResponse(status=204, headers={"Index-Token": index_token(film)})


async def _show_film(request: Request, movie: str, query: FilmQuery) -> HTTPResponse:
    is_id = to_address(movie) is not None
    surplus = [name for name in ("year", "type") if is_id and getattr(query, name) is not None]
    if surplus:
        reason = "goes with a title, not with an id"
        raise Invalid(f"{surplus[0]} {reason}.", errors=(FieldError(surplus[0], reason),))
    films = get_container(request).lookup
    find = partial(films.get, movie)
    if query.year is not None or query.type is not None:
        find = partial(films.get_by_title, movie, query.year, query.type)
    response = await get_cached_film(
        request, "film", to_cache_key(movie, query.year, query.type), find, _render_film
    )
    tag, film = response.tag, response.body
    headers = {**CACHE_HEADERS, **response.headers}
    if request.method == "GET":
        film_id = UUID(tag.partition(".")[0])
        get_container(request).trends.record_view(film_id, get_client_network(request))
    return conditional_response(request, film, tag, headers)


def _render_film(film: Film, now: datetime) -> bytes:
    return encode_json(film_view(film, now))
