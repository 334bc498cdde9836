"""The HTTP routes of the films that a user wants to see."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_user
from service.accounts.idempotency import accept_idempotency_key
from service.community.batches import FilmChangeAnswer, FilmChangeAnswers, answer_each
from service.community.film_references import find_film_id, read_films
from service.community.watchlist.responses import (
    WatchlistEntryView,
    WatchlistPage,
    watchlist_entry_view,
)
from service.community.watchlist.schemas import WatchlistItem, WatchlistItems, WatchlistQuery
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import read_body, read_path_text, read_query
from service.http.responses import NO_STORE, json_response
from service.http.row_pages import cut_page, page_response

bp = Blueprint("watchlist", url_prefix="/api/v1/me")


@bp.get("/watchlist", name="list_watchlist")
@operation(
    "List the films that you want to see, in any order",
    query=WatchlistQuery,
    returns={200: WatchlistPage},
    errors=(404,),
    sends=("Link",),
    access="user",
)
async def list_watchlist(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    query, services = read_query(request, WatchlistQuery), get_container(request)
    film_id = await find_film_id(query.movie) if query.movie else None
    entries = await services.watchlists.sort_entries(identity.user_id, query.sort, film_id)
    page = cut_page(
        entries,
        query,
        request.path,
        services.cursors,
        sort_key=lambda sorted_entry: sorted_entry.sort_key,
        list_key=str(identity.user_id),
    )
    rows = [sorted_entry.entry for sorted_entry in page.rows]
    films, now = await read_films(rows), services.now()
    views = [watchlist_entry_view(entry, films, now) for entry in rows]
    return page_response(WatchlistPage, views, page)


@bp.put("/watchlist/<movie:str>", name="add_to_watchlist")
@operation(
    "Put a film on your watchlist; one that is on it stays as it is",
    returns={201: WatchlistEntryView, 200: WatchlistEntryView},
    errors=(404, 409),
    access="user",
    key="write",
)
async def add_to_watchlist(request: Request, movie: str) -> HTTPResponse:
    identity, services = await require_user(request), get_container(request)
    film = await services.catalogue.get(read_path_text(movie))
    added = await services.watchlists.add(identity.user_id, film.id)
    if added.is_new:
        services.trends.record(film.id, "watchlist")
    films = await read_films([added.entry])
    view = watchlist_entry_view(added.entry, films, services.now())
    return json_response(view, 201 if added.is_new else 200, NO_STORE)


@bp.delete("/watchlist/<movie:str>", name="remove_from_watchlist")
@operation(
    "Take a film from your watchlist, if it is on it",
    returns={204: None},
    errors=(404,),
    access="user",
    key="write",
)
async def remove_from_watchlist(request: Request, movie: str) -> HTTPResponse:
    identity, services = await require_user(request), get_container(request)
    film_id = await find_film_id(read_path_text(movie))
    await services.watchlists.remove(identity.user_id, film_id)
    return HTTPResponse(status=204, headers=NO_STORE)


@bp.post("/watchlist/batch", name="watchlist_batch")
@accept_idempotency_key
@operation(
    "Add up to a hundred films to your watchlist, or remove them, each answered on its own",
    body=WatchlistItems,
    returns={200: FilmChangeAnswers},
    access="user",
    key="write",
)
async def change_watchlist(request: Request) -> HTTPResponse:
    user_id, services = (await require_user(request)).user_id, get_container(request)

    async def handle(item: WatchlistItem) -> FilmChangeAnswer:
        film_id = await find_film_id(item.movie)
        if item.action == "remove":
            await services.watchlists.remove(user_id, film_id)
            return FilmChangeAnswer(204, None)
        added = await services.watchlists.add(user_id, film_id)
        if added.is_new:
            services.trends.record(film_id, "watchlist")
        return FilmChangeAnswer(201 if added.is_new else 200, None)

    answers = await answer_each(
        request, read_body(request, WatchlistItems).items, WatchlistItem, handle, FilmChangeAnswer
    )
    return json_response(FilmChangeAnswers(answers), headers=NO_STORE)
