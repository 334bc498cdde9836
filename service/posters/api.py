"""The door to posters: by film, where the picture may change, and by content, where it cannot."""

from typing import Literal

from pydantic import BaseModel, ConfigDict
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.http.dependencies import container
from service.http.openapi import operation
from service.http.requests import read_path_text, read_query
from service.http.responses import conditional_response
from service.posters.service import Picture

bp = Blueprint("posters", url_prefix="/api/v1")

FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=300, stale-if-error=86400"
SOON = "public, max-age=30"  # a stand-in; the poster may be here any moment


class PosterQuery(BaseModel):
    """How wide the picture shall be, in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Literal["w185", "w342", "w780"] = "w342"


@bp.get("/movies/<movie:str>/poster", name="show_poster")
@operation(
    "A film's poster; where it has none, a sheet with its title (SVG)",
    query=PosterQuery,
    returns={200: "image/*", 304: None},
    errors=(404, 503),
)
async def show(request: Request, movie: str) -> HTTPResponse:
    size = read_query(request, PosterQuery).size
    film = await container(request).catalogue.get(read_path_text(movie))
    return _shown(request, await container(request).posters.get_poster(film, size), BRIEFLY)


@bp.get("/posters/<key:str>/<file:str>", name="show_stored_poster")
@operation(
    "A stored picture by its content's address, which a film names; it never changes",
    returns={200: "image/jpeg", 304: None},
    errors=(404, 503),
)
async def show_stored(request: Request, key: str, file: str) -> HTTPResponse:
    picture = await container(request).posters.get_stored(read_path_text(key), read_path_text(file))
    return _shown(request, picture, FOREVER)


def _shown(request: Request, picture: Picture, kept: str) -> HTTPResponse:
    headers = {"Cache-Control": SOON if picture.drawn else kept}
    return conditional_response(request, picture.data, picture.tag, headers, picture.media_type)
