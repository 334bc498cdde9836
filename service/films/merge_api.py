"""The HTTP endpoints for films that are stored twice: they are listed, and merged one by one."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_admin
from service.films.http_responses import film_response
from service.films.requests import MergeRequest
from service.films.responses import FilmView, TwinsView, twins_view
from service.films.twins import list_twins
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.pagination import Links, PageQuery, Total, page_address
from service.http.requests import read_body, read_path_text, read_query
from service.http.responses import list_response

bp = Blueprint("merging", url_prefix="/api/v1/admin")


@dataclass(frozen=True, slots=True)
class TwinsPage:
    """One page of pairs of films."""

    results: Annotated[list[TwinsView], Field(description="The pairs.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/admin/twins")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/admin/twins")]


@bp.get("/twins", name="twins")
@operation(
    "Pairs of films that are one by the rule of the catalogue",
    query=PageQuery,
    returns={200: TwinsPage},
    sends=("Link",),
    access="admin",
)
async def twins(request: Request) -> HTTPResponse:
    await require_admin(request)
    query = read_query(request, PageQuery)
    pairs = await list_twins(query.limit, query.offset)
    links = Links.for_list(request.path, query, pairs.total)
    now = get_container(request).now()
    views = [twins_view(pair, now) for pair in pairs.results]
    total = Total(value=pairs.total, relation=pairs.relation)
    return list_response(TwinsPage(views, total, links.next, links.previous), links)


@bp.post("/movies/<movie:str>/merge", name="merge_film")
@operation(
    "Merge a film into another one; its addresses lead there for good",
    body=MergeRequest,
    returns={200: FilmView},
    errors=(404,),
    sends=("ETag", "Index-Token"),
    access="admin",
)
async def merge_film(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    into = read_body(request, MergeRequest).into
    merge = await get_container(request).merger.merge(read_path_text(movie), into)
    return film_response(request, merge.film)
