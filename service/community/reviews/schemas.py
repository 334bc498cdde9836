"""The bodies and parameters of requests about reviews."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints

from service.accounts.schemas import STRICT_CONFIG
from service.community.ratings.schemas import Score
from service.community.reviews.models import MAX_TITLE_LENGTH
from service.films.schemas import Line, reject_forbidden_characters
from service.http.pagination import CursorPageQuery
from service.text.visibility import require_visible_character

MAX_BODY_LENGTH = 10_000  # characters of Markdown; about four pages

ReviewSort = Literal["newest", "oldest", "likes"]


def _normalize_line_ends(value: object) -> object:
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


Markdown = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BODY_LENGTH),
    AfterValidator(reject_forbidden_characters),
    AfterValidator(require_visible_character),
    BeforeValidator(_normalize_line_ends),
]


class ReviewQuery(CursorPageQuery):
    """The page, and the order of the reviews."""

    sort: Annotated[
        ReviewSort,
        Field(description="The newest, the oldest or the most liked first.", examples=["likes"]),
    ] = "newest"


class ReviewDraft(BaseModel):
    """What a user writes about a film."""

    model_config = STRICT_CONFIG

    title: Annotated[
        Annotated[Line, StringConstraints(max_length=MAX_TITLE_LENGTH)],
        Field(description="What the review says in one line.", examples=["Still afraid to swim"]),
    ]
    body: Annotated[
        Markdown,
        Field(
            description="The review, in Markdown (CommonMark). HTML is shown as text; pictures of "
            "others become links.",
            examples=["The shark is *hardly* seen, and that is the **point**."],
        ),
    ]
    score: Annotated[
        Score | None,
        Field(description="From 1 to 10; counted apart from your rating.", examples=[9]),
    ] = None
    spoiler: Annotated[
        bool,
        Field(strict=True, description="Whether it tells how the film ends.", examples=[False]),
    ] = False
