"""Pages of results: query parameters, totals, and links to the neighbouring pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from service.errors import FieldError, Invalid
from service.signed_cursors import MAX_CURSOR_LENGTH

MAX_OFFSET = 1_000  # results; for a deeper page an engine must rank everything before it
DROPPED_PARAMETERS = ("offset", "cursor", "after")  # not copied from one page's URL to the next


class Total(BaseModel):
    """The number of results: exact (`eq`), or a lower bound (`gte`)."""

    value: Annotated[int, Field(description="How many there are, or at least are.", examples=[42])]
    relation: Annotated[
        Literal["eq", "gte"],
        Field(
            description="Whether `value` is exact (`eq`) or a lower bound (`gte`).", examples=["eq"]
        ),
    ] = "eq"


def page_address(neighbor: Literal["next", "previous"], path: str) -> Any:
    """Return the description of a field that holds the address of a neighbouring page."""
    page = f"limit=20&offset={20 if neighbor == 'next' else 0}"
    example = f"{path}{'&' if '?' in path else '?'}{page}"
    return Field(description=f"The address of the {neighbor} page.", examples=[example])


class PageQuery(BaseModel):
    """The page that a client requests; subclasses add their own parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[
        int, Field(ge=1, le=100, description="How many results to return.", examples=[20])
    ] = 20
    offset: Annotated[
        int,
        Field(
            ge=0,
            description="How many results to skip; `offset` + `limit` is at most 1,000.",
            examples=[0],
        ),
    ] = 0

    def model_post_init(self, context: object, /) -> None:
        """Check the depth of the page.

        Raises:
            Invalid: the page ends behind `MAX_OFFSET`.
        """
        if self.offset + self.limit > MAX_OFFSET:
            reason = f"offset + limit must not exceed {MAX_OFFSET}; continue with a cursor"
            raise Invalid(
                f"{reason}.", code="page_too_deep", errors=(FieldError("offset", reason),)
            )


class CursorPageQuery(PageQuery):
    """The page of a list that can also be continued by cursor."""

    cursor: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=MAX_CURSOR_LENGTH,
            description="Where to continue: copied from the `next` of a page.",
            examples=["eyJ2IjoxfQ"],
        ),
    ] = None

    def model_post_init(self, context: object, /) -> None:
        """Check the depth of the page, and that it has one beginning. Raises Invalid."""
        super().model_post_init(context)
        if self.cursor is not None and "offset" in self.model_fields_set:
            reason = "is for pages without a cursor"
            raise Invalid(f"offset {reason}.", errors=(FieldError("offset", reason),))

    @property
    def list_key(self) -> str:
        """Return what decides which rows come in which order."""
        excluded = {"limit", "offset", "cursor"}
        return self.model_dump_json(exclude=excluded, exclude_defaults=True)


@dataclass(frozen=True, slots=True)
class Links:
    """The URLs of the neighbouring pages, if they exist."""

    next: str | None
    previous: str | None

    @classmethod
    def for_page(
        cls, path: str, page: PageQuery, start: int, cursor: str | None, *, has_more: bool = False
    ) -> "Links":
        """Return the links of a page.

        They keep all parameters but `after`: a page may be served to many clients, and only the
        writer waits for its own write. A client that pages by offset continues by offset up to
        `MAX_OFFSET`, then by cursor.

        Args:
            start: the number of results before this page.
            cursor: the cursor of the next page; None at the end.
            has_more: whether more results follow although there is no cursor.
        """
        params = page.model_dump(mode="json", by_alias=True, exclude_unset=True)
        params = {k: value for k, value in params.items() if k not in DROPPED_PARAMETERS}

        def page_url(**position: object) -> str:
            return f"{path}?{urlencode(_to_query_values(params | position), doseq=True)}"

        next_offset, previous_offset = start + page.limit, max(0, start - page.limit)
        by_offset = "offset" in page.model_fields_set or not cursor
        if by_offset and next_offset + page.limit <= MAX_OFFSET:
            next_url = page_url(offset=next_offset) if cursor or has_more else None
        else:
            next_url = page_url(cursor=cursor) if cursor else None
        has_previous = start and previous_offset + page.limit <= MAX_OFFSET
        return cls(
            next=next_url, previous=page_url(offset=previous_offset) if has_previous else None
        )

    @classmethod
    def for_list(cls, path: str, page: PageQuery, total: int) -> "Links":
        """Return the links of a page of a list that has no cursors."""
        has_more = page.offset + page.limit < total
        return cls.for_page(path, page, page.offset, None, has_more=has_more)

    def to_header(self) -> str:
        """Return the value of the `Link` header (RFC 8288), or an empty string."""
        return ", ".join(
            f'<{url}>; rel="{rel}"'
            for rel, url in (("next", self.next), ("prev", self.previous))
            if url
        )


def _to_query_values(params: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters with booleans as `true` and `false`."""
    return {k: str(v).lower() if isinstance(v, bool) else v for k, v in params.items()}
