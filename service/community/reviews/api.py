"""The HTTP routes of reviews: anyone reads them, and users write one per film."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_user
from service.accounts.idempotency import accept_idempotency_key
from service.community.film_references import FilmRowsQuery, find_film_id
from service.community.readers import Reader, find_reader
from service.community.reviews.models import Review, ReviewEdit
from service.community.reviews.responses import (
    ReviewEditPage,
    ReviewPage,
    ReviewView,
    review_edit_view,
)
from service.community.reviews.schemas import ReviewDraft, ReviewQuery
from service.community.reviews.views import review_views
from service.community.reviews.visibility import (
    find_visible,
    get_visible,
    review_not_found,
)
from service.http.dependencies import get_container
from service.http.languages import preferred_language
from service.http.openapi import operation
from service.http.pagination import CursorPageQuery
from service.http.requests import read_body, read_path_text, read_query
from service.http.responses import NO_STORE, json_response
from service.http.row_pages import RowPage, page_response, read_page

bp = Blueprint("reviews", url_prefix="/api/v1")

SORT_COLUMNS = {"newest": "created_at", "oldest": "created_at", "likes": "likes"}


@bp.get("/movies/<movie:str>/reviews", name="list_reviews")
@operation(
    "List the reviews of a film; with a token, those of users whom you block are left out",
    query=ReviewQuery,
    returns={200: ReviewPage},
    errors=(404,),
    sends=("Link",),
    access="optional",
)
async def list_reviews(request: Request, movie: str) -> HTTPResponse:
    query, services = read_query(request, ReviewQuery), get_container(request)
    film = await services.catalogue.get(read_path_text(movie))
    reader = await find_reader(request)
    reviews = (await find_visible(reader)).filter(film_id=film.id)
    page = await read_page(
        reviews,
        query,
        request.path,
        services.cursors,
        column=SORT_COLUMNS[query.sort],
        is_descending=query.sort != "oldest",
        list_key=str(reader.id),
    )
    return await _list_response(request, reader, page)


@bp.post("/movies/<movie:str>/reviews", name="add_review")
@accept_idempotency_key
@operation(
    "Review a film, once; everybody sees the review and your name",
    body=ReviewDraft,
    returns={201: ReviewView},
    errors=(404, 409, 429),
    sends=("Location",),
    access="user",
    key="write",
)
async def add_review(request: Request, movie: str) -> HTTPResponse:
    identity, draft = await require_user(request), read_body(request, ReviewDraft)
    review = await get_container(request).reviews.add(
        identity.user_id, read_path_text(movie), draft, preferred_language(request)
    )
    get_container(request).trends.record(review.film_id, "review")
    event = {"event": "new_review", "review_id": str(review.id), "user": identity.username}
    get_container(request).live.publish(review.film_id, identity.user_id, event)
    headers = {**NO_STORE, "Location": f"/api/v1/reviews/{review.id}"}
    return json_response(await _read_view(request, str(review.id)), 201, headers)


@bp.get("/me/reviews", name="own_reviews")
@operation(
    "List your own reviews, the newest first, also those that admins have hidden",
    query=FilmRowsQuery,
    returns={200: ReviewPage},
    errors=(404,),
    sends=("Link",),
    access="user",
)
async def list_own_reviews(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    query, services = read_query(request, FilmRowsQuery), get_container(request)
    reviews = services.reviews.find_own(identity.user_id)
    if query.movie is not None:
        reviews = reviews.filter(film_id=await find_film_id(query.movie))
    page = await read_page(
        reviews,
        query,
        request.path,
        services.cursors,
        column="created_at",
        list_key=str(identity.user_id),
    )
    return await _list_response(request, Reader(identity.user_id, identity.is_admin), page)


@bp.get("/users/<username:str>/reviews", name="list_user_reviews")
@operation(
    "List the reviews of a user whose profile you may see, the newest first",
    query=CursorPageQuery,
    returns={200: ReviewPage},
    errors=(404,),
    sends=("Link",),
    access="optional",
)
async def list_user_reviews(request: Request, username: str) -> HTTPResponse:
    query, services = read_query(request, CursorPageQuery), get_container(request)
    reader = await find_reader(request)
    user = await services.profiles.get_user(read_path_text(username), reader.id)
    page = await read_page(
        (await find_visible(reader)).filter(user_id=user.id),
        query,
        request.path,
        services.cursors,
        column="created_at",
        list_key=f"{user.id} {reader.id}",
    )
    return await _list_response(request, reader, page)


@bp.get("/reviews/<review:str>", name="show_review")
@operation("Return a review", returns={200: ReviewView}, errors=(404,), access="optional")
async def show_review(request: Request, review: str) -> HTTPResponse:
    return json_response(await _read_view(request, read_path_text(review)), headers=NO_STORE)


@bp.put("/reviews/<review:str>", name="replace_review")
@operation(
    "Change your review; what it said before is kept for you and the admins",
    body=ReviewDraft,
    returns={200: ReviewView},
    errors=(404, 429),
    access="user",
    key="write",
)
async def replace_review(request: Request, review: str) -> HTTPResponse:
    identity, draft = await require_user(request), read_body(request, ReviewDraft)
    reviews, review_id = get_container(request).reviews, read_path_text(review)
    await reviews.replace(identity.user_id, review_id, draft)
    return json_response(await _read_view(request, review_id), headers=NO_STORE)


@bp.delete("/reviews/<review:str>", name="delete_review")
@operation("Delete your review", returns={204: None}, errors=(404,), access="user", key="write")
async def delete_review(request: Request, review: str) -> HTTPResponse:
    identity = await require_user(request)
    await get_container(request).reviews.delete(identity.user_id, read_path_text(review))
    return HTTPResponse(status=204, headers=NO_STORE)


@bp.get("/reviews/<review:str>/edits", name="review_edits")
@operation(
    "List what a review said before, the latest first; for its author and admins",
    query=CursorPageQuery,
    returns={200: ReviewEditPage},
    errors=(404,),
    sends=("Link",),
    access="user",
)
async def list_edits(request: Request, review: str) -> HTTPResponse:
    identity = await require_user(request)
    query = read_query(request, CursorPageQuery)
    reader = Reader(identity.user_id, identity.is_admin)
    edited = await get_visible(reader, read_path_text(review))
    if edited.user_id != identity.user_id and not identity.is_admin:
        raise review_not_found()
    page = await read_page(
        ReviewEdit.filter(review_id=edited.id),
        query,
        request.path,
        get_container(request).cursors,
        column="replaced_at",
    )
    views = [review_edit_view(edit) for edit in page.rows]
    return page_response(ReviewEditPage, views, page)


@bp.put("/reviews/<review:str>/like", name="like_review")
@operation(
    "Like a review of somebody else",
    returns={204: None},
    errors=(404, 409),
    access="user",
    key="write",
)
async def like_review(request: Request, review: str) -> HTTPResponse:
    identity = await require_user(request)
    await get_container(request).review_likes.add(identity.user_id, read_path_text(review))
    return HTTPResponse(status=204, headers=NO_STORE)


@bp.delete("/reviews/<review:str>/like", name="unlike_review")
@operation(
    "No longer like a review", returns={204: None}, errors=(404,), access="user", key="write"
)
async def unlike_review(request: Request, review: str) -> HTTPResponse:
    identity = await require_user(request)
    await get_container(request).review_likes.remove(identity.user_id, read_path_text(review))
    return HTTPResponse(status=204, headers=NO_STORE)


async def _read_view(request: Request, review_id: str) -> ReviewView:
    reader = await find_reader(request)
    [view] = await review_views(request, reader, [await get_visible(reader, review_id)])
    return view


async def _list_response(request: Request, reader: Reader, page: RowPage[Review]) -> HTTPResponse:
    views = await review_views(request, reader, page.rows)
    return page_response(ReviewPage, views, page)
