"""The parameters of OMDb's API, in any letter case and order; others are ignored."""

import re
from collections.abc import Iterator
from typing import TypeVar, cast, get_args
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field
from sanic.request import Request

from service.errors import Malformed
from service.films.poster_response import DEFAULT_POSTER_SIZE, POSTER_WIDTHS
from service.films.schemas import FilmType
from service.http.openapi_terms import IMDB_ID, KEY
from service.http.requests import MAX_PARAMETERS

MAX_VALUE_LENGTH = 500  # characters of a title
MAX_CALLBACK_LENGTH = 128
MAX_PAGE = 100
HEIGHT_RATIO = 1.5  # of most posters, to their width
_CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*|\[[0-9]{1,4}\])*", re.ASCII)
_YEAR = re.compile(r"([0-9]{4})\s*(?:[-–—]\s*(?:[0-9]{4})?)?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)


def _describe(description: str, example: str, alias: str | None = None) -> str | None:
    """Return the default of a parameter with its description."""
    return cast(
        "str | None", Field(default=None, alias=alias, description=description, examples=[example])
    )


class OmdbQuery(BaseModel):
    """What OMDb's clients send: texts, as they are; empty ones are kept."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=False)

    apikey: str | None = _describe("An API key of a user, where OMDB_COMPAT_KEYS wants one.", KEY)
    i: str | None = _describe("The IMDb id of a film.", IMDB_ID)
    t: str | None = _describe("The title of a film.", "Jaws")
    s: str | None = _describe("What to search for, misspelt or not.", "godfahter")
    type: str | None = _describe("`movie`, `series`, `episode` or `game`.", "movie")
    y: str | None = _describe("The year of the film.", "1975")
    plot: str | None = _describe("`full`, or else a short plot.", "full")
    r: str | None = _describe("`xml`, or else JSON.", "json")
    callback: str | None = _describe("The function of a JSONP answer.", "showFilm")
    v: str | None = _describe("The version of OMDb's API, which has only one.", "1")
    season: str | None = _describe("A season of the series.", "1", "Season")
    episode: str | None = _describe("An episode of that season.", "1", "Episode")
    page: str | None = _describe("The page of search results, ten to a page, up to 100.", "1")

    @property
    def is_xml(self) -> bool:
        return (self.r or "").strip().lower() == "xml"

    @property
    def has_full_plot(self) -> bool:
        return (self.plot or "").strip().lower() in ("full", "long")

    @property
    def function(self) -> str | None:
        """Return the function of a JSONP answer; what cannot be the name of one is none."""
        name = (self.callback or "").strip()
        is_name = len(name) <= MAX_CALLBACK_LENGTH and _CALLBACK.fullmatch(name)
        return name if is_name else None

    @property
    def film_type(self) -> FilmType | None:
        """Return the type; one that there is not, such as `all`, is none."""
        name = (self.type or "").strip().lower()
        return cast(FilmType, name) if name in get_args(FilmType) else None

    @property
    def year(self) -> int | None:
        """Return the year, of `2014–2017` the first. Raises Malformed."""
        text = (self.y or "").strip()
        if not text:
            return None
        if not (match := _YEAR.fullmatch(text)):
            raise Malformed("y must be a year.", code="malformed_query")
        return int(match[1])

    @property
    def season_number(self) -> int | None:
        """Return the season; None if there is none of that name."""
        return _parse_number(self.season)

    @property
    def episode_number(self) -> int | None:
        """Return the episode; None if there is none of that name."""
        return _parse_number(self.episode)

    @property
    def page_number(self) -> int:
        """Return the page, from 1. Raises Malformed."""
        text = (self.page or "").strip() or "1"
        if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MAX_PAGE:
            raise Malformed(f"page must be a number up to {MAX_PAGE}.", code="malformed_query")
        return int(text)


class OmdbPosterQuery(BaseModel):
    """Whose poster to send, and how high it should be."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    apikey: str | None = _describe("An API key of a user, where OMDB_COMPAT_KEYS wants one.", KEY)
    i: str | None = _describe("The IMDb id of a film.", IMDB_ID)
    h: str | None = _describe("The height in pixels; the next larger size is sent.", "600")

    @property
    def size(self) -> str:
        """Return the smallest size that is as high as asked for."""
        text = (self.h or "").strip()
        if not _NUMBER.fullmatch(text):
            return DEFAULT_POSTER_SIZE
        fitting = (s for s, width in POSTER_WIDTHS.items() if width * HEIGHT_RATIO >= int(text))
        return next(fitting, max(POSTER_WIDTHS, key=POSTER_WIDTHS.__getitem__))


Q = TypeVar("Q", OmdbQuery, OmdbPosterQuery)


def read_omdb_query(request: Request, model: type[Q]) -> Q:
    """Return the parameters; of a repeated one, the first that is not empty.

    Raises:
        Malformed: there are too many parameters.
    """
    fields = model.model_fields.items()
    aliases = {(field.alias or name).lower(): field.alias or name for name, field in fields}
    values: dict[str, str] = {}
    for name, value in _read_pairs(request):
        alias = aliases.get(name.lower())
        if alias is not None and not values.get(alias):
            values[alias] = value[:MAX_VALUE_LENGTH]
    return model.model_validate(values)


def _read_pairs(request: Request) -> Iterator[tuple[str, str]]:
    try:
        yield from parse_qsl(
            request.query_string, keep_blank_values=True, max_num_fields=MAX_PARAMETERS
        )
    except ValueError:
        raise Malformed(
            f"There are more than {MAX_PARAMETERS} parameters.", code="malformed_query"
        ) from None


def _parse_number(text: str | None) -> int | None:
    stripped = (text or "").strip()
    return int(stripped) if _NUMBER.fullmatch(stripped) else None
