"""The routes of the page: its document at every address that it has, and its files.

The page is a client of the API like any other, so nothing here is in the API's description. No
rate limit applies to it.
"""

import asyncio
import hashlib
import re
from typing import Any

from sanic import Blueprint, Sanic
from sanic.exceptions import NotFound as AddressNotFound
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from service.database.faults import is_database_fault
from service.errors import NotFound
from service.films.models import Film
from service.http.base_url import find_base_url
from service.http.dependencies import get_container
from service.http.etags import add_encoding_suffix
from service.http.problems import sanic_error_response
from service.http.requests import read_path_text
from service.http.responses import conditional_response
from service.site.assets import ETAG_LENGTH, Asset, Assets
from service.site.document import (
    SECURITY_HEADERS,
    SITE_NAME,
    Page,
    describe_film_page,
    describe_list_page,
    render_document,
    render_opensearch,
)
from service.text.imdb_ids import parse_imdb_id
from service.text.uuids import parse_uuid

bp = Blueprint("site")

VIEW_TITLES = {
    "/": ("search", SITE_NAME),
    "/names": ("names", f"File names · {SITE_NAME}"),
    "/login": ("login", f"Log in · {SITE_NAME}"),
    "/register": ("register", f"Register · {SITE_NAME}"),
    "/account": ("account", f"Account · {SITE_NAME}"),
    "/admin": ("admin", f"Operation · {SITE_NAME}"),
}
"""The view and the title of each address with a fixed content."""

LIST_PAGE = Page(view="list", title=f"List · {SITE_NAME}")
READ_TIMEOUT = 1.0  # for reading what a document is about; without it the title is general
PROGRAM_PATHS = re.compile(r"/(?:api|health|metrics|openapi\.json|docs|static)(?:/|$)")
CACHE_FOREVER = "public, max-age=31536000, immutable"
CACHE_A_DAY = "public, max-age=86400"
REVALIDATE = "no-cache"
HTML = "text/html; charset=utf-8"

ROBOTS = """User-agent: *
Allow: /$
Allow: /film/
Allow: /static/
Allow: /favicon
Allow: /api/v1/posters/
Disallow: /
"""


def install(app: Sanic[Any, Any]) -> None:
    """Register the answer to addresses that do not exist, and read the files at the start."""

    @app.before_server_start
    async def read_files(app: Sanic[Any, Any]) -> None:
        app.ctx.site_assets = Assets()

    app.error_handler.add(AddressNotFound, address_not_found_response)


def address_not_found_response(request: Request, error: SanicException) -> HTTPResponse:
    """Return a document for people who followed a wrong link, and a problem for programs."""
    wants_page = (
        request.method in ("GET", "HEAD")
        and "text/html" in request.headers.get("accept", "")
        and not PROGRAM_PATHS.match(request.path)
        and hasattr(request.app.ctx, "site_assets")
    )
    if not wants_page:
        return sanic_error_response(request, error)
    page = Page(view=None, title=f"No such page · {SITE_NAME}")
    return _document_response(request, page, status=404)


async def show_page(request: Request) -> HTTPResponse:
    view, title = VIEW_TITLES[request.path.rstrip("/") or "/"]
    return _document_response(request, Page(view=view, title=title))


for _path in VIEW_TITLES:
    bp.add_route(show_page, _path, methods=("GET",), name=f"page_{VIEW_TITLES[_path][0]}")


@bp.get("/film/<movie:str>", name="page_film")
async def show_film_page(request: Request, movie: str) -> HTTPResponse:
    name = read_path_text(movie)
    try:
        film = await asyncio.wait_for(_find_film(request, name), READ_TIMEOUT)
    except NotFound:
        # The page's own request to the API may still find it in OMDb.
        status = 200 if get_container(request).settings.omdb_api_key else 404
        return _document_response(request, Page(view="film"), status)
    except Exception as error:
        if not isinstance(error, TimeoutError) and not is_database_fault(error):
            raise
        return _document_response(request, Page(view="film"))
    return _document_response(request, describe_film_page(film))


@bp.get("/user/<username:str>", name="page_user")
async def show_user_page(request: Request, username: str) -> HTTPResponse:
    """Answer with a document that tells nothing of the user, who may be hidden from the reader."""
    return _document_response(request, Page(view="user", title=f"Profile · {SITE_NAME}"))


@bp.get("/list/<list_id:str>", name="page_list")
async def show_list_page(request: Request, list_id: str) -> HTTPResponse:
    """Answer with a document that names a list which anybody with the address may see."""
    name = read_path_text(list_id)
    try:
        film_lists = get_container(request).film_lists
        film_list = await asyncio.wait_for(film_lists.get(name, None), READ_TIMEOUT)
    except NotFound:
        return _document_response(request, LIST_PAGE)  # it may be a list of the reader's own
    except Exception as error:
        if not isinstance(error, TimeoutError) and not is_database_fault(error):
            raise
        return _document_response(request, LIST_PAGE)
    return _document_response(
        request, describe_list_page(str(film_list.id), film_list.name, film_list.description)
    )


@bp.get("/static/<version:str>/<path:path>", name="static_file")
async def show_static_file(request: Request, version: str, path: str) -> HTTPResponse:
    file = _assets(request).get(path)
    if file is None:
        raise AddressNotFound("There is no such file.")
    # While workers are replaced one by one, a document of a new one may load files of an old one.
    is_current = version == _assets(request).version
    return await _file_response(request, file, CACHE_FOREVER if is_current else REVALIDATE)


@bp.get("/favicon.ico", name="favicon_ico")
@bp.get("/favicon.svg", name="favicon_svg")
async def show_favicon(request: Request) -> HTTPResponse:
    file = _assets(request).get(request.path.strip("/"))
    if file is None:
        raise AddressNotFound("There is no such file.")
    return await _file_response(request, file, CACHE_A_DAY)


@bp.get("/robots.txt", name="robots")
async def show_robots(request: Request) -> HTTPResponse:
    return _text_response(request, ROBOTS, "text/plain; charset=utf-8")


@bp.get("/opensearch.xml", name="opensearch")
async def show_opensearch(request: Request) -> HTTPResponse:
    text = render_opensearch(find_base_url(request))
    return _text_response(request, text, "application/opensearchdescription+xml")


async def _find_film(request: Request, name: str) -> Film:
    """Return the film of the catalogue with this id, IMDb id or title.

    Raises:
        NotFound: the catalogue has none; OMDb is not asked for a document.
    """
    catalogue = get_container(request).catalogue
    if parse_imdb_id(name) or parse_uuid(name):
        return await catalogue.get(name)
    return await catalogue.get_by_title(name)


def _assets(request: Request) -> Assets:
    assets: Assets = request.app.ctx.site_assets
    return assets


def _document_response(request: Request, page: Page, status: int = 200) -> HTTPResponse:
    """Return the document; it is revalidated each time, since it names the files' version."""
    body = render_document(page, _assets(request), find_base_url(request))
    headers = {**SECURITY_HEADERS, "Cache-Control": REVALIDATE}
    if status != 200:
        return HTTPResponse(body, status, {**headers, "Cache-Control": "no-store"}, HTML)
    return conditional_response(request, body, _digest(body), headers, HTML)


def _text_response(request: Request, text: str, media_type: str) -> HTTPResponse:
    body = text.encode()
    return conditional_response(
        request, body, _digest(body), {"Cache-Control": REVALIDATE}, media_type
    )


async def _file_response(request: Request, file: Asset, cache_control: str) -> HTTPResponse:
    headers = {
        "Cache-Control": cache_control,
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    response = conditional_response(request, file.body, file.etag, headers, file.media_type)
    accept = ",".join(request.headers.getall("accept-encoding", []))
    body, encoding = await _assets(request).compress(file, accept)
    if encoding is not None:
        response.headers["Vary"] = "Accept-Encoding"
    if encoding is not None and response.status == 200:
        response.body = body
        response.headers["Content-Encoding"] = encoding.name
        response.headers["ETag"] = add_encoding_suffix(response.headers["ETag"], encoding.suffix)
    return response


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:ETAG_LENGTH]
