"""HTTP routes of a user's API keys. They need a login: no key makes, shows or deletes keys."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_session
from service.accounts.keys.schemas import NewKey
from service.accounts.responses import ApiKeyList, NewKeyView
from service.http.dependencies import get_container
from service.http.languages import preferred_language
from service.http.openapi import operation
from service.http.requests import read_body
from service.http.responses import NO_STORE, json_response

bp = Blueprint("account_keys", url_prefix="/api/v1/me")


@bp.get("/keys", name="list_keys")
@operation("List your API keys", returns={200: ApiKeyList}, access="user", key="refused")
async def list_keys(request: Request) -> HTTPResponse:
    identity = await require_session(request)
    keys = await get_container(request).accounts.keys.list_keys(identity)
    return json_response(ApiKeyList(results=keys), headers=NO_STORE)


@bp.post("/keys", name="create_key")
@operation(
    "Make an API key; it is shown only in this answer, and a mail tells you that it was made",
    body=NewKey,
    returns={201: NewKeyView},
    errors=(403, 409, 429),
    access="user",
    key="refused",
)
async def create_key(request: Request) -> HTTPResponse:
    identity = await require_session(request)
    new_key = read_body(request, NewKey)
    keys, language = get_container(request).accounts.keys, preferred_language(request)
    key = await keys.create(identity, new_key, language)
    return json_response(key, 201, NO_STORE)


@bp.delete("/keys/<key_id:str>", name="delete_key")
@operation(
    "Delete one of your API keys, which stops working at once",
    returns={204: None},
    errors=(404,),
    access="user",
    key="refused",
)
async def delete_key(request: Request, key_id: str) -> HTTPResponse:
    identity = await require_session(request)
    await get_container(request).accounts.keys.delete(identity, key_id)
    return HTTPResponse(status=204, headers=NO_STORE)
