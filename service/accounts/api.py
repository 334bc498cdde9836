"""HTTP routes of accounts. Every response is about one person, so none may be stored."""

from contextlib import suppress

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import find_user, require_any_session, require_session, require_user
from service.accounts.emails.schemas import AccountChange
from service.accounts.idempotency import accept_idempotency_key
from service.accounts.responses import (
    LoginView,
    PendingAccountView,
    SessionView,
    TokenView,
    UserView,
)
from service.accounts.schemas import (
    Credentials,
    NewAccount,
    PasswordChange,
    RefreshRequest,
    VerifyRequest,
)
from service.accounts.sessions.refresh_cookie import (
    clear_refresh_cookie,
    read_refresh_cookie,
    require_own_origin,
    set_refresh_cookie,
)
from service.accounts.sessions.service import Client
from service.accounts.sessions.tokens import SessionIdentity
from service.errors import NotAuthenticated
from service.http.client_address import get_client_address, read_user_agent
from service.http.dependencies import get_container
from service.http.languages import preferred_language
from service.http.openapi import operation
from service.http.requests import read_body
from service.http.responses import NO_STORE, json_response

ORIGIN = {"Origin": "The service's own origin; required with the cookie."}

bp = Blueprint("accounts", url_prefix="/api/v1")


@bp.post("/auth/register")
@accept_idempotency_key
@operation(
    "Create an account, or 202 if its address must be confirmed; an admin may always, and may set "
    "`is_admin`",
    body=NewAccount,
    returns={201: UserView, 202: PendingAccountView},
    errors=(401, 403, 409, 429),
    access="optional",
)
async def register(request: Request) -> HTTPResponse:
    account = read_body(request, NewAccount)
    requester = await find_user(request)
    accounts = get_container(request).accounts
    created = await accounts.register(account, requester, preferred_language(request))
    return json_response(created, 201 if isinstance(created, UserView) else 202, NO_STORE)


@bp.post("/auth/login")
@operation(
    "Log in with a user name or an e-mail address, and a password",
    body=Credentials,
    returns={200: LoginView},
    errors=(401, 403, 429),
    sends=("Set-Cookie",),
    key="refused",
)
async def login(request: Request) -> HTTPResponse:
    credentials = read_body(request, Credentials)
    if credentials.cookie and "origin" in request.headers:
        require_own_origin(request)
    address = get_client_address(request)
    accounts, user_agent = get_container(request).accounts, read_user_agent(request)
    session = await accounts.login(credentials, address, user_agent)
    return _session_response(request, session, in_cookie=credentials.cookie)


@bp.post("/auth/refresh")
@operation(
    "Exchange a refresh token, in the body or in the cookie, for the next pair of tokens",
    body=RefreshRequest,
    returns={200: LoginView},
    errors=(401, 403),
    headers=ORIGIN,
    sends=("Set-Cookie",),
    access="optional_cookie",
)
async def refresh(request: Request) -> HTTPResponse:
    body = read_body(request, RefreshRequest)
    cookie = read_refresh_cookie(request) if body.refresh_token is None else None
    token = body.refresh_token.get_secret_value() if body.refresh_token else cookie
    if token is None:
        raise NotAuthenticated("There is no cookie with a refresh token.", code="token_missing")
    client = Client(get_client_address(request), read_user_agent(request))
    session = await get_container(request).accounts.refresh(token, client)
    return _session_response(request, session, in_cookie=body.cookie)


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
    "End the session of the bearer token, and that of the cookie, with all tokens of the session",
    returns={204: None},
    headers=ORIGIN,
    sends=("Set-Cookie",),
    errors=(403,),
    access="user_or_cookie",
)
async def logout(request: Request) -> HTTPResponse:
    accounts = get_container(request).accounts
    cookie = read_refresh_cookie(request)
    if cookie is None:
        await accounts.logout(await require_any_session(request))
        return HTTPResponse(status=204, headers=NO_STORE)
    await accounts.logout_cookie(cookie)
    if "authorization" in request.headers:
        with suppress(NotAuthenticated):  # as a rule it is the session that has just ended
            await accounts.logout(await require_any_session(request))
    response = HTTPResponse(status=204, headers=NO_STORE)
    clear_refresh_cookie(request, response)
    return response


@bp.post("/auth/logout-all", name="logout_all")
@operation(
    "End all sessions of the user, that of the bearer token too",
    returns={204: None},
    sends=("Set-Cookie",),
    access="user",
)
async def logout_all(request: Request) -> HTTPResponse:
    await get_container(request).accounts.logout_all(await require_any_session(request))
    response = HTTPResponse(status=204, headers=NO_STORE)
    clear_refresh_cookie(request, response)
    return response


@bp.post("/auth/password", name="change_password")
@operation(
    "Change your password, which ends all your other sessions",
    body=PasswordChange,
    returns={204: None},
    errors=(429,),
    access="user",
)
async def change_password(request: Request) -> HTTPResponse:
    identity = await require_session(request)
    change = read_body(request, PasswordChange)
    address = get_client_address(request)
    language = preferred_language(request)
    await get_container(request).accounts.change_password(identity, change, address, language)
    return HTTPResponse(status=204, headers=NO_STORE)


@bp.get("/me")
@operation("Show your own account", returns={200: UserView}, access="user")
async def me(request: Request) -> HTTPResponse:
    identity = await require_user(request)
    user = await get_container(request).accounts.get_user(identity.user_id)
    return json_response(user, headers=NO_STORE)


@bp.patch("/me", name="change_account")
@operation(
    "Change your own account; another address counts once it is confirmed, if that is required",
    body=AccountChange,
    returns={200: UserView},
    errors=(409, 429),
    access="user",
)
async def change_account(request: Request) -> HTTPResponse:
    identity = await require_session(request)
    change = read_body(request, AccountChange)
    accounts, address = get_container(request).accounts, get_client_address(request)
    language = preferred_language(request)
    user = await accounts.change_account(identity, change, address, language)
    return json_response(user, headers=NO_STORE)


async def _identify_subject(request: Request) -> SessionIdentity:
    """Return the identity behind the token in the body or, without a body, the bearer token."""
    if request.body:
        token = read_body(request, VerifyRequest).token.get_secret_value()
        return await get_container(request).accounts.identify(token)
    return await require_any_session(request)


def _session_response(request: Request, session: SessionView, *, in_cookie: bool) -> HTTPResponse:
    """Return the tokens of a session, the refresh token in the body or as a cookie."""
    view = LoginView.from_session(session, in_cookie=in_cookie)
    response = json_response(view, headers=NO_STORE)
    if in_cookie:
        set_refresh_cookie(request, response, session.refresh_token)
    return response
