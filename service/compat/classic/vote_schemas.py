"""Bodies of the service whose users vote for films, in the shapes of Django REST framework."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StrictStr
from sanic.request import Request

from service.community.ratings.models import Rating
from service.community.ratings.schemas import Vote
from service.compat.errors import ErrorAnswer
from service.compat.keys import LENIENT_CONFIG
from service.films.responses import FilmView
from service.http.openapi import Problem

DEFAULT_LIMIT, MAX_LIMIT = 10, 100  # results of a page
ACCESS_EXAMPLE = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"
REFRESH_EXAMPLE = "cmVmcmVzaC10b2tlbg"
ID_EXAMPLE = "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"
NOT_FOUND = "Not found."

VoteWord = Literal["UPVOTE", "DOWNVOTE"]
VOTES: dict[VoteWord, Vote] = {"UPVOTE": "up", "DOWNVOTE": "down"}
WORDS: dict[str | None, VoteWord] = {vote: word for word, vote in VOTES.items()}

BAD_INPUT = (409, 422)
"""What that framework answers with 400."""

DETAILS = {
    "token_missing": {"detail": "Authentication credentials were not provided."},
    "invalid_token": {
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
    },
}
"""The framework's words by the code of the cause; others are told in this service's."""


def to_detail(_: Request, problem: Problem) -> ErrorAnswer:
    """Return an error as the framework does: a detail, or the reasons by field."""
    if problem.status == 404:
        return ErrorAnswer(404, {"detail": NOT_FOUND})
    status = 400 if problem.status in BAD_INPUT else problem.status
    if problem.errors:
        reasons: dict[str, list[str]] = {}
        for error in problem.errors:
            name = error.pointer.strip("/").partition("/")[0] or "non_field_errors"
            reasons.setdefault(name, []).append(error.detail)
        return ErrorAnswer(status, reasons)
    return ErrorAnswer(status, DETAILS.get(problem.code, {"detail": problem.detail}))


class DetailView(BaseModel):
    """Why a request is refused; wrong input has the reasons by field instead."""

    model_config = ConfigDict(extra="allow")

    detail: Annotated[str | None, Field(description="The reason.", examples=[NOT_FOUND])] = None
    code: Annotated[
        str | None, Field(description="Its code, for tokens.", examples=["token_not_valid"])
    ] = None


class TokenLogin(BaseModel):
    """A name and a password."""

    model_config = LENIENT_CONFIG

    username: Annotated[StrictStr, Field(description="The name.", examples=["ada"])]
    password: Annotated[
        SecretStr, Field(description="The password.", examples=["correct horse battery"])
    ]


class NewVoter(TokenLogin):
    """A new account."""

    email: Annotated[
        StrictStr | None,
        Field(description="The e-mail address, if there is one.", examples=["ada@films.example"]),
    ] = None


class RefreshBody(BaseModel):
    """A refresh token."""

    model_config = LENIENT_CONFIG

    refresh: Annotated[
        SecretStr, Field(description="The refresh token of a login.", examples=[REFRESH_EXAMPLE])
    ]


class TokenBody(BaseModel):
    """A token to verify."""

    model_config = LENIENT_CONFIG

    token: Annotated[
        SecretStr, Field(description="An access or a refresh token.", examples=[ACCESS_EXAMPLE])
    ]


class AccessView(BaseModel):
    """A new access token."""

    access: Annotated[
        str, Field(description="The bearer token for requests.", examples=[ACCESS_EXAMPLE])
    ]


class TokenPair(AccessView):
    """The tokens of a login."""

    refresh: Annotated[
        str,
        Field(description="For new access tokens, again and again.", examples=[REFRESH_EXAMPLE]),
    ]


class NothingView(BaseModel):
    """An empty object: the token is valid."""


class VoterView(BaseModel):
    """An account."""

    id: Annotated[
        str | None,
        Field(
            description="Its id; null until its address is confirmed, if it must be.",
            examples=[ID_EXAMPLE],
        ),
    ]
    username: Annotated[str, Field(description="The name.", examples=["ada"])]
    email: Annotated[str, Field(description="The address, or empty.", examples=["a@b.example"])]


def _read_count(value: object, default: int, minimum: int, maximum: int) -> int:
    """Return a number of a page as that framework reads it: what is wrong counts as absent."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < minimum:
        return default
    return min(int(text), maximum)


class PageParameters(BaseModel):
    """The page of a list."""

    model_config = LENIENT_CONFIG

    limit: Annotated[
        Annotated[int, BeforeValidator(lambda v: _read_count(v, DEFAULT_LIMIT, 1, MAX_LIMIT))],
        Field(description="How many results, at most a hundred.", examples=[10]),
    ] = DEFAULT_LIMIT
    offset: Annotated[
        Annotated[int, BeforeValidator(lambda v: _read_count(v, 0, 0, 10**9))],
        Field(description="How many results to skip.", examples=[0]),
    ] = 0


class FilmParameters(PageParameters):
    """What to search for."""

    query: Annotated[
        str,
        Field(description="The words, typos and all; without them all films.", examples=["jawz"]),
    ] = ""


class _Page(BaseModel):
    count: Annotated[int, Field(description="How many there are in all.", examples=[42])]
    next: Annotated[
        str | None,
        Field(
            description="The address of the next page.",
            examples=["https://films.example/api/v1/movies/?limit=10&offset=10"],
        ),
    ]
    previous: Annotated[
        str | None,
        Field(
            description="The address of the previous page.",
            examples=["https://films.example/api/v1/movies/?limit=10"],
        ),
    ]


class FilmResults(_Page):
    """A page of films."""

    results: Annotated[list[FilmView], Field(description="The films, in order.")]


class VoteBody(BaseModel):
    """A vote."""

    model_config = LENIENT_CONFIG

    rating: Annotated[VoteWord, Field(description="Whether you liked it.", examples=["UPVOTE"])]


class NewVote(VoteBody):
    """A vote for a film, or against it."""

    movie: Annotated[
        StrictStr,
        Field(min_length=1, max_length=100, description="The film.", examples=[ID_EXAMPLE]),
    ]


class VotePatch(BaseModel):
    """Changes of a vote."""

    model_config = LENIENT_CONFIG

    rating: Annotated[
        VoteWord | None, Field(description="Whether you liked it.", examples=["DOWNVOTE"])
    ] = None


class VoteView(BaseModel):
    """One's vote for a film, or against it."""

    id: Annotated[str, Field(description="Its id.", examples=[ID_EXAMPLE])]
    movie: Annotated[str, Field(description="The id of the film.", examples=[ID_EXAMPLE])]
    rating: Annotated[VoteWord, Field(description="Whether you liked it.", examples=["UPVOTE"])]

    @classmethod
    def from_rating(cls, rating: Rating) -> "VoteView":
        """Return the vote of a rating that has one."""
        return cls(id=str(rating.id), movie=str(rating.film_id), rating=WORDS[rating.vote])


class VoteResults(_Page):
    """A page of one's votes, the latest first."""

    results: Annotated[list[VoteView], Field(description="The votes.")]
