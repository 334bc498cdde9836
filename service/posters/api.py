"""HTTP routes for posters: by film, where the image may change, and by content, where it cannot."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import read_path_text, read_query
from service.posters.responses import CACHE_FILM_POSTER, CACHE_FOREVER, poster_response

bp = Blueprint("posters", url_prefix="/api/v1")


class PosterQuery(BaseModel):
    """The width of the image, in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Annotated[
        Literal["w185", "w342", "w780"],
        Field(
            description="The width of the picture; a narrower source is not enlarged.",
            examples=["w342"],
        ),
    ] = "w342"


@bp.get("/movies/<movie:str>/poster", name="show_poster")
@operation(
    "A film's poster, or a placeholder with its title (SVG)",
    query=PosterQuery,
    returns={200: "image/*", 304: None},
    errors=(404, 503),
    sends=("ETag", "Cache-Control"),
)
async def show_poster(request: Request, movie: str) -> HTTPResponse:
    size = read_query(request, PosterQuery).size
    film = await get_container(request).catalogue.get(read_path_text(movie))
    image = await get_container(request).posters.get_poster(film, size)
    return poster_response(request, image, CACHE_FILM_POSTER)


@bp.get("/posters/<key:str>/<file:str>", name="show_stored_poster")
@operation(
    "A stored poster by the address that a film states; its content never changes",
    returns={200: "image/jpeg", 304: None},
    errors=(400, 404, 503),
    sends=("ETag", "Cache-Control"),
)
async def show_stored_poster(request: Request, key: str, file: str) -> HTTPResponse:
    image = await get_container(request).posters.get_stored(
        read_path_text(key), read_path_text(file)
    )
    return poster_response(request, image, CACHE_FOREVER)
