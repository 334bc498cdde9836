"""Reviews as clients see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.community.reviews.models import ReviewEdit
from service.http.pagination import Total, page_address

ReviewId = Field(
    description="The id of the review.", examples=["01993f92-4d6e-7f81-92a3-b4c5d6e7f809"]
)
Title = Annotated[
    str, Field(description="What it says in one line.", examples=["Still afraid to swim"])
]
Body = Annotated[str, Field(description="The Markdown.", examples=["The shark is *hardly* seen."])]
Score = Annotated[
    int | None, Field(description="The score from 1 to 10, if there is one.", examples=[9])
]
Spoiler = Annotated[
    bool, Field(description="Whether it tells how the film ends.", examples=[False])
]


@dataclass(frozen=True, slots=True)
class ReviewedFilmView:
    """The film that a review is about."""

    id: Annotated[
        str,
        Field(description="The film's id.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"]),
    ]
    title: Annotated[str, Field(description="Its title.", examples=["Jaws"])]
    year: Annotated[int | None, Field(description="Its year.", examples=[1975])]
    deleted: Annotated[
        bool, Field(description="Whether it has been deleted since.", examples=[False])
    ]


@dataclass(frozen=True, slots=True)
class HiddenView:
    """That admins have hidden a review; only its author and admins see this."""

    hidden_at: Annotated[
        datetime, Field(description="When it was hidden.", examples=["2026-11-27T20:00:00Z"])
    ]
    note: Annotated[
        str | None, Field(description="Why, if they say so.", examples=["It is an advertisement."])
    ]


@dataclass(frozen=True, slots=True)
class ReviewView:
    """What a user wrote about a film."""

    id: Annotated[str, ReviewId]
    movie: Annotated[ReviewedFilmView, Field(description="The film.")]
    author: Annotated[
        str | None,
        Field(description="The author's name; null if the account was deleted.", examples=["ada"]),
    ]
    title: Title
    body: Body
    html: Annotated[
        str,
        Field(
            description="The same as HTML that is safe to show.",
            examples=["<p>The shark is <em>hardly</em> seen.</p>"],
        ),
    ]
    score: Score
    spoiler: Spoiler
    likes: Annotated[int, Field(description="How many users like it.", examples=[3])]
    liked: Annotated[bool, Field(description="Whether you like it.", examples=[False])]
    mine: Annotated[bool, Field(description="Whether you wrote it.", examples=[False])]
    hidden: Annotated[
        HiddenView | None,
        Field(description="Since when and why only the author and admins see it; else null."),
    ]
    created_at: Annotated[
        datetime, Field(description="When it was written.", examples=["2026-11-27T20:00:00Z"])
    ]
    edited_at: Annotated[
        datetime | None, Field(description="When it was last changed, if ever.", examples=[None])
    ]


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """One page of reviews."""

    results: Annotated[list[ReviewView], Field(description="The reviews in the order asked for.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/movies/tt0073195/reviews")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/movies/tt0073195/reviews")]


@dataclass(frozen=True, slots=True)
class ReviewEditView:
    """What a review said before."""

    title: Title
    body: Body
    score: Score
    spoiler: Spoiler
    replaced_at: Annotated[
        datetime, Field(description="When it was changed.", examples=["2026-11-28T09:00:00Z"])
    ]


@dataclass(frozen=True, slots=True)
class ReviewEditPage:
    """One page of what a review said before."""

    results: Annotated[
        list[ReviewEditView], Field(description="The earlier versions, the latest first.")
    ]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/reviews/{review}/edits")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/reviews/{review}/edits")]


def review_edit_view(edit: ReviewEdit) -> ReviewEditView:
    """Return an earlier version of a review as clients see it."""
    return ReviewEditView(edit.title, edit.body, edit.score, edit.spoiler, edit.replaced_at)
