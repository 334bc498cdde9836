"""API keys and parameters as clients that exist already send them: in the query, or in the path."""

from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field
from sanic.request import Request

from service.accounts.auth import authorize_key, use_key
from service.errors import Malformed
from service.http.rate_limits import count_key
from service.http.requests import MAX_PARAMETERS, validate

M = TypeVar("M", bound=BaseModel)

LENIENT_CONFIG = ConfigDict(frozen=True, extra="ignore")
"""Clients send parameters and fields of other services, which are ignored."""


class AnyParameters(BaseModel):
    """No parameters; those that a client sends are ignored."""

    model_config = LENIENT_CONFIG


class KeyQuery(BaseModel):
    """The API key of a client that cannot send headers."""

    model_config = LENIENT_CONFIG

    apikey: Annotated[
        str | None,
        Field(
            max_length=200,
            description="An API key; without it only what anybody may see is there.",
            examples=["mvk_7sYw2QfK0aLxT9cRb4HnE1mJuD6vGpZi8NoWk3CtXyB"],
        ),
    ] = None


def read_parameters(request: Request, model: type[M]) -> M:
    """Return the query string as `model`; of a repeated parameter, the first value.

    Raises:
        Malformed: there are too many parameters.
        Invalid: a parameter that the model knows is wrong.
    """
    try:
        pairs = parse_qsl(
            request.query_string,
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        raise Malformed(
            f"There are more than {MAX_PARAMETERS} parameters.", code="malformed_query"
        ) from None
    return validate(model, dict(reversed(pairs)), prefix="")


async def apply_key_of_query(request: Request) -> None:
    """Have the owner of the key in `?apikey=` act, if there is one.

    Raises:
        Malformed: there is a key or a token in the headers as well.
        NotAuthenticated: `invalid_key`.
        NotAllowed: `scope_missing`.
        TooMany: the key's limit is reached.
    """
    if key := read_parameters(request, KeyQuery).apikey:
        await apply_key(request, key)


async def apply_key(request: Request, key: str) -> None:
    """Have the owner of a key act that is not in the headers. Raises as `apply_key_of_query`."""
    if "x-api-key" in request.headers or "authorization" in request.headers:
        raise Malformed("Send one API key or one bearer token, not both.", code="two_credentials")
    await use_key(request, key.strip())
    await count_key(request)
    await authorize_key(request)
