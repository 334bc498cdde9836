"""The HTTP routes of a user's own votes and scores."""

from uuid import UUID

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_user
from service.accounts.idempotency import accept_idempotency_key
from service.community.batches import answer_each
from service.community.film_references import find_film_id, read_films
from service.community.ratings.models import Rating
from service.community.ratings.responses import (
    RatingAnswer,
    RatingAnswers,
    RatingPage,
    RatingView,
    rating_view,
)
from service.community.ratings.schemas import (
    NewRating,
    RatingItem,
    RatingItems,
    RatingPatch,
    RatingQuery,
    RatingValues,
)
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import PATCH_TYPES, read_body, read_path_text, read_query
from service.http.responses import NO_STORE, json_response
from service.http.row_pages import page_response, read_page

bp = Blueprint("ratings", url_prefix="/api/v1/ratings")


@bp.get("/", name="list_ratings", strict_slashes=False)
@operation(
    "List your votes and scores, the latest first",
    query=RatingQuery,
    returns={200: RatingPage},
    errors=(404,),
    sends=("Link",),
    access="user",
)
async def list_ratings(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    query, services = read_query(request, RatingQuery), get_container(request)
    ratings = services.ratings.find_ratings(identity.user_id)
    if query.movie is not None:
        ratings = ratings.filter(film_id=await find_film_id(query.movie))
    if query.vote is not None:
        ratings = ratings.filter(vote=query.vote)
    page = await read_page(
        ratings,
        query,
        request.path,
        services.cursors,
        column="rated_at",
        is_descending=query.sort.startswith("-"),
        list_key=str(identity.user_id),
    )
    views = await _to_views(request, page.rows)
    return page_response(RatingPage, views, page)


@bp.post("/", name="add_rating", strict_slashes=False)
@accept_idempotency_key
@operation(
    "Vote for or against a film, give it a score, or both; once for each film",
    body=NewRating,
    returns={201: RatingView},
    errors=(404, 409),
    sends=("Location",),
    access="user",
    key="write",
)
async def add_rating(request: Request) -> HTTPResponse:
    identity, body = await require_user(request), read_body(request, NewRating)
    rating = await get_container(request).ratings.add(identity.user_id, body.movie, body)
    get_container(request).trends.record(rating.film_id, "rating")
    headers = {**NO_STORE, "Location": f"/api/v1/ratings/{rating.id}"}
    return json_response(await _to_view(request, rating), 201, headers)


@bp.post("/batch", name="rating_batch")
@accept_idempotency_key
@operation(
    "Rate up to a hundred films, replace ratings or remove them, each answered on its own",
    body=RatingItems,
    returns={200: RatingAnswers},
    access="user",
    key="write",
)
async def change_ratings(request: Request) -> HTTPResponse:
    user_id = (await require_user(request)).user_id

    async def handle(item: RatingItem) -> RatingAnswer:
        return await _handle_item(request, user_id, item)

    answers = await answer_each(
        request,
        read_body(request, RatingItems).items,
        RatingItem,
        handle,
        lambda status, problem: RatingAnswer(status, None, problem),
    )
    return json_response(RatingAnswers(answers), headers=NO_STORE)


@bp.get("/<rating:str>", name="show_rating")
@operation("Return one of your ratings", returns={200: RatingView}, errors=(404,), access="user")
async def show_rating(request: Request, rating: str) -> HTTPResponse:
    identity = await require_user(request)
    own_rating = await get_container(request).ratings.get(identity.user_id, read_path_text(rating))
    return json_response(await _to_view(request, own_rating), headers=NO_STORE)


@bp.put("/<rating:str>", name="replace_rating")
@operation(
    "Replace what one of your ratings says",
    body=RatingValues,
    returns={200: RatingView},
    errors=(404,),
    access="user",
    key="write",
)
async def replace_rating(request: Request, rating: str) -> HTTPResponse:
    identity, values = await require_user(request), read_body(request, RatingValues)
    ratings = get_container(request).ratings
    replaced = await ratings.replace(identity.user_id, read_path_text(rating), values)
    return json_response(await _to_view(request, replaced), headers=NO_STORE)


@bp.patch("/<rating:str>", name="amend_rating")
@operation(
    "Change one of your ratings; omitted fields keep their values, null removes a vote or a score",
    body=RatingPatch,
    body_types=PATCH_TYPES,
    returns={200: RatingView},
    errors=(404,),
    access="user",
    key="write",
)
async def update_rating(request: Request, rating: str) -> HTTPResponse:
    identity, patch = await require_user(request), read_body(request, RatingPatch, PATCH_TYPES)
    ratings = get_container(request).ratings
    updated = await ratings.update(identity.user_id, read_path_text(rating), patch)
    return json_response(await _to_view(request, updated), headers=NO_STORE)


@bp.delete("/<rating:str>", name="delete_rating")
@operation(
    "Delete one of your ratings", returns={204: None}, errors=(404,), access="user", key="write"
)
async def delete_rating(request: Request, rating: str) -> HTTPResponse:
    identity = await require_user(request)
    await get_container(request).ratings.delete(identity.user_id, read_path_text(rating))
    return HTTPResponse(status=204, headers=NO_STORE)


async def _handle_item(request: Request, user_id: UUID, item: RatingItem) -> RatingAnswer:
    ratings = get_container(request).ratings
    if item.action == "remove":
        await ratings.remove(user_id, await find_film_id(item.movie))
        return RatingAnswer(204, None, None)
    saved = await ratings.set(user_id, item.movie, item)
    if saved.is_new:
        get_container(request).trends.record(saved.rating.film_id, "rating")
    return RatingAnswer(201 if saved.is_new else 200, str(saved.rating.id), None)


async def _to_view(request: Request, rating: Rating) -> RatingView:
    [view] = await _to_views(request, [rating])
    return view


async def _to_views(request: Request, ratings: list[Rating]) -> list[RatingView]:
    films, now = await read_films(ratings), get_container(request).now()
    return [rating_view(rating, films, now) for rating in ratings]
