"""The HTTP routes of the films that a user has seen."""

import itertools
from uuid import UUID

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_user
from service.accounts.idempotency import accept_idempotency_key, derive_row_id
from service.community.batches import answer_each
from service.community.film_references import FilmRowsQuery, find_film_id, read_films
from service.community.history.models import HistoryEntry
from service.community.history.responses import (
    HistoryAnswer,
    HistoryAnswers,
    HistoryEntryView,
    HistoryPage,
    history_entry_view,
)
from service.community.history.schemas import (
    HistoryItem,
    HistoryItems,
    MovieQuery,
    NewHistoryEntry,
)
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import read_body, read_path_text, read_query
from service.http.responses import NO_STORE, json_response
from service.http.row_pages import page_response, read_page

bp = Blueprint("history", url_prefix="/api/v1/me")


@bp.get("/history", name="list_history")
@operation(
    "List the films that you have seen, the latest first",
    query=FilmRowsQuery,
    returns={200: HistoryPage},
    errors=(404,),
    sends=("Link",),
    access="user",
)
async def list_history(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    query, services = read_query(request, FilmRowsQuery), get_container(request)
    film_id = await find_film_id(query.movie) if query.movie else None
    page = await read_page(
        services.history.find_entries(identity.user_id, film_id),
        query,
        request.path,
        services.cursors,
        column="watched_at",
        list_key=str(identity.user_id),
    )
    views = await _to_views(request, page.rows)
    return page_response(HistoryPage, views, page)


@bp.post("/history", name="add_to_history")
@accept_idempotency_key
@operation(
    "Record that you have seen a film, any number of times",
    body=NewHistoryEntry,
    returns={201: HistoryEntryView},
    errors=(404, 409),
    access="user",
    key="write",
)
async def add_to_history(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    new = read_body(request, NewHistoryEntry)
    entry = await _add_entry(request, identity.user_id, new, derive_row_id(request))
    [view] = await _to_views(request, [entry])
    return json_response(view, 201, NO_STORE)


@bp.post("/history/batch", name="history_batch")
@accept_idempotency_key
@operation(
    "Record up to a hundred films that you have seen, or remove films, each answered on its own",
    body=HistoryItems,
    returns={200: HistoryAnswers},
    access="user",
    key="write",
)
async def change_history(request: Request) -> HTTPResponse:
    user_id, numbers = (await require_user(request)).user_id, itertools.count()

    async def handle(item: HistoryItem) -> HistoryAnswer:
        if item.action == "add":
            entry_id = derive_row_id(request, next(numbers))
            entry = await _add_entry(request, user_id, item, entry_id)
            return HistoryAnswer(201, str(entry.id), None)
        await _delete_film(request, user_id, item.movie)
        return HistoryAnswer(204, None, None)

    answers = await answer_each(
        request,
        read_body(request, HistoryItems).items,
        HistoryItem,
        handle,
        lambda status, problem: HistoryAnswer(status, None, problem),
    )
    return json_response(HistoryAnswers(answers), headers=NO_STORE)


@bp.delete("/history", name="delete_film_from_history")
@operation(
    "Remove all entries of a film from your history",
    query=MovieQuery,
    returns={204: None},
    errors=(404,),
    access="user",
    key="write",
)
async def delete_film(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    await _delete_film(request, identity.user_id, read_query(request, MovieQuery).movie)
    return HTTPResponse(status=204, headers=NO_STORE)


@bp.delete("/history/<entry:str>", name="delete_history_entry")
@operation(
    "Remove one entry from your history",
    returns={204: None},
    errors=(404,),
    access="user",
    key="write",
)
async def delete_entry(request: Request, entry: str) -> HTTPResponse:
    identity = await require_user(request)
    await get_container(request).history.delete_entry(identity.user_id, read_path_text(entry))
    return HTTPResponse(status=204, headers=NO_STORE)


async def _add_entry(
    request: Request, user_id: UUID, entry: NewHistoryEntry, entry_id: UUID | None
) -> HistoryEntry:
    services = get_container(request)
    added = await services.history.add(
        user_id, entry.movie, entry.watched_at, entry.rewatch, entry_id=entry_id
    )
    services.trends.record(added.film_id, "history")
    return added


async def _delete_film(request: Request, user_id: UUID, movie: str) -> None:
    await get_container(request).history.delete_film(user_id, await find_film_id(movie))


async def _to_views(request: Request, entries: list[HistoryEntry]) -> list[HistoryEntryView]:
    films, now = await read_films(entries), get_container(request).now()
    return [history_entry_view(entry, films, now) for entry in entries]
