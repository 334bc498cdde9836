"""Lists of films as clients see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from pydantic import Field

from service.community.film_references import DeletedMovieField, MovieField, movie_views
from service.community.lists.models import FilmList, ListItem
from service.community.lists.schemas import Visibility, VisibilityField
from service.film_fields import FilmRow
from service.http.pagination import Total, page_address

LIST_ID = "01993f91-0c4e-7d52-8a6b-3e9f1d2c4b58"


@dataclass(frozen=True, slots=True)
class ListView:
    """A list, without its films."""

    id: Annotated[str, Field(description="The id of the list.", examples=[LIST_ID])]
    name: Annotated[str, Field(description="The name of the list.", examples=["Sharks"])]
    description: Annotated[
        str | None, Field(description="What it is about.", examples=["From old to new."])
    ]
    visibility: VisibilityField
    owner: Annotated[
        str | None,
        Field(
            description="The name of the user who made it; null while that user's profile is "
            "private, for everybody else.",
            examples=["ada"],
        ),
    ]
    movies: Annotated[int, Field(description="How many films it has.", examples=[3])]
    created_at: Annotated[
        datetime, Field(description="When it was made.", examples=["2026-11-27T20:00:00Z"])
    ]
    updated_at: Annotated[
        datetime, Field(description="When it last changed.", examples=["2026-11-27T20:00:00Z"])
    ]


@dataclass(frozen=True, slots=True)
class ListItemView:
    """A film of a list."""

    movie: MovieField
    deleted_movie: DeletedMovieField
    note: Annotated[
        str | None, Field(description="What the user notes about it.", examples=["With Ada."])
    ]
    added_at: Annotated[
        datetime, Field(description="When it was added.", examples=["2026-11-27T20:00:00Z"])
    ]


@dataclass(frozen=True, slots=True)
class ListsPage:
    """One page of lists."""

    results: Annotated[
        list[ListView], Field(description="The lists, the one that changed last first.")
    ]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/lists")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/lists")]


ItemViews = list[ListItemView]  # `list` is a field below


@dataclass(frozen=True, slots=True)
class ListPage:
    """A list, and one page of its films."""

    list: Annotated[ListView, Field(description="The list.")]
    results: Annotated[ItemViews, Field(description="Its films in the order that its user chose.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", f"/api/v1/lists/{LIST_ID}")]
    previous: Annotated[str | None, page_address("previous", f"/api/v1/lists/{LIST_ID}")]


def list_view(film_list: FilmList, movies: int, owner: str | None) -> ListView:
    """Return a list as clients see it."""
    return ListView(
        id=str(film_list.id),
        name=film_list.name,
        description=film_list.description,
        visibility=cast(Visibility, film_list.visibility),
        owner=owner,
        movies=movies,
        created_at=film_list.created_at,
        updated_at=film_list.updated_at,
    )


def list_item_view(item: ListItem, films: dict[UUID, FilmRow], now: datetime) -> ListItemView:
    """Return a film of a list as clients see it."""
    movie, deleted_movie = movie_views(item, films, now)
    return ListItemView(movie, deleted_movie, item.note, item.added_at)
