"""The accounts of the service that has films under `/api/movies`: register, log in, log out."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import find_user, require_any_session
from service.accounts.schemas import NewAccount
from service.compat.classic.film_schemas import (
    ClassicLogin,
    ClassicLoginMessage,
    ClassicRegistration,
)
from service.compat.classic.logins import open_session
from service.compat.classic.messages import BAD_INPUT_ERRORS, Message, message_response, to_message
from service.compat.errors import translate_errors
from service.compat.keys import AnyParameters
from service.errors import Conflict, NotAllowed, NotAuthenticated
from service.http.dependencies import get_container
from service.http.languages import preferred_language
from service.http.openapi import operation
from service.http.requests import read_body, validate

bp = Blueprint("classic_film_accounts", url_prefix="/api/auth")

TAKEN = {"username_taken": "Username already exists", "email_taken": "Email already exists"}

translate_errors(bp, to_message)


@bp.post("/register", name="classic_register")
@operation(
    "Create an account; its address may have to be confirmed before it can be used",
    query=AnyParameters,
    body=ClassicRegistration,
    returns={201: Message},
    errors=(401, 403, 429),
    access="optional",
    error=Message,
)
async def register(request: Request) -> HTTPResponse:
    registration = read_body(request, ClassicRegistration)
    requester = await find_user(request)
    account = validate(NewAccount, registration.model_dump(), prefix="/")
    try:
        await get_container(request).accounts.register(
            account, requester, preferred_language(request)
        )
    except Conflict as error:
        return message_response(TAKEN.get(error.code, error.detail), 400)
    return message_response("User registered successfully", 201)


@bp.post("/login", name="classic_login")
@operation(
    "Log in with an e-mail address and a password",
    query=AnyParameters,
    body=ClassicLogin,
    returns={200: ClassicLoginMessage},
    errors=(401, 429),
    key="refused",
    error=Message,
)
async def log_in(request: Request) -> HTTPResponse:
    try:
        session = await open_session(request, read_body(request, ClassicLogin))
    except (*BAD_INPUT_ERRORS, NotAuthenticated, NotAllowed):
        return message_response("Invalid email or password", 401)
    return message_response(
        ClassicLoginMessage(
            message="Login successful",
            access_token=session.access_token,
            user=session.user.username,
        )
    )


@bp.post("/logout", name="classic_logout")
@operation(
    "End the session of the bearer token",
    query=AnyParameters,
    returns={200: Message},
    access="user",
    error=Message,
)
async def log_out(request: Request) -> HTTPResponse:
    await get_container(request).accounts.logout(await require_any_session(request))
    return message_response("User logged out")
