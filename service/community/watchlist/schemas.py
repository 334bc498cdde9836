"""The bodies and parameters of requests about the films that a user wants to see."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from service.accounts.schemas import STRICT_CONFIG
from service.community.batches import MAX_BATCH
from service.community.film_references import MovieName
from service.http.pagination import CursorPageQuery

WatchlistSort = Literal[
    "-added", "added", "year", "-year", "rating", "-rating", "title", "popularity"
]


class WatchlistQuery(CursorPageQuery):
    """The page, the order of a watchlist, and the film whose entry is meant."""

    movie: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=100,
            description="Only the entry of this film.",
            examples=["tt0073195"],
        ),
    ] = None
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
        list[dict[str, Any]],
        Field(
            min_length=1,
            max_length=MAX_BATCH,
            description="The items: each a `movie`, and `action`, which is `add` or `remove`.",
            examples=[[{"movie": "tt0073195"}, {"movie": "tt0078748", "action": "remove"}]],
        ),
    ]
