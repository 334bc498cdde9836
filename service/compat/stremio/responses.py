"""What the add-on for Stremio answers: manifest, catalogues and the facts of films.

Stremio knows titles by their IMDb ids. Unknown values are left out, as in its protocol.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from service.compat.charts import CHARTS
from service.compat.keys import LENIENT_CONFIG
from service.film_fields import FilmRow
from service.films.poster_response import poster_view
from service.films.seasons import Season

ADDON_ID = "org.movies.catalogue"
ADDON_NAME = "Movies"
CATALOG_NAMES: Final = {"popular": "Popular", "trending": "Trending", "search": "Search"}
WATCHLIST = "watchlist"
PAGE_SIZE = 100  # films; Stremio asks for the next page with a multiple of it
MAX_SEARCH_SKIP = 900  # films of a search; more than a thousand are not ranked
MAX_SKIP = 100_000  # films

StremioType = Literal["movie", "series"]
STREMIO_TYPES: Final[tuple[StremioType, ...]] = get_args(StremioType)
TITLE_TYPE = Field(description="`movie` or `series`.", examples=["movie"])


class _StremioModel(BaseModel):
    """An object of Stremio's protocol; what is None is left out."""

    model_config = ConfigDict(frozen=True)

    def encode(self) -> bytes:
        """Return the object as JSON."""
        return self.model_dump_json(exclude_none=True).encode()


class CatalogExtraName(_StremioModel):
    """A parameter of a catalogue."""

    name: Annotated[str, Field(description="Its name.", examples=["genre"])]
    isRequired: Annotated[bool, Field(description="Whether it must be sent.", examples=[False])]
    options: Annotated[
        list[str] | None, Field(description="Its possible values.", examples=[["Drama", "Horror"]])
    ] = None


class Catalog(_StremioModel):
    """A catalogue of the add-on."""

    type: Annotated[StremioType, TITLE_TYPE]
    id: Annotated[str, Field(description="Its id.", examples=["popular"])]
    name: Annotated[str, Field(description="What people see.", examples=["Popular"])]
    extra: Annotated[list[CatalogExtraName], Field(description="Its parameters.")]


class Manifest(_StremioModel):
    """What the add-on is and can."""

    id: Annotated[str, Field(description="Its id.", examples=[ADDON_ID])]
    version: Annotated[str, Field(description="Its version.", examples=["0.1.0"])]
    name: Annotated[str, Field(description="Its name.", examples=[ADDON_NAME])]
    description: Annotated[
        str, Field(description="What it is, for people.", examples=["Films of your own service."])
    ]
    resources: Annotated[
        list[str], Field(description="What it answers.", examples=[["catalog", "meta"]])
    ]
    types: Annotated[
        list[StremioType], Field(description="Of which titles.", examples=[["movie", "series"]])
    ]
    idPrefixes: Annotated[list[str], Field(description="Of which ids.", examples=[["tt"]])]
    catalogs: Annotated[list[Catalog], Field(description="Its catalogues.")]


class CatalogExtra(BaseModel):
    """The parameters of a catalogue, which Stremio sends in the path."""

    model_config = LENIENT_CONFIG

    search: Annotated[
        str | None, Field(description="Words to search for.", examples=["godfahter"])
    ] = None
    skip: Annotated[int, Field(ge=0, le=MAX_SKIP, description="Films to skip.", examples=[100])] = 0
    genre: Annotated[
        str | None, Field(max_length=100, description="Only films of it.", examples=["Drama"])
    ] = None


class MetaPreview(_StremioModel):
    """A film in a catalogue."""

    id: Annotated[str, Field(description="The IMDb id.", examples=["tt0073195"])]
    type: Annotated[StremioType, TITLE_TYPE]
    name: Annotated[str, Field(description="The title.", examples=["Jaws"])]
    poster: Annotated[
        str | None,
        Field(
            description="The address of the poster.",
            examples=["https://films.example/api/v1/movies/tt0073195/poster"],
        ),
    ] = None
    releaseInfo: Annotated[
        str | None, Field(description="The year, or the years of a series.", examples=["1975"])
    ] = None
    imdbRating: Annotated[str | None, Field(description="IMDb's rating.", examples=["8.1"])] = None
    description: Annotated[str | None, Field(description="The plot.", examples=["A shark."])] = None
    genres: Annotated[list[str], Field(description="The genres.", examples=[["Adventure"]])]


class Video(_StremioModel):
    """An episode of a series."""

    id: Annotated[
        str,
        Field(
            description="The id of the series, the season and the episode.",
            examples=["tt0903747:5:14"],
        ),
    ]
    title: Annotated[str, Field(description="The title.", examples=["Ozymandias"])]
    released: Annotated[
        datetime | None,
        Field(description="When it was first shown.", examples=["2013-09-15T00:00:00Z"]),
    ] = None
    season: Annotated[int, Field(description="The number of the season.", examples=[5])]
    episode: Annotated[int, Field(description="The number in the season.", examples=[14])]


class Meta(MetaPreview):
    """All that is known of a film."""

    released: Annotated[
        datetime | None,
        Field(description="When it was released.", examples=["1975-06-20T00:00:00Z"]),
    ] = None
    runtime: Annotated[str | None, Field(description="The length.", examples=["124 min"])] = None
    director: Annotated[
        list[str], Field(description="The directors.", examples=[["Steven Spielberg"]])
    ]
    writer: Annotated[list[str], Field(description="The writers.", examples=[["Peter Benchley"]])]
    cast: Annotated[list[str], Field(description="The actors.", examples=[["Roy Scheider"]])]
    language: Annotated[str | None, Field(description="The languages.", examples=["English"])] = (
        None
    )
    country: Annotated[str | None, Field(description="The countries.", examples=["USA"])] = None
    awards: Annotated[str | None, Field(description="The awards.", examples=["Won 3 Oscars."])] = (
        None
    )
    videos: Annotated[
        list[Video] | None,
        Field(description="The episodes of a series, in order, as far as they are known."),
    ] = None


class MetaPreviews(_StremioModel):
    """A page of a catalogue."""

    metas: Annotated[list[MetaPreview], Field(description="The films, in order.")]


class MetaAnswer(_StremioModel):
    """One film."""

    meta: Annotated[Meta, Field(description="The film.")]


class StremioError(BaseModel):
    """Why there is no answer."""

    err: Annotated[str, Field(description="The reason, for people.", examples=["not found"])]


def build_manifest(version: str, genres: Sequence[str], *, has_watchlist: bool) -> Manifest:
    """Return the manifest; the watchlist is a catalogue of add-ons with a key."""
    skip = CatalogExtraName(name="skip", isRequired=False)
    genre = [CatalogExtraName(name="genre", isRequired=False, options=list(genres))]
    browse = [skip, *(genre if genres else ())]
    catalogs = [(WATCHLIST, "Watchlist", browse)] if has_watchlist else []
    catalogs += [(chart, CATALOG_NAMES[chart], browse) for chart in CHARTS]
    words = CatalogExtraName(name="search", isRequired=True)
    catalogs.append(("search", CATALOG_NAMES["search"], [words, *browse]))
    return Manifest(
        id=ADDON_ID,
        version=version,
        name=ADDON_NAME,
        description="Films and series of a Movies service: popular, trending, and a search that "
        "tolerates misspelt titles.",
        resources=["catalog", "meta"],
        types=list(STREMIO_TYPES),
        idPrefixes=["tt"],
        catalogs=[
            Catalog(type=title_type, id=catalog_id, name=name, extra=extra)
            for title_type in STREMIO_TYPES
            for catalog_id, name, extra in catalogs
        ],
    )


def film_preview(film: FilmRow, base_url: str) -> MetaPreview:
    """Return a film that has an IMDb id as a catalogue shows it."""
    return MetaPreview(**_describe(film, base_url))


def film_meta(film: FilmRow, base_url: str, seasons: Sequence[Season]) -> Meta:
    """Return all of a film that has an IMDb id; `seasons` are those of a series."""
    return Meta(
        **_describe(film, base_url),
        released=_to_midnight(film.released),
        runtime=f"{film.runtime_minutes} min" if film.runtime_minutes else None,
        director=film.directors,
        writer=film.writers,
        cast=film.actors,
        language=", ".join(film.languages) or None,
        country=", ".join(film.countries) or None,
        awards=film.awards,
        videos=[
            Video(
                id=f"{film.imdb_id}:{season.season}:{episode.episode}",
                title=episode.title,
                released=_to_midnight(episode.released),
                season=season.season,
                episode=episode.episode,
            )
            for season in seasons
            for episode in season.episodes
        ]
        or None,
    )


def _to_midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


def _describe(film: FilmRow, base_url: str) -> dict[str, Any]:
    poster = poster_view(film)
    return {
        "id": film.imdb_id,
        "type": film.type,
        "name": film.title,
        "poster": base_url + poster.url if poster.url else None,
        "releaseInfo": _describe_years(film),
        "imdbRating": None if film.imdb_rating is None else f"{film.imdb_rating:.1f}",
        "description": film.plot,
        "genres": film.genres,
    }


def _describe_years(film: FilmRow) -> str | None:
    """Return the year of a film, or the years of a series, open at the end if it goes on."""
    if film.year is None:
        return None
    if film.type != "series":
        return str(film.year)
    return f"{film.year}-{film.end_year or ''}" if film.end_year != film.year else str(film.year)
