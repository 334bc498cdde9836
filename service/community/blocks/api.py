"""The HTTP routes of the users whom a user does not want to read."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_user
from service.community.blocks.responses import BlockPage, BlockView
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.pagination import CursorPageQuery
from service.http.requests import read_path_text, read_query
from service.http.responses import NO_STORE
from service.http.row_pages import page_response, read_page

bp = Blueprint("blocks", url_prefix="/api/v1/me/blocks")


@bp.get("/", name="list_blocks", strict_slashes=False)
@operation(
    "List the users whose reviews you do not see, the latest first",
    query=CursorPageQuery,
    returns={200: BlockPage},
    sends=("Link",),
    access="user",
)
async def list_blocks(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    query, services = read_query(request, CursorPageQuery), get_container(request)
    page = await read_page(
        services.blocks.find_blocks(identity.user_id),
        query,
        request.path,
        services.cursors,
        column="created_at",
        list_key=str(identity.user_id),
    )
    views = [BlockView(block.blocked.username, block.created_at) for block in page.rows]
    return page_response(BlockPage, views, page)


@bp.put("/<username:str>", name="block_user")
@operation(
    "See no more reviews of a user",
    returns={204: None},
    errors=(404, 409),
    access="user",
    key="write",
)
async def block_user(request: Request, username: str) -> HTTPResponse:
    identity = await require_user(request)
    await get_container(request).blocks.add(identity.user_id, read_path_text(username))
    return HTTPResponse(status=204, headers=NO_STORE)


@bp.delete("/<username:str>", name="unblock_user")
@operation(
    "See the reviews of a user again",
    returns={204: None},
    errors=(404,),
    access="user",
    key="write",
)
async def unblock_user(request: Request, username: str) -> HTTPResponse:
    identity = await require_user(request)
    await get_container(request).blocks.remove(identity.user_id, read_path_text(username))
    return HTTPResponse(status=204, headers=NO_STORE)
