"""Declare what a handler takes and returns; `openapi_document` makes OpenAPI of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field

from service.errors import ErrorCode
from service.key_rules import Access, KeyRule, derive_key_rule

F = TypeVar("F", bound=Callable[..., Any])

Returns = Mapping[int, type[Any] | str | None]


class FieldProblem(BaseModel):
    """One wrong part of the input."""

    pointer: Annotated[
        str,
        Field(
            description="A JSON pointer into the body, or the name of a parameter.",
            examples=["/year"],
        ),
    ]
    detail: Annotated[
        str,
        Field(
            description="What is wrong with it.",
            examples=["Input should be greater than or equal to 1870"],
        ),
    ]


class Problem(BaseModel):
    """An error in the form of RFC 9457; `code` is stable."""

    type: Annotated[
        str,
        Field(description="Always `about:blank`; `code` is the type.", examples=["about:blank"]),
    ]
    title: Annotated[str, Field(description="The phrase of the status.", examples=["Not Found"])]
    status: Annotated[int, Field(description="The HTTP status.", examples=[404])]
    detail: Annotated[
        str,
        Field(
            description="A sentence for people; it may change.",
            examples=["The catalogue has no such film."],
        ),
    ]
    code: Annotated[
        ErrorCode, Field(description="The cause, for programs.", examples=["movie_not_found"])
    ]
    instance: Annotated[
        str | None,
        Field(description="The path of the request.", examples=["/api/v1/movies/tt0000001/poster"]),
    ] = None
    request_id: Annotated[
        str | None,
        Field(
            description="The id under which the log has this request.",
            examples=["9f1c6a0e5b7d4c3f8a2e1d0c9b8a7f6e"],
        ),
    ] = None
    errors: Annotated[
        list[FieldProblem] | None,
        Field(description="The wrong parts of the input; null if it is not about input."),
    ] = None


@dataclass(frozen=True, slots=True)
class Operation:
    """The parameters, responses and access rule of one route; fields as in `operation`."""

    summary: str
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    returns: Returns
    errors: tuple[int, ...]
    access: Access
    headers: Mapping[str, str]
    sends: tuple[str, ...]
    body_types: tuple[str, ...]
    is_body_required: bool
    key: KeyRule | None
    error: type[BaseModel]
    other_media_types: tuple[str, ...]

    def get_key_rule(self, method: str) -> KeyRule:
        """Return what an API key may do here."""
        return derive_key_rule(self.access, method, self.key)


def operation(
    summary: str,
    *,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    returns: Returns | None = None,
    errors: tuple[int, ...] = (),
    access: Access = "anyone",
    headers: Mapping[str, str] | None = None,
    sends: tuple[str, ...] = (),
    body_types: tuple[str, ...] = ("application/json",),
    is_body_required: bool = True,
    key: KeyRule | None = None,
    error: type[BaseModel] = Problem,
    other_media_types: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Declare a handler for the OpenAPI document.

    Args:
        query: the model of the query string.
        body: the model of the JSON body.
        returns: status → model of a JSON response, a media type, or None for no body.
        errors: statuses of errors, besides those that follow from the other arguments.
        access: `anyone`; `optional`, where a bearer token permits more; `user`; `admin`; with
            `…_cookie`, the cookie with the refresh token does too; `metrics`, where the bearer
            token is `METRICS_TOKEN`.
        headers: request header → description; a `*` after the name marks it as required.
        sends: the response headers of a success, by their names in `RESPONSE_HEADERS`.
        body_types: the media types that the body may have.
        is_body_required: whether a request without a body is refused.
        key: what an API key may do here, if not what follows from `access`; see `key_rules`.
        error: the body of errors, where it is that of another protocol.
        other_media_types: what is sent in place of JSON to a request that asks for it.
    """

    def declare(handler: F) -> F:
        handler.operation = Operation(  # type: ignore[attr-defined]  # read at the route
            summary,
            query,
            body,
            returns or {200: None},
            errors,
            access,
            headers or {},
            sends,
            body_types,
            is_body_required,
            key,
            error,
            other_media_types,
        )
        return handler

    return declare


@cache
def openapi_path(path: str) -> str:
    """Return Sanic's path in OpenAPI's form: `<movie:str>` becomes `{movie}`.

    Only a route that is strict about it has a slash at its end.
    """
    segments = path.lstrip("/").split("/")
    return "/" + "/".join(
        "{" + segment[1:-1].split(":")[0] + "}" if segment.startswith("<") else segment
        for segment in segments
    )
