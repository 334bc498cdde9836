"""The service whose films are added and searched for by name: register, login, two more routes.

Its texts are exact. A film that cannot be added because something is missing or wrong is
`Missing data`, and each failed registration or login the same sentence.
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr, StrictBool, StrictStr
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.administration.schemas import NewUser
from service.accounts.auth import find_user, require_admin
from service.compat.classic.logins import open_session
from service.compat.classic.messages import BAD_INPUT_ERRORS, Message, message_response, to_message
from service.compat.errors import translate_errors
from service.compat.keys import LENIENT_CONFIG, AnyParameters
from service.errors import Conflict, Invalid, NotAllowed, NotAuthenticated
from service.film_fields import FilmRow
from service.films.line_parser import parse_line
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import read_body, validate
from service.omdb.parser import parse_film
from service.search.budgeted_search import run_search
from service.search.retrieval.search_request import Page, SearchRequest

bp = Blueprint("classic_names", url_prefix="/api/v1")

WRONG_CREDENTIALS = "Invalid username or password."
MISSING_DATA = "Missing data"
MAX_FILMS = 100  # films of one search


translate_errors(bp, to_message)


class NameLogin(BaseModel):
    """A name and a password."""

    model_config = LENIENT_CONFIG

    username: Annotated[StrictStr, Field(description="The name.", examples=["ada"])]
    password: Annotated[
        SecretStr, Field(description="The password.", examples=["correct horse battery"])
    ]


class NameRegistration(NameLogin):
    """A new account, without an e-mail address."""

    is_admin: Annotated[
        StrictBool,
        Field(description="Whether it is an admin; only admins may say so.", examples=[False]),
    ] = False


class NamedFilm(BaseModel):
    """A film to be added."""

    model_config = LENIENT_CONFIG

    name: Annotated[StrictStr, Field(description="The title.", examples=["The Wizard of Oz"])]
    imdb_score: Annotated[float, Field(description="IMDb's rating.", examples=[8.3])]
    director: Annotated[
        StrictStr, Field(description="The director, or several by comma.", examples=["V. Fleming"])
    ]
    popularity: Annotated[
        float | None, Field(description="How popular it is.", examples=[83.0])
    ] = None
    genre: Annotated[
        list[StrictStr], Field(description="Genres of the catalogue.", examples=[["Adventure"]])
    ] = []


class NameSearch(BaseModel):
    """What to search for."""

    model_config = LENIENT_CONFIG

    name: Annotated[
        StrictStr, Field(description="The title, typos and all.", examples=["wizzard of oz"])
    ]


class LoginMessage(Message):
    """A login that succeeded."""

    token: Annotated[
        str,
        Field(
            description="The bearer token for requests.",
            examples=["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"],
        ),
    ]


class GenreTitle(BaseModel):
    """A genre of a film."""

    title: Annotated[str, Field(description="Its name.", examples=["Adventure"])]


class NamedFilmView(BaseModel):
    """A film that was found."""

    director: Annotated[str, Field(description="The directors.", examples=["Victor Fleming"])]
    genres: Annotated[list[GenreTitle], Field(description="The genres.")]
    imdb_score: Annotated[float | None, Field(description="IMDb's rating.", examples=[8.3])]
    name: Annotated[str, Field(description="The title.", examples=["The Wizard of Oz"])]
    popularity: Annotated[float | None, Field(description="How popular it is.", examples=[83.0])]


class FoundMessage(Message):
    """The films that were found, the best match first."""

    movies: Annotated[list[NamedFilmView], Field(description="The films.")]


@bp.post("/register", name="register_by_name")
@bp.post("/signup", name="sign_up_by_name")
@operation(
    "Create an account without an e-mail address",
    query=AnyParameters,
    body=NameRegistration,
    returns={200: Message},
    errors=(401, 403, 429),
    access="optional",
    error=Message,
)
async def register(request: Request) -> HTTPResponse:
    requester = await find_user(request)
    accounts = get_container(request).accounts
    try:
        account = read_body(request, NameRegistration)
        new_user = validate(NewUser, account.model_dump(), prefix="/")
        await accounts.register_by_name(new_user, requester)
    except (*BAD_INPUT_ERRORS, Conflict):
        return message_response(WRONG_CREDENTIALS, 400)
    return message_response("Registration successful.")


@bp.post("/login", name="log_in_by_name")
@operation(
    "Log in with a name and a password",
    query=AnyParameters,
    body=NameLogin,
    returns={200: LoginMessage},
    errors=(401, 429),
    key="refused",
    error=Message,
)
async def log_in(request: Request) -> HTTPResponse:
    try:
        session = await open_session(request, read_body(request, NameLogin))
    except (*BAD_INPUT_ERRORS, NotAuthenticated, NotAllowed):
        return message_response(WRONG_CREDENTIALS, 401)
    return message_response(LoginMessage(message="Login successful.", token=session.access_token))


@bp.post("/add_movie", name="add_named_film")
@operation(
    "Add a film by its name",
    query=AnyParameters,
    body=NamedFilm,
    returns={200: Message},
    errors=(404, 409),
    access="admin",
    error=Message,
)
async def add_film(request: Request) -> HTTPResponse:
    await require_admin(request)
    try:
        facts = parse_line(_read_stated_facts(request), parse_film).facts
        await get_container(request).catalogue.add(facts)
    except (*BAD_INPUT_ERRORS, ValueError) as error:
        if isinstance(error, Invalid) and error.code == "genre_not_found":
            return message_response("Genre not found", 404)
        return message_response(MISSING_DATA, 400)
    except Conflict:
        return message_response("Movie already exists", 409)
    return message_response("Movie added successfully")


@bp.post("/search_movie", name="search_by_name")
@operation(
    "Find films by their name, however it is misspelt",
    query=AnyParameters,
    body=NameSearch,
    returns={200: FoundMessage},
    errors=(404, 429, 503),
    error=Message,
)
async def search(request: Request) -> HTTPResponse:
    name = read_body(request, NameSearch).name
    result = await run_search(
        request, SearchRequest(text=name, with_people=False, page=Page(MAX_FILMS))
    )
    if not result.hits:
        return message_response("Movie not found", 404)
    films = [_describe_film(hit.film) for hit in result.hits]
    return message_response(FoundMessage(message="Movie found", movies=films))


def _read_stated_facts(request: Request) -> dict[str, Any]:
    """Return the film in the body as it was written. Raises as `read_body` does."""
    film = read_body(request, NamedFilm)
    return film.model_dump(exclude_unset=True)


def _describe_film(film: FilmRow) -> NamedFilmView:
    return NamedFilmView(
        director=", ".join(film.directors),
        genres=[GenreTitle(title=genre) for genre in film.genres],
        imdb_score=film.imdb_rating,
        name=film.title,
        popularity=film.popularity,
    )
