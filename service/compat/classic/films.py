"""The films of the service that has them under `/api/movies`; its accounts: `film_accounts`.

Films are written by admins, with no version: the last write wins, and what `PUT` omits stays. That
service has no list of genres, so one that is new is added, as a file that is loaded adds it.
"""

from collections.abc import Awaitable, Callable

import orjson
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_admin
from service.cache.response_cache import CacheScope
from service.compat.charts import list_films
from service.compat.classic.film_schemas import (
    ClassicFacts,
    ClassicFault,
    ClassicFilm,
    ClassicFilms,
    ClassicResults,
    ClassicSearch,
    ClassicStatus,
    CreatedMessage,
)
from service.compat.classic.messages import Message, message_response, to_message
from service.compat.errors import ErrorAnswer, translate_errors
from service.compat.keys import AnyParameters, read_parameters
from service.database.faults import is_database_error, is_database_fault
from service.database.sql import fetch_rows
from service.film_fields import FilmRow
from service.films.genres import add_genre_names
from service.films.rows import SELECT, get_film_rows, parse_film_row
from service.http.base_url import find_base_url
from service.http.client_address import get_client_network
from service.http.dependencies import get_container
from service.http.openapi import Problem, operation
from service.http.requests import read_body, read_path_text
from service.http.responses import NO_STORE, encode_json, json_response
from service.search.budgeted_search import run_search
from service.search.criteria.filters import Filters, Range
from service.search.retrieval.search_request import Page, SearchRequest
from service.text.titles import compact_key

bp = Blueprint("classic_films", url_prefix="/api")

MAX_LISTED = 1_000  # films of the list of all: those with most votes, then the newest
MAX_FILMS = 100  # films of one search
POPULAR_FILMS = 20
POPULAR_SECONDS, SEARCH_SECONDS = 60.0, 300.0
FROM_CACHE, FROM_DATABASE = (f"Results retrieved from {name}" for name in ("cache", "database"))
TEXTS = {"movie_not_found": (404, "Movie not found"), "movie_exists": (409, "Movie already exists")}


def _translate(request: Request, problem: Problem) -> ErrorAnswer:
    if problem.code in TEXTS:
        status, text = TEXTS[problem.code]
        return ErrorAnswer(status, Message(message=text))
    return to_message(request, problem)


translate_errors(bp, _translate)


@bp.get("/auth/status", name="classic_auth_status")
@bp.get("/movies/status", name="classic_films_status")
@operation(
    "Whether the service reaches its database",
    query=AnyParameters,
    returns={200: ClassicStatus, 500: ClassicFault},
    key="ignored",
    error=Message,
)
async def show_status(request: Request) -> HTTPResponse:
    try:
        await fetch_rows("SELECT 1")
    except Exception as error:
        if not (is_database_fault(error) or is_database_error(error)):
            raise
        return json_response(ClassicFault(), 500, NO_STORE)
    return json_response(ClassicStatus(), headers=NO_STORE)


@bp.get("/movies", name="classic_films")
@operation(
    "All films, at most a thousand: those with most votes of IMDb's users, then the newest",
    query=AnyParameters,
    returns={200: ClassicFilms},
    errors=(429, 503),
    error=Message,
)
async def list_all(request: Request) -> HTTPResponse:
    voted = await fetch_rows(
        f"{SELECT} WHERE imdb_votes IS NOT NULL ORDER BY imdb_votes DESC LIMIT $1", MAX_LISTED
    )
    others = await fetch_rows(
        f"{SELECT} WHERE imdb_votes IS NULL ORDER BY id DESC LIMIT $1", MAX_LISTED - len(voted)
    )
    films = [parse_film_row(row) for row in (*voted, *others)]
    return json_response(_to_views(request, films), headers=NO_STORE)


@bp.get("/movies/popular", name="classic_popular_films")
@operation(
    "The twenty most popular films",
    query=AnyParameters,
    returns={200: ClassicResults},
    errors=(503,),
    error=Message,
)
async def show_popular(request: Request) -> HTTPResponse:
    async def find() -> list[FilmRow]:
        film_ids = [str(film_id) for film_id in await list_films(request, "popular")]
        films = {str(film.id): film for film in await get_film_rows(film_ids[:POPULAR_FILMS])}
        return [films[film_id] for film_id in film_ids if film_id in films]

    return await _cached_results(request, "popular", "", POPULAR_SECONDS, find)


@bp.get("/movies/search", name="classic_search")
@operation(
    "Find films by title, genre and rating",
    query=ClassicSearch,
    returns={200: ClassicResults},
    errors=(429, 503),
    error=Message,
)
async def search(request: Request) -> HTTPResponse:
    query = read_parameters(request, ClassicSearch)
    genres = tuple(compact_key(name) for name in (query.genre or "").split(",") if name.strip())

    async def find() -> list[FilmRow]:
        filters = Filters(genres=genres, ratings=Range(query.min_rating, query.max_rating))
        result = await run_search(
            request,
            SearchRequest(text=query.title or None, filters=filters, page=Page(MAX_FILMS)),
        )
        return [hit.film for hit in result.hits]

    key = query.model_dump_json(exclude_unset=True)
    return await _cached_results(request, "search", key, SEARCH_SECONDS, find)


@bp.get("/movies/<movie:str>", name="classic_film")
@operation(
    "A film by its id or IMDb id",
    query=AnyParameters,
    returns={200: ClassicFilm},
    errors=(404, 503),
    error=Message,
)
async def show_film(request: Request, movie: str) -> HTTPResponse:
    services = get_container(request)
    film = await services.catalogue.get(read_path_text(movie))
    services.trends.record_view(film.id, get_client_network(request))
    view = ClassicFilm.from_film(film, find_base_url(request))
    return json_response(view, headers=NO_STORE)


@bp.post("/movies", name="classic_add_film")
@operation(
    "Add a film",
    query=AnyParameters,
    body=ClassicFacts,
    returns={201: CreatedMessage},
    errors=(409,),
    access="admin",
    error=Message,
)
async def add_film(request: Request) -> HTTPResponse:
    await require_admin(request)
    facts = read_body(request, ClassicFacts).to_facts()
    await add_genre_names(facts.genres)
    film = await get_container(request).catalogue.add(facts)
    return message_response(CreatedMessage(message="Movie created", id=str(film.id)), 201)


@bp.put("/movies/<movie:str>", name="classic_change_film")
@operation(
    "Change a film; what is omitted stays",
    query=AnyParameters,
    body=ClassicFacts,
    returns={200: Message},
    errors=(404, 409),
    access="admin",
    error=Message,
)
async def change_film(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    catalogue, patch = get_container(request).catalogue, read_body(request, ClassicFacts).to_patch()
    film = await catalogue.get(read_path_text(movie))
    await add_genre_names(patch.genres)
    await catalogue.update(str(film.id), None, patch)
    return message_response("Movie updated successfully")


@bp.delete("/movies/cache/clear", name="classic_clear_cache")
@operation(
    "Delete all cached responses",
    query=AnyParameters,
    returns={200: Message},
    errors=(503,),
    access="admin",
    error=Message,
)
async def clear_cache(request: Request) -> HTTPResponse:
    await require_admin(request)
    await get_container(request).response_cache.clear()
    return message_response("All cache cleared successfully")


@bp.delete("/movies/<movie:str>", name="classic_delete_film")
@operation(
    "Delete a film",
    query=AnyParameters,
    returns={200: Message},
    errors=(404,),
    access="admin",
    error=Message,
)
async def delete_film(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    await get_container(request).catalogue.delete(read_path_text(movie), None)
    return message_response("Movie deleted successfully")


async def _cached_results(
    request: Request,
    scope: CacheScope,
    key: str,
    seconds: float,
    find: Callable[[], Awaitable[list[FilmRow]]],
) -> HTTPResponse:
    """Return films, and say whether they come from the cache."""
    services = get_container(request)

    async def render() -> bytes:
        return encode_json(_to_views(request, await find()))

    cached = await services.response_cache.get_or_make(
        scope,
        f"classic {find_base_url(request)} {key}",
        await services.generation.current(),
        seconds,
        render,
    )
    message = FROM_CACHE if cached.status == "hit" else FROM_DATABASE
    body = {"message": message, "data": orjson.Fragment(cached.body)}
    return json_response(orjson.dumps(body), headers=NO_STORE)


def _to_views(request: Request, films: list[FilmRow]) -> list[ClassicFilm]:
    base_url = find_base_url(request)
    return [ClassicFilm.from_film(film, base_url) for film in films]
