"""The bodies and parameters of requests about the films that a user wants to see."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from service.accounts.schemas import STRICT_CONFIG
from service.community.batches import BatchItems
from service.community.film_references import FilmRowsQuery, MovieName

WatchlistSort = Literal[
    "-added", "added", "year", "-year", "rating", "-rating", "title", "popularity"
]


class WatchlistQuery(FilmRowsQuery):
    """The page, the order of a watchlist, and the film whose entry is meant."""

    sort: Annotated[
        WatchlistSort,
        Field(
            description="The order: by when a film was added, or as in a search; `-` reverses it.",
            examples=["-added"],
        ),
    ] = "-added"


class WatchlistItem(BaseModel):
    """One item of a batch."""

    model_config = STRICT_CONFIG

    movie: MovieName
    action: Annotated[
        Literal["add", "remove"], Field(description="What to do.", examples=["add"])
    ] = "add"


class WatchlistItems(BaseModel):
    """Up to a hundred items."""

    model_config = STRICT_CONFIG

    items: Annotated[
        BatchItems,
        Field(
            description="The items: each a `movie`, and `action`, which is `add` or `remove`.",
            examples=[[{"movie": "tt0073195"}, {"movie": "tt0078748", "action": "remove"}]],
        ),
    ]
