"""The users of the service whose users vote for films: Simple JWT's tokens, and registration.

Its addresses end with a slash: without it, `/api/v1/auth/refresh` and `/api/v1/auth/verify` are
this service's own routes.
"""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.administration.schemas import NewUser
from service.accounts.auth import find_user
from service.accounts.responses import UserView
from service.accounts.schemas import NewAccount
from service.compat.classic.logins import open_session
from service.compat.classic.vote_schemas import (
    AccessView,
    DetailView,
    NewVoter,
    NothingView,
    RefreshBody,
    TokenBody,
    TokenLogin,
    TokenPair,
    VoterView,
    to_detail,
)
from service.compat.errors import translate_errors
from service.compat.keys import AnyParameters
from service.errors import Conflict, FieldError, Invalid, NotAllowed, NotAuthenticated
from service.http.dependencies import get_container
from service.http.languages import preferred_language
from service.http.openapi import operation
from service.http.requests import read_body, validate
from service.http.responses import NO_STORE, json_response

bp = Blueprint("classic_voters", url_prefix="/api/v1")

NO_ACCOUNT = {
    "detail": "No active account found with the given credentials",
    "code": "no_active_account",
}
WRONG_TOKEN = {"detail": "Token is invalid or expired", "code": "token_not_valid"}

translate_errors(bp, to_detail)


@bp.post("/auth/token/", name="token_login", strict_slashes=True)
@operation(
    "Log in with a name and a password",
    query=AnyParameters,
    body=TokenLogin,
    returns={200: TokenPair},
    errors=(401, 429),
    key="refused",
    error=DetailView,
)
async def log_in(request: Request) -> HTTPResponse:
    login = read_body(request, TokenLogin)
    try:
        session = await open_session(request, login)
    except (Invalid, NotAuthenticated, NotAllowed):
        return json_response(NO_ACCOUNT, 401, NO_STORE)
    pair = TokenPair(access=session.access_token, refresh=session.refresh_token)
    return json_response(pair, headers=NO_STORE)


@bp.post("/auth/refresh/", name="token_refresh", strict_slashes=True)
@operation(
    "Return a new access token; the refresh token stays as it is",
    query=AnyParameters,
    body=RefreshBody,
    returns={200: AccessView},
    errors=(401,),
    key="refused",
    error=DetailView,
)
async def refresh(request: Request) -> HTTPResponse:
    token = read_body(request, RefreshBody).refresh.get_secret_value()
    try:
        session = await get_container(request).accounts.renew_access(token)
    except NotAuthenticated:
        return json_response(WRONG_TOKEN, 401, NO_STORE)
    return json_response(AccessView(access=session.access_token), headers=NO_STORE)


@bp.post("/auth/verify/", name="token_verify", strict_slashes=True)
@operation(
    "Whether a token is valid",
    query=AnyParameters,
    body=TokenBody,
    returns={200: NothingView},
    errors=(401,),
    key="refused",
    error=DetailView,
)
async def verify(request: Request) -> HTTPResponse:
    token = read_body(request, TokenBody).token.get_secret_value()
    accounts = get_container(request).accounts
    try:
        if "." in token:  # an access token has dots, a refresh token has none
            await accounts.identify(token)
        else:
            await accounts.renew_access(token)
    except NotAuthenticated:
        return json_response(WRONG_TOKEN, 401, NO_STORE)
    return json_response(NothingView(), headers=NO_STORE)


@bp.post("/users/register/", name="register_voter", strict_slashes=True)
@operation(
    "Create an account, with an e-mail address or without one",
    query=AnyParameters,
    body=NewVoter,
    returns={201: VoterView},
    errors=(401, 403, 409, 429),
    access="optional",
    error=DetailView,
)
async def register(request: Request) -> HTTPResponse:
    voter, requester = read_body(request, NewVoter), await find_user(request)
    accounts, facts = get_container(request).accounts, voter.model_dump()
    try:
        if not voter.email:
            facts.pop("email")
            user = await accounts.register_by_name(validate(NewUser, facts, "/"), requester)
            view = VoterView(id=str(user.id), username=user.username, email="")
        else:
            account = validate(NewAccount, facts, "/")
            created = await accounts.register(account, requester, preferred_language(request))
            user_id = str(created.id) if isinstance(created, UserView) else None
            view = VoterView(id=user_id, username=account.username, email=account.email)
    except Conflict as error:
        field = "email" if error.code == "email_taken" else "username"
        raise Invalid(error.detail, errors=(FieldError(f"/{field}", error.detail),)) from None
    return json_response(view, 201, NO_STORE)
