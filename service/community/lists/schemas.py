"""The bodies and parameters of requests about lists of films."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, field_validator

from service.accounts.schemas import STRICT_CONFIG
from service.community.batches import BatchItems
from service.community.film_references import MovieName
from service.community.lists.models import MAX_LIST_NAME_LENGTH, MAX_LIST_TEXT_LENGTH
from service.films.schemas import Line, Text

MAX_ITEMS = 2_000  # of one list

Visibility = Literal["private", "unlisted", "public"]

VISIBILITY = Field(
    description="Who sees it: only you (`private`), anyone with its address (`unlisted`), or "
    "everybody, on your profile too (`public`).",
    examples=["private"],
)
NAME = Field(description="The name of the list.", examples=["Sharks"])
VisibilityField = Annotated[Visibility, VISIBILITY]
ListName = Annotated[Line, StringConstraints(max_length=MAX_LIST_NAME_LENGTH)]
ListText = Annotated[Text, StringConstraints(max_length=MAX_LIST_TEXT_LENGTH)]
Description = Annotated[
    ListText | None,
    Field(description="What the list is about, as plain text.", examples=["From old to new."]),
]


class NewList(BaseModel):
    """A list, without its films."""

    model_config = STRICT_CONFIG

    name: Annotated[ListName, NAME]
    description: Description = None
    visibility: VisibilityField = "private"


class ListPatch(BaseModel):
    """What is to change in a list."""

    model_config = STRICT_CONFIG

    name: Annotated[ListName | None, NAME] = None
    description: Description = None
    visibility: Annotated[Visibility | None, VISIBILITY] = None

    @field_validator("name", "visibility")
    @classmethod
    def _reject_null(cls, value: str | None) -> str:
        if value is None:
            raise ValueError("must not be null")
        return value


class ItemNote(BaseModel):
    """What a user notes about a film of a list."""

    model_config = STRICT_CONFIG

    note: Annotated[
        ListText | None, Field(description="A note, as plain text.", examples=["With Ada."])
    ] = None


class ListChange(ItemNote):
    """One item of a batch."""

    movie: MovieName
    action: Annotated[
        Literal["add", "remove"], Field(description="What to do.", examples=["add"])
    ] = "add"


class ListChanges(BaseModel):
    """Up to a hundred items."""

    model_config = STRICT_CONFIG

    items: Annotated[
        BatchItems,
        Field(
            description="The items: each a `movie`, perhaps with a `note`, and `action`, which is "
            "`add` or `remove`.",
            examples=[[{"movie": "tt0073195", "note": "With Ada."}]],
        ),
    ]


class ListOrder(BaseModel):
    """The films that come first, in this order; all others follow as before."""

    model_config = STRICT_CONFIG

    movies: Annotated[
        list[MovieName],
        Field(
            min_length=1,
            max_length=MAX_ITEMS,
            description="The ids or IMDb ids of films of the list.",
            examples=[["tt0078748", "tt0073195"]],
        ),
    ]
