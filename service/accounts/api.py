"""HTTP routes of accounts. Every response is about one person, so none may be stored."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_user
from service.accounts.responses import SessionView, TokenView, UserView
from service.accounts.schemas import Credentials, NewAccount, RefreshRequest, VerifyRequest
from service.accounts.tokens import Identity
from service.http.client_address import get_client_address
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import read_body
from service.http.responses import json_response

NO_STORE = {"Cache-Control": "no-store"}

bp = Blueprint("accounts", url_prefix="/api/v1")


@bp.post("/auth/register")
@operation(
    "Create an account; `is_admin` needs an admin's bearer token",
    body=NewAccount,
    returns={201: UserView},
    errors=(401, 403, 409, 429),
    access="optional",
)
async def register(request: Request) -> HTTPResponse:
    account = read_body(request, NewAccount)
    needs_admin = account.is_admin and "authorization" in request.headers
    requester = await require_user(request) if needs_admin else None
    user = await get_container(request).accounts.register(account, requester)
    return json_response(user, 201, NO_STORE)


@bp.post("/auth/login")
@operation(
    "Log in with a user name or an e-mail address, and a password",
    body=Credentials,
    returns={200: SessionView},
    errors=(401, 429),
)
async def login(request: Request) -> HTTPResponse:
    credentials = read_body(request, Credentials)
    address = get_client_address(request)
    session = await get_container(request).accounts.login(credentials, address)
    return json_response(session, headers=NO_STORE)


@bp.post("/auth/refresh")
@operation(
    "Exchange a refresh token for the next pair of tokens",
    body=RefreshRequest,
    returns={200: SessionView},
    errors=(401,),
)
async def refresh(request: Request) -> HTTPResponse:
    token = read_body(request, RefreshRequest).refresh_token.get_secret_value()
    session = await get_container(request).accounts.refresh(token)
    return json_response(session, headers=NO_STORE)


@bp.post("/auth/verify")
@operation(
    "Verify an access token and return its user; without a body, the bearer token is verified",
    body=VerifyRequest,
    returns={200: TokenView},
    errors=(401,),
    access="optional",
    is_body_required=False,
)
async def verify(request: Request) -> HTTPResponse:
    identity = await _identify_subject(request)
    token = await get_container(request).accounts.describe_token(identity)
    return json_response(token, headers=NO_STORE)


@bp.post("/auth/logout")
@operation(
    "End the session of the bearer token and all tokens of that session",
    returns={204: None},
    access="user",
)
async def logout(request: Request) -> HTTPResponse:
    await get_container(request).accounts.logout(await require_user(request))
    return HTTPResponse(status=204, headers=NO_STORE)


@bp.get("/me")
@operation("Show your own account", returns={200: UserView}, access="user")
async def me(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    user = await get_container(request).accounts.get_user(identity.user_id)
    return json_response(user, headers=NO_STORE)


async def _identify_subject(request: Request) -> Identity:
    """Return the identity behind the token in the body or, without a body, the bearer token."""
    if request.body:
        token = read_body(request, VerifyRequest).token.get_secret_value()
        return await get_container(request).accounts.identify(token)
    return await require_user(request)
