"""HTTP routes of the sessions of a user: where one is logged in."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_session
from service.accounts.responses import SessionList
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.responses import NO_STORE, json_response

bp = Blueprint("account_sessions", url_prefix="/api/v1/me")


@bp.get("/sessions", name="list_sessions")
@operation("List where you are logged in", returns={200: SessionList}, access="user", key="refused")
async def list_sessions(request: Request) -> HTTPResponse:
    identity = await require_session(request)
    entries = await get_container(request).accounts.sessions.list_sessions(identity)
    return json_response(SessionList(results=entries), headers=NO_STORE)


@bp.delete("/sessions/<session:str>", name="end_session")
@operation(
    "End one of your sessions, with all its tokens",
    returns={204: None},
    errors=(404,),
    access="user",
)
async def end_session(request: Request, session: str) -> HTTPResponse:
    identity = await require_session(request)
    await get_container(request).accounts.sessions.end_own(identity, session)
    return HTTPResponse(status=204, headers=NO_STORE)
