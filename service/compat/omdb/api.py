"""The routes of OMDb's API: films by id or title, search results, posters."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import KEY_HEADER
from service.cache.response_cache import CachedResponse
from service.compat.errors import translate_errors
from service.compat.keys import apply_key
from service.compat.omdb.answers import SCRIPT, XML, encode_error, render
from service.compat.omdb.errors import (
    TOO_VAGUE,
    WRONG_ID,
    WRONG_INPUT,
    describe_not_found,
    translate_error,
)
from service.compat.omdb.films import (
    to_episode_film,
    to_omdb_film,
    to_omdb_hit,
    to_omdb_season,
)
from service.compat.omdb.requests import MAX_PAGE, OmdbPosterQuery, OmdbQuery, read_omdb_query
from service.compat.omdb.schemas import OmdbAnswer, OmdbError
from service.errors import BadUpstream, DomainError, Moved, NotAuthenticated, NotFound
from service.films.cached_films import CachedFilm, find_requester, get_cached_film
from service.films.models import Film
from service.films.schemas import FilmType
from service.http.base_url import find_base_url
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.rate_limits import count_in_class
from service.http.requests import validate
from service.http.responses import NO_STORE, encode_json
from service.posters.responses import CACHE_FILM_POSTER, poster_response
from service.resilience.rate_limiter import Requester
from service.search.budgeted_search import run_search
from service.search.requests import SearchQuery
from service.search.retrieval.work_threads import search_budget
from service.text.imdb_ids import parse_imdb_id

bp = Blueprint("omdb", url_prefix="/omdb")
translate_errors(bp, translate_error)

PAGE_SIZE = 10  # as clients expect who read all pages
SEARCH_SECONDS = 300.0  # a new generation of the index replaces cached answers before


@bp.get("/", name="omdb", strict_slashes=False)
@operation(
    "Answer as OMDb does: a film by id or title, or search results",
    query=OmdbQuery,
    returns={200: OmdbAnswer},
    sends=("Cache-Control", "Cache-Status"),
    errors=(401, 429, 500, 503),
    error=OmdbError,
    other_media_types=(SCRIPT, XML),
)
async def answer(request: Request) -> HTTPResponse:
    query = read_omdb_query(request, OmdbQuery)
    await _check_key(request, query.apikey)
    if (refusal := _find_fault(query)) is not None:
        return _respond(query, encode_error(refusal))
    if query.season is not None and (query.i or query.t):
        return _respond(query, await _get_season(request, query))
    if query.i or query.t:
        film = await _get_film(request, query)
        return _respond(query, film.body, NO_STORE | film.headers)
    await count_in_class(request, "search")
    page = await _get_page(request, query)
    return _respond(query, page.body.partition(b"\n")[2], NO_STORE | page.to_header())


@bp.get("/img", name="omdb_poster", strict_slashes=False)
@operation(
    "The poster of a film, or a placeholder with its title (SVG)",
    query=OmdbPosterQuery,
    returns={200: "image/*", 304: None},
    sends=("ETag", "Cache-Control"),
    errors=(401, 404, 429, 500, 503),
    error=OmdbError,
)
async def show_poster(request: Request) -> HTTPResponse:
    query = read_omdb_query(request, OmdbPosterQuery)
    await _check_key(request, query.apikey)
    if (imdb_id := parse_imdb_id((query.i or "").strip())) is None:
        raise NotFound("This is no IMDb id.", code="movie_not_found")
    film = await get_container(request).catalogue.get_current(imdb_id)
    image = await get_container(request).posters.get_poster(film, query.size)
    return poster_response(request, image, CACHE_FILM_POSTER)


@bp.on_response  # type: ignore[untyped-decorator]  # Sanic leaves this one untyped
async def allow_all_origins(_: Request, response: HTTPResponse) -> None:
    response.headers["Access-Control-Allow-Origin"] = "*"


def _respond(query: OmdbQuery, body: bytes, headers: Mapping[str, str] = NO_STORE) -> HTTPResponse:
    rendered, content_type = render(query, body)
    return HTTPResponse(rendered, headers=dict(headers), content_type=content_type)


async def _check_key(request: Request, apikey: str | None) -> None:
    """Require an API key of a user where the operator wants one. Raises what `apply_key` raises."""
    if not get_container(request).settings.omdb_wants_keys:
        return
    if apikey:
        await apply_key(request, apikey)
    elif KEY_HEADER not in request.headers:
        raise NotAuthenticated("An API key is required.", code="token_missing")


def _find_fault(query: OmdbQuery) -> str | None:
    """Return OMDb's words for a query that cannot be answered, or None."""
    if query.callback and query.function is None:
        return WRONG_INPUT
    if query.i:
        return None if parse_imdb_id(query.i.strip()) else WRONG_ID
    if query.t and query.t.strip():
        return None
    if query.s and query.s.strip():
        return None
    is_about_something = any(v is not None for v in (query.t, query.s, query.y, query.type))
    return WRONG_INPUT if is_about_something else WRONG_ID


async def _get_film(request: Request, query: OmdbQuery) -> CachedFilm:
    """Return the film by its id or by its title, year and type, rendered as JSON."""
    services, base_url = get_container(request), find_base_url(request)
    imdb_id = parse_imdb_id(query.i.strip()) if query.i else None
    year, film_type = (None, None) if imdb_id else (query.year, query.film_type)
    total_seasons: int | None = None

    async def find(requester: Requester | None) -> Film:
        nonlocal total_seasons
        film = await _find_film(request, imdb_id or str(query.t), year, film_type, requester)
        with suppress(DomainError):  # the rest of the film is known
            total_seasons = await services.seasons.count_seasons(film, requester)
        return film

    def render_film(film: Film, _: datetime) -> bytes:
        full = query.has_full_plot
        return encode_json(
            to_omdb_film(film, base_url, has_full_plot=full, total_seasons=total_seasons)
        )

    key = json.dumps([imdb_id or query.t, year, film_type, query.has_full_plot, base_url])
    return await get_cached_film(request, "omdb", key, find, render_film)


async def _get_season(request: Request, query: OmdbQuery) -> bytes:
    """Return a season, or an episode of it, as JSON. Raises NotFound."""
    services, requester = get_container(request), await find_requester(request)
    imdb_id = parse_imdb_id(query.i.strip()) if query.i else None
    if imdb_id:
        series = await _find_film(request, imdb_id, None, None, requester)
    else:
        series = await _find_film(request, str(query.t), query.year, "series", requester)
    if query.season_number is None:
        raise _episode_not_found_error()
    season = await services.seasons.get_season(series, query.season_number, requester)
    if query.episode is None:
        return encode_json(to_omdb_season(series, season))
    listed = [episode for episode in season.episodes if episode.episode == query.episode_number]
    if not listed:
        raise _episode_not_found_error()
    film = to_episode_film(listed[0])
    if film.imdb_id is not None:
        with suppress(NotFound, BadUpstream):  # then what the season says of it is all there is
            film = await _find_film(request, film.imdb_id, None, None, requester)
    numbers = {"Season": str(season.season), "Episode": str(listed[0].episode)}
    facts = to_omdb_film(film, find_base_url(request), has_full_plot=query.has_full_plot)
    return encode_json(facts | numbers | {"seriesID": series.imdb_id})


def _episode_not_found_error() -> NotFound:
    return NotFound("There is no such episode.", code="season_not_found")


async def _find_film(
    request: Request,
    movie: str,
    year: int | None,
    film_type: FilmType | None,
    requester: Requester | None,
) -> Film:
    lookup = get_container(request).lookup
    try:
        if year is None and film_type is None:
            return await lookup.get(movie, requester)
        return await lookup.get_by_title(movie, year, film_type, requester)
    except Moved as moved:  # clients follow no redirects
        return await lookup.get(moved.film_id, requester)


async def _get_page(request: Request, query: OmdbQuery) -> CachedResponse:
    """Return a page of search results as JSON, behind a line that says whether it is complete."""
    parts, base_url = get_container(request), find_base_url(request)
    params = {"q": query.s, "limit": PAGE_SIZE, "offset": (query.page_number - 1) * PAGE_SIZE}
    if query.film_type is not None:
        params["type"] = query.film_type
    if query.year is not None:
        params["year"] = query.year
    search_query = validate(SearchQuery, params, prefix="")

    async def render_page() -> bytes:
        result = await run_search(request, search_query.to_request(None, search_budget()))
        state = b"degraded\n" if result.degraded else b"\n"
        if not result.hits:
            has_words = any(map(str.isalnum, query.s or ""))
            return state + encode_error(describe_not_found(query) if has_words else TOO_VAGUE)
        hits = [to_omdb_hit(hit.film, base_url) for hit in result.hits]
        total = str(min(result.total, PAGE_SIZE * MAX_PAGE))  # no client can read more
        page = {"Search": hits, "totalResults": total, "Response": "True"}
        return state + encode_json(page)

    return await parts.response_cache.get_or_make(
        "omdb",
        json.dumps([search_query.cache_key, base_url]),
        await parts.generation.current(),
        SEARCH_SECONDS,
        render_page,
        is_cacheable=lambda body: body.startswith(b"\n"),
    )
