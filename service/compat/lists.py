"""Lists of films for Radarr and whatever reads such lists: title and IMDb id of each film, whole.

The shape is the one that Radarr calls a custom list or StevenLu. It works with IMDb ids alone, so
films without one are left out. An error is any other status than 200, and never HTML.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import find_user, require_user
from service.community.lists.models import FilmList
from service.compat.charts import is_chart, list_films
from service.compat.keys import KeyQuery, apply_key_of_query
from service.errors import NotFound
from service.films.rows import get_rows_by_id
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import read_path_text
from service.http.responses import conditional_response, encode_json
from service.text.uuids import parse_uuid

bp = Blueprint("list_feeds", url_prefix="/lists")

SUFFIX = ".json"
SELECT_NAMES = "SELECT id, imdb_id, title FROM films"
PRIVATE = {"Cache-Control": "private, no-cache"}
_NOT_IN_SLUG = re.compile(r"[\W_]+")


class ListedFilm(BaseModel):
    """A film of a list."""

    model_config = ConfigDict(frozen=True)

    title: Annotated[str, Field(description="Its title.", examples=["Jaws"])]
    imdb_id: Annotated[str, Field(description="Its IMDb id.", examples=["tt0073195"])]


class ListFeed(RootModel[list[ListedFilm]]):
    """All films of a list that have an IMDb id, in the order of the list."""


@bp.get("/<feed:str>", name="list_feed")
@operation(
    "All films of a list for Radarr: your watchlist, a list, or what is popular or trending",
    query=KeyQuery,
    returns={200: ListFeed, 304: None},
    errors=(401, 403, 404, 429, 503),
    sends=("ETag", "Cache-Control"),
    access="optional",
)
async def show_list_feed(request: Request, feed: str) -> HTTPResponse:
    await apply_key_of_query(request)
    name = read_path_text(feed)
    if not name.endswith(SUFFIX):
        raise _unknown_list_error()
    body = await _read_feed(request, name.removesuffix(SUFFIX))
    etag = hashlib.blake2b(body, digest_size=16).hexdigest()
    return conditional_response(request, body, etag, PRIVATE)


def to_slug(name: str) -> str:
    """Return the name of a list as an address has it: letters and digits with hyphens between."""
    return _NOT_IN_SLUG.sub("-", name.casefold()).strip("-")


async def _read_feed(request: Request, name: str) -> bytes:
    """Return the list of this name as JSON. Raises NotFound, and NotAuthenticated."""
    if is_chart(name):
        return await _encode_feed(await list_films(request, name))
    services = get_container(request)
    if name == "watchlist":
        user_id = (await require_user(request)).user_id
        entries = await services.watchlists.sort_entries(user_id, "-added")
        return await _encode_feed([sorted_entry.entry.film_id for sorted_entry in entries])
    film_list = await _find_list(request, name)
    items = await services.film_lists.find_items(film_list).order_by("position", "id")
    return await _encode_feed([item.film_id for item in items])


async def _find_list(request: Request, name: str) -> FilmList:
    """Return the list of this id that the caller may see, or the caller's of this slug.

    Raises:
        NotFound: `list_not_found`.
    """
    film_lists = get_container(request).film_lists
    user = await find_user(request)
    if parse_uuid(name) is not None:
        return await film_lists.get(name, user.user_id if user else None)
    slug = to_slug(name)
    if user is not None and slug:
        for film_list in await film_lists.find_lists(user.user_id).order_by("created_at", "id"):
            if to_slug(film_list.name) == slug:
                return film_list
    raise _unknown_list_error()


async def _encode_feed(film_ids: Sequence[UUID]) -> bytes:
    rows = await get_rows_by_id(SELECT_NAMES, [str(film_id) for film_id in film_ids])
    films = {str(row["id"]): row for row in rows}
    listed = (films.get(str(film_id)) for film_id in film_ids)
    return encode_json(
        [
            ListedFilm(title=film["title"], imdb_id=film["imdb_id"])
            for film in listed
            if film is not None and film["imdb_id"] is not None
        ]
    )


def _unknown_list_error() -> NotFound:
    return NotFound("There is no such list.", code="list_not_found")
