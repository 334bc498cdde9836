"""What every door says in the same way: JSON, pages with their links, conditional answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

import orjson
from pydantic import BaseModel, ConfigDict, Field
from sanic.request import Request
from sanic.response import HTTPResponse

from service.errors import FieldError, Invalid

DEEPEST_OFFSET = 1_000  # results; further pages cost the engine all those before them
NOT_KEPT = ("offset", "cursor", "after")  # from one page's address to the next one's


class Total(BaseModel):
    """How many there are: exactly (`eq`), or at least (`gte`)."""

    value: int
    relation: Literal["eq", "gte"] = "eq"


class PageQuery(BaseModel):
    """Which page a client asks for; doors add their own parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0)] = 0

    def model_post_init(self, context: object, /) -> None:
        if self.offset + self.limit > DEEPEST_OFFSET:
            reason = f"offset + limit must not exceed {DEEPEST_OFFSET}; go on by cursor"
            raise Invalid(
                f"{reason}.", code="page_too_deep", errors=(FieldError("offset", reason),)
            )


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of the pages around one page, if there are any."""

    next: str | None
    previous: str | None

    @classmethod
    def along(
        cls, path: str, page: PageQuery, start: int, cursor: str | None, *, more: bool = False
    ) -> "Links":
        """The neighbours of a page that begins behind `start` others, with all else kept but for
        `after`: one page may be given to many, and the wait for a write is its writer's alone.

        Args:
            cursor: how to go on; none at the end. Who asked by offset goes on by offset, until
                that ends.
            more: whether more follow that no cursor leads to.
        """
        kept = page.model_dump(mode="json", by_alias=True, exclude_unset=True)
        kept = {name: value for name, value in kept.items() if name not in NOT_KEPT}

        def at(**place: object) -> str:
            return f"{path}?{urlencode(_plain_values(kept | place), doseq=True)}"

        following, before = start + page.limit, max(0, start - page.limit)
        by_offset = "offset" in page.model_fields_set or not cursor
        if by_offset and following + page.limit <= DEEPEST_OFFSET:
            further = at(offset=following) if cursor or more else None
        else:
            further = at(cursor=cursor) if cursor else None
        return cls(
            next=further,
            previous=at(offset=before) if start and before + page.limit <= DEEPEST_OFFSET else None,
        )

    def header(self) -> str:
        """The same addresses as the value of a `Link` header (RFC 8288), or nothing."""
        return ", ".join(
            f'<{address}>; rel="{rel}"'
            for rel, address in (("next", self.next), ("prev", self.previous))
            if address
        )


def _plain_values(given: Mapping[str, object]) -> dict[str, object]:
    """Values as addresses write them."""
    return {k: str(v).lower() if isinstance(v, bool) else v for k, v in given.items()}


def encode(value: object) -> bytes:
    """`value` as JSON; pydantic models and frozen dataclasses included."""
    return orjson.dumps(value, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"cannot be JSON: {type(value).__name__}")


def answer(
    value: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> HTTPResponse:
    """`value` as a JSON response; bytes are sent as they are."""
    return HTTPResponse(
        value if isinstance(value, bytes) else encode(value),
        status=status,
        headers=dict(headers or {}),
        content_type=media_type,
    )


def conditional(
    request: Request,
    value: object,
    etag: str,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> HTTPResponse:
    """`value` under a strong `ETag`; 304 if the client has it already (RFC 9110, 13.1.2)."""
    said = {"ETag": f'"{etag}"', **(headers or {})}
    known = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    if f'"{etag}"' in tags or "*" in tags:
        return HTTPResponse(status=304, headers=said)
    return answer(value, headers=said, media_type=media_type)
