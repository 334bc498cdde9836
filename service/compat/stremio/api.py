"""An add-on for Stremio: its manifest, catalogues and the facts of films.

With an API key in the path, the watchlist of the key's owner is a catalogue, too. Stremio reads the
add-on from pages of other origins, so every answer may be read by all of them. An error is an
object with `err`, as add-ons that are made with Stremio's SDK answer.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_user
from service.compat.charts import is_chart, list_films
from service.compat.errors import ErrorAnswer, translate_errors
from service.compat.keys import AnyParameters, apply_key, read_parameters
from service.compat.stremio.responses import (
    MAX_SEARCH_SKIP,
    PAGE_SIZE,
    STREMIO_TYPES,
    WATCHLIST,
    CatalogExtra,
    Manifest,
    MetaAnswer,
    MetaPreviews,
    StremioError,
    build_manifest,
    film_meta,
    film_preview,
)
from service.errors import NotFound
from service.film_fields import FilmRow
from service.films.cached_films import find_requester
from service.films.models import Genre
from service.films.rows import get_film_row, get_film_rows, get_rows_by_id
from service.films.seasons import Season
from service.http.base_url import find_base_url
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import read_path_text, validate
from service.http.responses import NO_STORE, json_response
from service.search.budgeted_search import run_search
from service.search.criteria.filters import Filters
from service.search.retrieval.search_request import Page, SearchRequest
from service.text.imdb_ids import parse_imdb_id
from service.text.titles import compact_key

bp = Blueprint("stremio", url_prefix="/stremio")

SUFFIX = ".json"
SELECT_KINDS = "SELECT id, imdb_id, type, genres FROM films"
ERRORS = (401, 403, 404, 429, 503)


@bp.on_response  # type: ignore[untyped-decorator]  # Sanic leaves this one untyped
async def allow_all_origins(_: Request, response: HTTPResponse) -> None:
    response.headers["Access-Control-Allow-Origin"] = "*"


translate_errors(
    bp, lambda _, problem: ErrorAnswer(problem.status, StremioError(err=problem.detail))
)


@bp.get("/manifest.json", name="stremio_manifest")
@bp.get("/<addon_key:str>/manifest.json", name="stremio_manifest_of_key")
@operation(
    "The manifest of the add-on for Stremio",
    query=AnyParameters,
    returns={200: Manifest},
    errors=ERRORS,
    sends=("Cache-Control",),
    access="optional",
    error=StremioError,
)
async def show_manifest(request: Request, addon_key: str | None = None) -> HTTPResponse:
    await _apply_key(request, addon_key)
    genres = await Genre.all().order_by("name").values_list("name", flat=True)
    manifest = build_manifest(
        get_container(request).version, list(map(str, genres)), has_watchlist=addon_key is not None
    )
    return json_response(manifest.encode(), headers=NO_STORE)


@bp.get("/catalog/<title_type:str>/<catalog_file:str>", name="stremio_catalog")
@bp.get("/catalog/<title_type:str>/<catalog:str>/<extra:str>", name="stremio_catalog_page")
@bp.get(
    "/<addon_key:str>/catalog/<title_type:str>/<catalog_file:str>", name="stremio_catalog_of_key"
)
@bp.get(
    "/<addon_key:str>/catalog/<title_type:str>/<catalog:str>/<extra:str>",
    name="stremio_catalog_page_of_key",
)
@operation(
    "A catalogue for Stremio: popular, trending, a search; with a key the watchlist",
    query=CatalogExtra,
    returns={200: MetaPreviews},
    errors=ERRORS,
    sends=("Cache-Control",),
    access="optional",
    error=StremioError,
)
async def show_catalog(
    request: Request,
    *,
    title_type: str,
    catalog_file: str = "",
    catalog: str = "",
    extra: str | None = None,
    addon_key: str | None = None,
) -> HTTPResponse:
    await _apply_key(request, addon_key)
    if title_type not in STREMIO_TYPES:
        raise _not_found_error()
    if extra is None:
        catalog_id, options = _strip_suffix(catalog_file), read_parameters(request, CatalogExtra)
    else:
        pairs = parse_qsl(_strip_suffix(extra, is_decoded=False), keep_blank_values=True)
        catalog_id, options = read_path_text(catalog), validate(CatalogExtra, dict(pairs), "")
    films = await _find_catalog_films(
        request,
        catalog_id,
        Filters(types=(title_type,), genres=(compact_key(options.genre),) if options.genre else ()),
        options,
    )
    base_url = find_base_url(request)
    metas = [film_preview(film, base_url) for film in films if film.imdb_id is not None]
    return json_response(MetaPreviews(metas=metas).encode(), headers=NO_STORE)


@bp.get("/meta/<title_type:str>/<title:str>", name="stremio_meta")
@bp.get("/<addon_key:str>/meta/<title_type:str>/<title:str>", name="stremio_meta_of_key")
@operation(
    "All that is known of a film, of a series its episodes too, for Stremio",
    query=AnyParameters,
    returns={200: MetaAnswer},
    errors=ERRORS,
    sends=("Cache-Control",),
    access="optional",
    error=StremioError,
)
async def show_meta(
    request: Request, title_type: str, title: str, addon_key: str | None = None
) -> HTTPResponse:
    await _apply_key(request, addon_key)
    imdb_id = parse_imdb_id(_strip_suffix(title))
    film = await get_film_row(imdb_id) if imdb_id else None
    if film is None or film.type != title_type or title_type not in STREMIO_TYPES:
        raise _not_found_error()
    seasons: list[Season] = []
    if film.type == "series":
        requester = await find_requester(request)
        seasons = await get_container(request).seasons.list_all_seasons(film, requester)
    answer = MetaAnswer(meta=film_meta(film, find_base_url(request), seasons))
    return json_response(answer.encode(), headers=NO_STORE)


async def _apply_key(request: Request, key: str | None) -> None:
    if key is not None:
        await apply_key(request, read_path_text(key))


def _strip_suffix(segment: str, *, is_decoded: bool = True) -> str:
    """Return a segment of the path without `.json`. Raises NotFound."""
    if not segment.endswith(SUFFIX):
        raise _not_found_error()
    name = segment.removesuffix(SUFFIX)
    return read_path_text(name) if is_decoded else name


async def _find_catalog_films(
    request: Request, catalog_id: str, filters: Filters, options: CatalogExtra
) -> Sequence[FilmRow]:
    """Return a page of a catalogue. Raises NotFound, and Invalid for an unreadable search."""
    services = get_container(request)
    if catalog_id == "search":
        return await _search(request, filters, options)
    if is_chart(catalog_id):
        film_ids = await list_films(request, catalog_id)
    elif catalog_id == WATCHLIST:
        user = await require_user(request)
        entries = await services.watchlists.sort_entries(user.user_id, "-added")
        film_ids = [sorted_entry.entry.film_id for sorted_entry in entries]
    else:
        raise _not_found_error()
    return await _read_page(film_ids, filters, options.skip)


async def _search(request: Request, filters: Filters, options: CatalogExtra) -> list[FilmRow]:
    if options.search is None or options.skip > MAX_SEARCH_SKIP:
        return []
    page = Page(PAGE_SIZE, options.skip)
    search = SearchRequest(text=options.search, filters=filters, page=page)
    result = await run_search(request, search)
    return [hit.film for hit in result.hits]


async def _read_page(film_ids: Sequence[UUID], filters: Filters, skip: int) -> list[FilmRow]:
    """Return the films from `skip` on among those that meet the filters, in their order."""
    rows = await get_rows_by_id(SELECT_KINDS, [str(film_id) for film_id in film_ids])
    fitting = {str(row["id"]) for row in rows if _is_fitting(row, filters)}
    page = [str(film_id) for film_id in film_ids if str(film_id) in fitting][skip:][:PAGE_SIZE]
    films = {str(film.id): film for film in await get_film_rows(page)}
    return [films[film_id] for film_id in page if film_id in films]


def _is_fitting(row: dict[str, Any], filters: Filters) -> bool:
    if row["imdb_id"] is None or row["type"] not in filters.types:
        return False
    return not filters.genres or any(
        compact_key(genre) in filters.genres for genre in orjson.loads(row["genres"])
    )


def _not_found_error() -> NotFound:
    return NotFound("not found")
