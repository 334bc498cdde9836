"""The parameters and bodies of requests for films, apart from the facts that an admin states."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.films.schemas import FilmType

MAX_BATCH = 100  # ids in one request

Year = Annotated[int, Field(ge=1800, le=2200)]


class FilmQuery(BaseModel):
    """What tells films of the same title apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: Annotated[Year | None, Field(description="The year of the film.", examples=[1975])] = None
    type: Annotated[
        FilmType | None, Field(description="What kind of film it is.", examples=["movie"])
    ] = None


class LookupQuery(FilmQuery):
    """The title of the film to look up, and what tells it from others of that title."""

    title: Annotated[
        str,
        StringConstraints(min_length=1, max_length=500),
        Field(description="The full title.", examples=["Jaws"]),
    ]


class EpisodesQuery(BaseModel):
    """Which seasons of a series."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    season: Annotated[
        Annotated[int, Field(ge=0, le=1_000)] | None,
        Field(description="The season; by default all that are known here.", examples=[5]),
    ] = None


class FilmBatch(BaseModel):
    """Up to a hundred ids, each of ours or an IMDb id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: Annotated[
        list[Annotated[str, StringConstraints(max_length=100)]],
        Field(
            min_length=1,
            max_length=MAX_BATCH,
            description="The ids of the films.",
            examples=[["tt0073195", "tt0078748"]],
        ),
    ]


class MergeRequest(BaseModel):
    """The film into which the one in the address is merged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    into: Annotated[
        str,
        StringConstraints(min_length=1, max_length=100),
        Field(
            description="The id or the IMDb id of the film that stays.",
            examples=["tt0073195"],
        ),
    ]
