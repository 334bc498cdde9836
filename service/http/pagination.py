"""Pages of results: the query parameters, the total, and the links to the neighbouring pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from service.errors import FieldError, Invalid

MAX_OFFSET = 1_000  # results; further pages cost the engine all those before them


DROPPED_PARAMETERS = ("offset", "cursor", "after")  # from one page's address to the next one's


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
        if self.offset + self.limit > MAX_OFFSET:
            reason = f"offset + limit must not exceed {MAX_OFFSET}; go on by cursor"
            raise Invalid(
                f"{reason}.", code="page_too_deep", errors=(FieldError("offset", reason),)
            )


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of the pages around one page, if there are any."""

    next: str | None
    previous: str | None

    @classmethod
    def for_page(
        cls, path: str, page: PageQuery, start: int, cursor: str | None, *, has_more: bool = False
    ) -> "Links":
        """The neighbours of a page that begins behind `start` others, with all else kept but for
        `after`: one page may be given to many, and the wait for a write is its writer's alone.

        Args:
            cursor: how to go on; none at the end. Who asked by offset goes on by offset, until
                that ends.
            more: whether more follow that no cursor leads to.
        """
        params = page.model_dump(mode="json", by_alias=True, exclude_unset=True)
        params = {name: value for name, value in params.items() if name not in DROPPED_PARAMETERS}

        def page_url(**position: object) -> str:
            return f"{path}?{urlencode(_to_query_values(params | position), doseq=True)}"

        next_offset, previous_offset = start + page.limit, max(0, start - page.limit)
        by_offset = "offset" in page.model_fields_set or not cursor
        if by_offset and next_offset + page.limit <= MAX_OFFSET:
            next_url = page_url(offset=next_offset) if cursor or has_more else None
        else:
            next_url = page_url(cursor=cursor) if cursor else None
        return cls(
            next=next_url,
            previous=page_url(offset=previous_offset)
            if start and previous_offset + page.limit <= MAX_OFFSET
            else None,
        )

    def to_header(self) -> str:
        """The same addresses as the value of a `Link` header (RFC 8288), or nothing."""
        return ", ".join(
            f'<{url}>; rel="{rel}"'
            for rel, url in (("next", self.next), ("prev", self.previous))
            if url
        )


def _to_query_values(params: Mapping[str, object]) -> dict[str, object]:
    """Values as addresses write them."""
    return {k: str(v).lower() if isinstance(v, bool) else v for k, v in params.items()}
