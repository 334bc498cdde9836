"""The service whose users vote for films: films by query, votes; its users: `voters`.

Its addresses end with a slash: without it, `/api/v1/movies` is this service's own route. Errors are
those of Django REST framework.
"""

from urllib.parse import urlencode

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_user
from service.community.own_rows import find_own_row
from service.community.ratings.models import Rating
from service.community.ratings.schemas import RatingPatch, RatingValues
from service.compat.classic.vote_schemas import (
    VOTES,
    DetailView,
    FilmParameters,
    FilmResults,
    NewVote,
    PageParameters,
    VoteBody,
    VotePatch,
    VoteResults,
    VoteView,
    to_detail,
)
from service.compat.errors import translate_errors
from service.compat.keys import AnyParameters, read_parameters
from service.errors import Invalid
from service.films.responses import film_view
from service.http.base_url import find_base_url
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.pagination import MAX_OFFSET
from service.http.requests import PATCH_TYPES, read_body, read_path_text
from service.http.responses import NO_STORE, json_response
from service.search.budgeted_search import run_search
from service.search.retrieval.search_request import Page, SearchRequest

bp = Blueprint("classic_votes", url_prefix="/api/v1")

translate_errors(bp, to_detail)


@bp.get("/movies/", name="films_by_query", strict_slashes=True)
@operation(
    "Find films by words, or list all",
    query=FilmParameters,
    returns={200: FilmResults},
    errors=(429, 503),
    error=DetailView,
)
async def list_films(request: Request) -> HTTPResponse:
    page = read_parameters(request, FilmParameters)
    if page.offset + page.limit > MAX_OFFSET:
        raise Invalid(f"offset and limit must not exceed {MAX_OFFSET:,} together.")
    search = SearchRequest(text=page.query.strip() or None, page=Page(page.limit, page.offset))
    result = await run_search(request, search)
    now = get_container(request).now()
    films = [film_view(hit.film, now) for hit in result.hits]
    next_url, previous_url = _link_pages(request, page, result.total)
    return json_response(
        FilmResults(count=result.total, next=next_url, previous=previous_url, results=films),
        headers=NO_STORE,
    )


@bp.get("/movies/ratings/", name="list_votes", strict_slashes=True)
@operation(
    "List your votes, the latest first",
    query=PageParameters,
    returns={200: VoteResults},
    access="user",
    error=DetailView,
)
async def list_votes(request: Request) -> HTTPResponse:
    user, page = await require_user(request), read_parameters(request, PageParameters)
    votes = get_container(request).ratings.find_ratings(user.user_id).filter(vote__isnull=False)
    count = await votes.count()
    rows = await votes.order_by("-rated_at", "-id").offset(page.offset).limit(page.limit)
    next_url, previous_url = _link_pages(request, page, count)
    results = [VoteView.from_rating(row) for row in rows]
    return json_response(
        VoteResults(count=count, next=next_url, previous=previous_url, results=results),
        headers=NO_STORE,
    )


@bp.post("/movies/ratings/", name="add_vote", strict_slashes=True)
@operation(
    "Vote for a film or against it, once",
    query=AnyParameters,
    body=NewVote,
    returns={201: VoteView},
    errors=(404, 409),
    access="user",
    key="write",
    error=DetailView,
)
async def add_vote(request: Request) -> HTTPResponse:
    user, vote = await require_user(request), read_body(request, NewVote)
    services = get_container(request)
    film = await services.catalogue.get_current(vote.movie)
    opinion = RatingValues(vote=VOTES[vote.rating])
    rating = await services.ratings.find_ratings(user.user_id).get_or_none(film_id=film.id)
    if rating is not None and rating.vote is None:  # there is only a score, which stays
        rating = await _set_vote(request, rating, vote)
    else:
        rating = await services.ratings.add(user.user_id, str(film.id), opinion)
    services.trends.record(rating.film_id, "rating")
    return json_response(VoteView.from_rating(rating), 201, NO_STORE)


@bp.get("/movies/ratings/<rating:str>", name="show_vote")
@operation(
    "Return one of your votes",
    query=AnyParameters,
    returns={200: VoteView},
    errors=(404,),
    access="user",
    error=DetailView,
)
async def show_vote(request: Request, rating: str) -> HTTPResponse:
    return json_response(VoteView.from_rating(await _find_vote(request, rating)), headers=NO_STORE)


@bp.put("/movies/ratings/<rating:str>", name="replace_vote")
@operation(
    "Change one of your votes",
    query=AnyParameters,
    body=VoteBody,
    returns={200: VoteView},
    errors=(404,),
    access="user",
    key="write",
    error=DetailView,
)
async def replace_vote(request: Request, rating: str) -> HTTPResponse:
    vote = await _find_vote(request, rating)
    return await _change_vote(request, vote, read_body(request, VoteBody))


@bp.patch("/movies/ratings/<rating:str>", name="amend_vote")
@operation(
    "Change one of your votes, if the body has another one",
    query=AnyParameters,
    body=VotePatch,
    body_types=PATCH_TYPES,
    returns={200: VoteView},
    errors=(404,),
    access="user",
    key="write",
    error=DetailView,
)
async def amend_vote(request: Request, rating: str) -> HTTPResponse:
    vote = await _find_vote(request, rating)
    return await _change_vote(request, vote, read_body(request, VotePatch, PATCH_TYPES))


@bp.delete("/movies/ratings/<rating:str>", name="delete_vote")
@operation(
    "Delete one of your votes; a score of the same film stays",
    query=AnyParameters,
    returns={204: None},
    errors=(404,),
    access="user",
    key="write",
    error=DetailView,
)
async def delete_vote(request: Request, rating: str) -> HTTPResponse:
    vote, ratings = await _find_vote(request, rating), get_container(request).ratings
    if vote.score is None:
        await ratings.delete(vote.user_id, str(vote.id))
    else:
        await ratings.update(vote.user_id, str(vote.id), RatingPatch(vote=None))
    return HTTPResponse(status=204, headers=NO_STORE)


async def _find_vote(request: Request, rating_id: str) -> Rating:
    """Return a rating of the caller that has a vote. Raises NotAuthenticated, and NotFound."""
    user = await require_user(request)
    votes = get_container(request).ratings.find_ratings(user.user_id).filter(vote__isnull=False)
    return await find_own_row(votes, read_path_text(rating_id), "rating_not_found", "rating")


async def _change_vote(
    request: Request, vote: Rating, change: VoteBody | VotePatch
) -> HTTPResponse:
    rating = await _set_vote(request, vote, change)
    return json_response(VoteView.from_rating(rating), headers=NO_STORE)


async def _set_vote(request: Request, rating: Rating, change: VoteBody | VotePatch) -> Rating:
    """Return the rating with another vote, and the score that it had."""
    if change.rating is None:
        return rating
    patch = RatingPatch(vote=VOTES[change.rating])
    return await get_container(request).ratings.update(rating.user_id, str(rating.id), patch)


def _link_pages(
    request: Request, page: PageParameters, count: int
) -> tuple[str | None, str | None]:
    """Return the addresses of the next and the previous page."""

    def link(offset: int) -> str:
        params = page.model_dump(exclude_unset=True) | {"limit": page.limit, "offset": offset}
        params = {name: value for name, value in params.items() if value not in (0, "")}
        return f"{find_base_url(request)}{request.path}?{urlencode(params)}"

    end = page.offset + page.limit
    next_url = link(end) if end < count and end + page.limit <= MAX_OFFSET else None
    return next_url, link(max(0, page.offset - page.limit)) if page.offset else None
