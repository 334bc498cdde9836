"""The HTTP routes of profiles: what users show of themselves."""

from dataclasses import asdict

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.schemas import Profile
from service.community.lists.views import list_views
from service.community.profiles.responses import (
    DecadeView,
    GenreCountView,
    MonthView,
    ProfileCountsView,
    ProfileView,
    PublicListsPage,
    ScoreView,
    StatisticsView,
)
from service.community.profiles.statistics import read_statistics
from service.community.readers import find_reader
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.pagination import CursorPageQuery
from service.http.requests import read_path_text, read_query
from service.http.responses import NO_STORE, json_response
from service.http.row_pages import page_response, read_page

MAX_SHOWN_LISTS = 20
MAX_MONTHS = 24  # of the statistics

bp = Blueprint("profiles", url_prefix="/api/v1/users")


@bp.get("/<username:str>", name="show_profile")
@operation(
    "Show what a user lets others see; your own profile is shown to you even if it is private",
    returns={200: ProfileView},
    errors=(404,),
    access="optional",
)
async def show_profile(request: Request, username: str) -> HTTPResponse:
    services, reader_id = get_container(request), (await find_reader(request)).id
    profiles = services.profiles
    user = await profiles.get_user(read_path_text(username), reader_id)
    counts = await profiles.count(user)
    newest = profiles.find_public_lists(user).order_by("-updated_at", "-id")
    profile: Profile = "public" if user.profile == "public" else "private"
    body = ProfileView(
        username=user.username,
        profile=profile,
        joined_at=user.created_at,
        blocked=reader_id is not None and await services.blocks.has(reader_id, user.id),
        counts=ProfileCountsView(**asdict(counts)),
        lists=await list_views(await newest.limit(MAX_SHOWN_LISTS), reader_id),
    )
    return json_response(body, headers=NO_STORE)


@bp.get("/<username:str>/statistics", name="show_statistics")
@operation(
    "What a user whose profile you may see has seen, by month, decade and genre, and the scores",
    returns={200: StatisticsView},
    errors=(404,),
    access="optional",
)
async def show_statistics(request: Request, username: str) -> HTTPResponse:
    profiles, reader_id = get_container(request).profiles, (await find_reader(request)).id
    user = await profiles.get_user(read_path_text(username), reader_id)
    statistics = await read_statistics(user.id, MAX_MONTHS)
    body = StatisticsView(
        months=[MonthView(*pair) for pair in statistics.months],
        decades=[DecadeView(*pair) for pair in statistics.decades],
        genres=[GenreCountView(*pair) for pair in statistics.genres],
        scores=[ScoreView(*pair) for pair in statistics.scores],
    )
    return json_response(body, headers=NO_STORE)


@bp.get("/<username:str>/lists", name="show_public_lists")
@operation(
    "The public lists of a user whose profile you may see",
    query=CursorPageQuery,
    returns={200: PublicListsPage},
    errors=(404,),
    sends=("Link",),
    access="optional",
)
async def show_public_lists(request: Request, username: str) -> HTTPResponse:
    query, services = read_query(request, CursorPageQuery), get_container(request)
    reader_id = (await find_reader(request)).id
    user = await services.profiles.get_user(read_path_text(username), reader_id)
    rows = services.profiles.find_public_lists(user)
    page = await read_page(
        rows, query, request.path, services.cursors, column="updated_at", list_key=str(user.id)
    )
    return page_response(PublicListsPage, await list_views(page.rows, reader_id), page)
