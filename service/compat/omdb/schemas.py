"""What OMDb's answers look like, for the description of the API."""

from typing import Any

from pydantic import BaseModel, Field, RootModel, create_model

from service.compat.omdb.films import UNKNOWN

_FIELDS: dict[str, tuple[str, str]] = {
    "Title": ("The title.", "Jaws"),
    "Year": ("The year; of a series the first and the last one.", "1975"),
    "Rated": ("The age rating in the United States.", "PG"),
    "Released": ("The day of release.", "20 Jun 1975"),
    "Runtime": ("The length.", "124 min"),
    "Genre": ("The genres.", "Adventure, Mystery, Thriller"),
    "Director": ("The directors.", "Steven Spielberg"),
    "Writer": ("The writers.", "Peter Benchley, Carl Gottlieb"),
    "Actors": ("The actors.", "Roy Scheider, Robert Shaw"),
    "Plot": ("What happens.", "A shark attacks a seaside town."),
    "Language": ("The languages spoken.", "English"),
    "Country": ("The countries of production.", "United States"),
    "Awards": ("The awards, in words.", "Won 3 Oscars"),
    "Poster": ("The address of the poster, on this service.", UNKNOWN),
    "Metascore": ("Metacritic's score.", "87"),
    "imdbRating": ("IMDb's rating.", "8.1"),
    "imdbVotes": ("The number of votes.", "680,000"),
    "imdbID": ("IMDb's id.", "tt0073195"),
    "Type": ("`movie`, `series`, `episode` or `game`.", "movie"),
}
_KIND_FIELDS: dict[str, tuple[str, str]] = {
    "DVD": ("Not known here.", UNKNOWN),
    "BoxOffice": ("What the film earned.", "$260,758,300"),
    "Production": ("Not known here.", UNKNOWN),
    "Website": ("Not known here.", UNKNOWN),
    "totalSeasons": ("How many seasons a series has.", "5"),
    "Season": ("The season of an episode.", "5"),
    "Episode": ("The number of an episode in its season.", "14"),
    "seriesID": ("The IMDb id of the series of an episode.", "tt0903747"),
}
_HIT_FIELDS = ("Title", "Year", "imdbID", "Type", "Poster")


def _require(description: str, example: object, default: Any = ...) -> Any:
    return Field(default, description=description, examples=[example])


class OmdbRating(BaseModel):
    """A rating by one source."""

    Source: str = _require("Who rates.", "Rotten Tomatoes")
    Value: str = _require("The rating, with its scale.", "97%")


class OmdbError(BaseModel):
    """Why there is no answer."""

    Response: str = _require("Always `False`.", "False")
    Error: str = _require("The reason, in OMDb's words.", "Movie not found!")


def _create_model(name: str, purpose: str, fields: dict[str, Any]) -> Any:
    """Return a model with these fields, which are written once for several models."""
    return create_model(name, __doc__=purpose, **fields)


_RESPONSE = (str, _require("Always `True`.", "True"))
_OmdbFilm = _create_model(
    "OmdbFilm",
    "A film; unknown values are `N/A`.",
    {name: (str, _require(*term)) for name, term in _FIELDS.items()}
    | {name: (str, _require(*term, UNKNOWN)) for name, term in _KIND_FIELDS.items()}
    | {
        "Ratings": (list[OmdbRating], _require("The ratings that are known.", [])),
        "Response": _RESPONSE,
    },
)
_OmdbHit = _create_model(
    "OmdbHit",
    "A film among search results.",
    {name: (str, _require(*_FIELDS[name])) for name in _HIT_FIELDS},
)
_OmdbHits: Any = list[_OmdbHit]  # type: ignore[valid-type]  # made above
_OmdbPage = _create_model(
    "OmdbPage",
    "Ten search results, the best first.",
    {
        "Search": (_OmdbHits, _require("The films.", [])),
        "totalResults": (str, _require("How many there are; at most 1000.", "12")),
        "Response": _RESPONSE,
    },
)
_OmdbEpisode = _create_model(
    "OmdbEpisode",
    "An episode of a season.",
    {
        "Title": (str, _require("The title.", "Ozymandias")),
        "Released": (str, _require("The day of release.", "2013-09-15")),
        "Episode": (str, _require("The number in the season.", "14")),
        "imdbRating": (str, _require("IMDb's rating.", "10.0")),
        "imdbID": (str, _require("IMDb's id.", "tt2301451")),
    },
)
_OmdbEpisodes: Any = list[_OmdbEpisode]  # type: ignore[valid-type]  # made above
_OmdbSeason = _create_model(
    "OmdbSeason",
    "A season of a series.",
    {
        "Title": (str, _require("The title of the series.", "Breaking Bad")),
        "Season": (str, _require("The number of the season.", "5")),
        "totalSeasons": (str, _require("How many seasons there are.", "5")),
        "Episodes": (_OmdbEpisodes, _require("The episodes.", [])),
        "Response": _RESPONSE,
    },
)


class OmdbAnswer(RootModel[_OmdbFilm | _OmdbPage | _OmdbSeason | OmdbError]):  # type: ignore[valid-type]  # too
    """A film, a season, search results, or why there are none."""
