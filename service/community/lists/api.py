"""The HTTP routes of lists of films: anyone may read those that their users let be read."""

from uuid import UUID

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_user
from service.accounts.idempotency import accept_idempotency_key, derive_row_id
from service.community.batches import FilmChangeAnswer, FilmChangeAnswers, answer_each
from service.community.film_references import find_film_id, find_film_ids, read_films
from service.community.lists.models import FilmList, ListItem
from service.community.lists.responses import (
    ListItemView,
    ListPage,
    ListsPage,
    ListView,
    list_item_view,
)
from service.community.lists.schemas import (
    ItemNote,
    ListChange,
    ListChanges,
    ListOrder,
    ListPatch,
    NewList,
)
from service.community.lists.views import list_views
from service.community.readers import find_reader
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.pagination import CursorPageQuery, Total
from service.http.requests import JSON, PATCH_TYPES, read_body, read_path_text, read_query
from service.http.responses import NO_STORE, json_response, list_response
from service.http.row_pages import page_response, read_page

bp = Blueprint("lists", url_prefix="/api/v1/lists")


@bp.get("/", name="own_lists", strict_slashes=False)
@operation(
    "Your lists, the one that changed last first",
    query=CursorPageQuery,
    returns={200: ListsPage},
    sends=("Link",),
    access="user",
)
async def show_own_lists(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    query, services = read_query(request, CursorPageQuery), get_container(request)
    page = await read_page(
        services.film_lists.find_lists(identity.user_id).select_related("user"),
        query,
        request.path,
        services.cursors,
        column="updated_at",
        list_key=str(identity.user_id),
    )
    views = await list_views(page.rows, identity.user_id)
    return page_response(ListsPage, views, page)


@bp.post("/", name="create_list", strict_slashes=False)
@accept_idempotency_key
@operation(
    "Make a list",
    body=NewList,
    returns={201: ListView},
    errors=(409,),
    sends=("Location",),
    access="user",
    key="lists",
)
async def create_list(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    film_lists = get_container(request).film_lists
    new, list_id = read_body(request, NewList), derive_row_id(request)
    film_list = await film_lists.create(identity.user_id, new, list_id)
    return await _list_response(request, film_list, identity.user_id, 201)


@bp.get("/<list_id:str>", name="show_list")
@operation(
    "Show a list with its films",
    query=CursorPageQuery,
    returns={200: ListPage},
    errors=(404,),
    sends=("Link",),
    access="optional",
)
async def show_list(request: Request, list_id: str) -> HTTPResponse:
    query, services = read_query(request, CursorPageQuery), get_container(request)
    reader_id = (await find_reader(request)).id
    film_list = await services.film_lists.get(read_path_text(list_id), reader_id)
    page = await read_page(
        services.film_lists.find_items(film_list),
        query,
        request.path,
        services.cursors,
        column="position",
        is_descending=False,
    )
    [view] = await list_views([film_list], reader_id)
    views = await _to_item_views(request, page.rows)
    body = ListPage(view, views, Total(value=page.total), page.links.next, page.links.previous)
    return list_response(body, page.links)


@bp.put("/<list_id:str>", name="replace_list")
@operation(
    "Replace the name, the description and the visibility of a list",
    body=NewList,
    returns={200: ListView},
    errors=(404,),
    access="user",
    key="lists",
)
async def replace_list(request: Request, list_id: str) -> HTTPResponse:
    return await _change_list(request, list_id, NewList)


@bp.patch("/<list_id:str>", name="amend_list")
@operation(
    "Change the name, the description or the visibility of a list",
    body=ListPatch,
    body_types=PATCH_TYPES,
    returns={200: ListView},
    errors=(404,),
    access="user",
    key="lists",
)
async def amend_list(request: Request, list_id: str) -> HTTPResponse:
    return await _change_list(request, list_id, ListPatch, PATCH_TYPES)


@bp.delete("/<list_id:str>", name="delete_list")
@operation("Delete a list", returns={204: None}, errors=(404,), access="user", key="lists")
async def delete_list(request: Request, list_id: str) -> HTTPResponse:
    identity = await require_user(request)
    await get_container(request).film_lists.delete(identity.user_id, read_path_text(list_id))
    return HTTPResponse(status=204, headers=NO_STORE)


@bp.put("/<list_id:str>/items/<movie:str>", name="add_to_list")
@operation(
    "Put a film at the end of a list; of one that is in it, the note is replaced",
    body=ItemNote,
    returns={201: ListItemView, 200: ListItemView},
    errors=(404, 409),
    access="user",
    key="lists",
    is_body_required=False,
)
async def add_to_list(request: Request, list_id: str, movie: str) -> HTTPResponse:
    identity, services = await require_user(request), get_container(request)
    note = read_body(request, ItemNote).note if request.body else None
    film = await services.catalogue.get(read_path_text(movie))
    added = await services.film_lists.add_item(
        identity.user_id, read_path_text(list_id), film.id, note
    )
    [view] = await _to_item_views(request, [added.item])
    return json_response(view, 201 if added.is_new else 200, NO_STORE)


@bp.delete("/<list_id:str>/items/<movie:str>", name="remove_from_list")
@operation(
    "Take a film from a list, if it is in it",
    returns={204: None},
    errors=(404,),
    access="user",
    key="lists",
)
async def remove_from_list(request: Request, list_id: str, movie: str) -> HTTPResponse:
    identity, services = await require_user(request), get_container(request)
    film_id = await find_film_id(read_path_text(movie))
    await services.film_lists.remove_item(identity.user_id, read_path_text(list_id), film_id)
    return HTTPResponse(status=204, headers=NO_STORE)


@bp.post("/<list_id:str>/items/batch", name="list_batch")
@accept_idempotency_key
@operation(
    "Put up to a hundred films into a list, or take them from it, each answered on its own",
    body=ListChanges,
    returns={200: FilmChangeAnswers},
    errors=(404,),
    access="user",
    key="lists",
)
async def change_items(request: Request, list_id: str) -> HTTPResponse:
    user_id, services = (await require_user(request)).user_id, get_container(request)
    own_id = str((await services.film_lists.get_own(user_id, read_path_text(list_id))).id)

    async def handle(item: ListChange) -> FilmChangeAnswer:
        film_id = await find_film_id(item.movie)
        if item.action == "remove":
            await services.film_lists.remove_item(user_id, own_id, film_id)
            return FilmChangeAnswer(204, None)
        added = await services.film_lists.add_item(user_id, own_id, film_id, item.note)
        return FilmChangeAnswer(201 if added.is_new else 200, None)

    answers = await answer_each(
        request, read_body(request, ListChanges).items, ListChange, handle, FilmChangeAnswer
    )
    return json_response(FilmChangeAnswers(answers), headers=NO_STORE)


@bp.post("/<list_id:str>/order", name="order_list")
@operation(
    "Put films of a list first, in this order; all others follow as before",
    body=ListOrder,
    returns={200: ListView},
    errors=(404,),
    access="user",
    key="lists",
)
async def order_list(request: Request, list_id: str) -> HTTPResponse:
    identity, services = await require_user(request), get_container(request)
    movies = read_body(request, ListOrder).movies
    film_ids = await find_film_ids(movies)
    film_list = await services.film_lists.order_items(
        identity.user_id, read_path_text(list_id), film_ids
    )
    return await _list_response(request, film_list, identity.user_id)


async def _change_list(
    request: Request,
    list_id: str,
    model: type[NewList | ListPatch],
    media_types: tuple[str, ...] = (JSON,),
) -> HTTPResponse:
    identity = await require_user(request)
    change = read_body(request, model, media_types)
    film_list = await get_container(request).film_lists.change(
        identity.user_id, read_path_text(list_id), change
    )
    return await _list_response(request, film_list, identity.user_id)


async def _list_response(
    request: Request, film_list: FilmList, user_id: UUID, status: int = 200
) -> HTTPResponse:
    await film_list.fetch_related("user")
    [view] = await list_views([film_list], user_id)
    location = {"Location": f"/api/v1/lists/{film_list.id}"} if status == 201 else {}
    return json_response(view, status, NO_STORE | location)


async def _to_item_views(request: Request, items: list[ListItem]) -> list[ListItemView]:
    films, now = await read_films(items), get_container(request).now()
    return [list_item_view(item, films, now) for item in items]
