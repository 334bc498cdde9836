"""HTTP routes of the deletion of one's own account."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_any_session, require_session
from service.accounts.deletion.schemas import DeletionRequest, DeletionView
from service.accounts.sessions.refresh_cookie import clear_refresh_cookie
from service.http.client_address import get_client_address
from service.http.dependencies import get_container
from service.http.languages import preferred_language
from service.http.openapi import operation
from service.http.requests import read_body
from service.http.responses import NO_STORE, json_response

bp = Blueprint("account_deletion", url_prefix="/api/v1/me")


@bp.post("/deletion", name="request_deletion")
@operation(
    "Delete your account: it is hidden and all its sessions end at once, and it is erased after "
    "seven days",
    body=DeletionRequest,
    returns={202: DeletionView},
    errors=(409, 429),
    sends=("Set-Cookie",),
    access="user",
)
async def request_deletion(request: Request) -> HTTPResponse:
    identity = await require_session(request)
    body = read_body(request, DeletionRequest)
    address, language = get_client_address(request), preferred_language(request)
    deletion = get_container(request).accounts.deletion
    response = json_response(
        await deletion.request(identity, body, address, language), 202, NO_STORE
    )
    clear_refresh_cookie(request, response)
    return response


@bp.delete("/deletion", name="cancel_deletion")
@operation(
    "Restore your account, which is to be erased; until then, only this works after a login",
    returns={204: None},
    errors=(404,),
    access="user",
)
async def cancel_deletion(request: Request) -> HTTPResponse:
    identity = await require_any_session(request)
    await get_container(request).accounts.deletion.cancel(identity)
    return HTTPResponse(status=204, headers=NO_STORE)
