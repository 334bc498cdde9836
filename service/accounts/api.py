"""The door to accounts. All that passes it is about one person, so no answer is stored."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import identity
from service.accounts.responses import SessionView, UserView, VerifiedView
from service.accounts.schemas import Credentials, NewAccount, Refreshing, Verifying
from service.accounts.tokens import Identity
from service.http.dependencies import parts
from service.http.openapi import operation
from service.http.requests import address, body
from service.http.responses import answer

PRIVATE = {"Cache-Control": "no-store"}

bp = Blueprint("accounts", url_prefix="/api/v1")


@bp.post("/auth/register")
@operation(
    "Get an account",
    body=NewAccount,
    returns={201: UserView},
    errors=(401, 403, 409, 429),
    headers={"Authorization": "an admin's bearer token, if `is_admin` is asked for"},
)
async def register(request: Request) -> HTTPResponse:
    account = body(request, NewAccount)
    known = account.is_admin and "authorization" in request.headers
    made = await parts(request).accounts.register(
        account, by=await identity(request) if known else None
    )
    return answer(made, 201, PRIVATE)


@bp.post("/auth/login")
@operation(
    "Log in with a name or an e-mail address, and the password",
    body=Credentials,
    returns={200: SessionView},
    errors=(401, 429),
)
async def login(request: Request) -> HTTPResponse:
    credentials = body(request, Credentials)
    session = await parts(request).accounts.login(credentials, address(request))
    return answer(session, headers=PRIVATE)


@bp.post("/auth/refresh")
@operation(
    "Exchange a refresh token for the next pair of tokens",
    body=Refreshing,
    returns={200: SessionView},
    errors=(401,),
)
async def refresh(request: Request) -> HTTPResponse:
    token = body(request, Refreshing).refresh_token.get_secret_value()
    return answer(await parts(request).accounts.refresh(token), headers=PRIVATE)


@bp.post("/auth/verify")
@operation(
    "Ask whether an access token is good, and whose it is; without a body, the bearer's own",
    body=Verifying,
    returns={200: VerifiedView},
    errors=(401,),
)
async def verify(request: Request) -> HTTPResponse:
    known = await _asked_about(request)
    return answer(await parts(request).accounts.verified(known), headers=PRIVATE)


@bp.post("/auth/logout")
@operation(
    "End the session of the bearer token, with all of its tokens", returns={204: None}, who="user"
)
async def logout(request: Request) -> HTTPResponse:
    await parts(request).accounts.logout(await identity(request))
    return HTTPResponse(status=204, headers=PRIVATE)


@bp.get("/me")
@operation("See one's own account", returns={200: UserView}, who="user")
async def me(request: Request) -> HTTPResponse:
    known = await identity(request)
    return answer(await parts(request).accounts.me(known.user_id), headers=PRIVATE)


async def _asked_about(request: Request) -> Identity:
    if request.body:
        token = body(request, Verifying).token.get_secret_value()
        return await parts(request).accounts.identify(token)
    return await identity(request)
