"""The one reader from OMDb's text values to typed facts.

OMDb says everything in words made for people: `136 min`, `$260,758,300`, `2008–2013`, `N/A`. It
serves the client that asks OMDb and the loader that finds OMDb's shape in a file, so that both
store the same film. What cannot be read is left out alone and told to the log: a strange running
time is no reason to go without the film. `N/A` says that OMDb does not know, which is less than
what another source may have said, so it counts as not mentioned.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

import structlog
from pydantic import ValidationError

from service.films.schemas import FilmFacts

log = structlog.get_logger()

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MAX_LIST_LENGTH = 200  # what `FilmFacts` takes; OMDb's own lists have some ten
UNKNOWN = frozenset({"", "n/a", "null", "none"})
SCALES = {"": 1, "k": 10**3, "m": 10**6, "million": 10**6, "b": 10**9, "billion": 10**9}
RATINGS_IN_LIST = {
    "internet movie database": "imdb",
    "rotten tomatoes": "rotten_tomatoes",
    "metacritic": "metacritic",
}

_NOISE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")  # controls, halves of characters
_YEARS = re.compile(r"([0-9]{4})(?:\s*([-–—])\s*([0-9]{4})?)?")
_DAY = re.compile(r"([0-9]{1,2}) ([a-z]{3})[a-z]* ([0-9]{4})")
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MINUTES = re.compile(
    r"(?:([0-9]{1,3})\s*h(?:r|rs|ours?)?)?\s*(?:([0-9,]{1,7})\s*(?:m|min|mins)?)?"
)
_DOLLARS = re.compile(r"\$([0-9]{1,3}(?:,[0-9]{3}){0,5}|[0-9]{1,15})(\.[0-9]{1,9})?\s?([a-z]*)")
_COUNT = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,12}")
_FIGURE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?")
_ASIDE = re.compile(r"\s*\([^()]*\)")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)


def parse_film(told: Mapping[str, object]) -> FilmFacts:
    """The film in OMDb's shape (`Title`, `imdbID`, …) as facts; what is not told is not set.

    Raises:
        ValueError: if there is no usable title. A fault in any other field costs that field.
    """
    facts: dict[str, object] = {}
    for name, read in _READERS.items():
        try:
            facts.update(read(told))
        except (ValueError, OverflowError) as fault:
            _drop(told, name, str(fault))
    while True:
        try:
            return FilmFacts.model_validate(facts)
        except ValidationError as error:
            faults = {str(fault["loc"][0]): fault["msg"] for fault in error.errors()}
            if "title" in faults:
                raise
        for name, reason in faults.items():
            _drop(told, name, reason)
            del facts[name]


def _drop(told: Mapping[str, object], name: str, reason: str) -> None:
    film = (_text(told, "imdbID") or _text(told, "Title") or "")[:60]
    log.warning("omdb_field_dropped", film=film, field=name, reason=reason[:200])


def _text(told: Mapping[str, object], name: str) -> str | None:
    """The value as one line of clean text; nothing for what is unknown."""
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = " ".join(_NOISE.sub(" ", str(value)).split())
    return None if text.casefold() in UNKNOWN else text


def _is(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    """The match of the whole text.

    Raises:
        ValueError: if the text does not read so.
    """
    if found := pattern.fullmatch(text):
        return found
    raise ValueError(f"not understood: {text[:60]!r}")


Reader = Callable[[Mapping[str, object]], dict[str, object]]


def _plain(key: str, name: str) -> Reader:
    return lambda told: {name: text} if (text := _text(told, key)) is not None else {}


def _parsed(key: str, name: str, parse: Callable[[str], object]) -> Reader:
    return lambda told: {name: parse(text)} if (text := _text(told, key)) is not None else {}


def _listed(key: str, name: str) -> Reader:
    def read(told: Mapping[str, object]) -> dict[str, object]:
        value = told.get(key)
        if isinstance(value, list):
            parts = [p for item in value if (p := _text({"": item}, ""))]
        else:
            parts = list(_split(_text(told, key) or ""))
        return {name: parts[:MAX_LIST_LENGTH]} if parts else {}

    return read


def _split(text: str) -> Iterator[str]:
    """The names in a comma list, without what stands beside them in brackets.

    `Mario Puzo (novel, 1969), Robert Downey, Jr.` names two people.
    """
    name = ""
    for part in map(str.strip, _ASIDE.sub("", text).split(",")):
        if _SUFFIX.fullmatch(part) and name:
            name = f"{name} {part}"
            continue
        if name:
            yield name
        name = "" if part.casefold() in UNKNOWN else part
    if name:
        yield name


def _years(told: Mapping[str, object]) -> dict[str, object]:
    """`1999`, `2008–2013`, or `1989–` for what still runs: that has no end, and says so."""
    text = _text(told, "Year")
    if text is None:
        return {}
    first, dash, last = _is(_YEARS, text).groups()
    if dash is None:
        return {"year": int(first)}
    return {"year": int(first), "end_year": int(last) if last else None}


def _type(text: str) -> str:
    if (kind := text.casefold()) not in ("movie", "series", "episode", "game"):
        raise ValueError(f"not understood: {text[:60]!r}")
    return kind


def _day(text: str) -> date:
    if found := _ISO_DAY.fullmatch(text):
        year, month, day = found.groups()
        return date(int(year), int(month), int(day))
    day, name, year = _is(_DAY, text.casefold()).groups()
    if name not in MONTHS:
        raise ValueError(f"no month: {name!r}")
    return date(int(year), MONTHS.index(name) + 1, int(day))


def _minutes(text: str) -> int:
    hours, minutes = _is(_MINUTES, text.casefold()).groups()
    return int(hours or 0) * 60 + int((minutes or "0").replace(",", ""))


def _dollars(text: str) -> int:
    whole, fraction, scale = _is(_DOLLARS, text.casefold()).groups()
    if scale not in SCALES:
        raise ValueError(f"no such unit: {scale[:20]!r}")
    return round(float(whole.replace(",", "") + (fraction or "")) * SCALES[scale])


def _count(text: str) -> int:
    return int(_is(_COUNT, text).group().replace(",", ""))


def _imdb_id(text: str) -> str:
    return text.casefold()


def _poster(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("not an address on the web")
    return text


def _ratings(told: Mapping[str, object]) -> dict[str, object]:
    """The figures of their own fields first, then those that only the list of ratings has."""
    read: dict[str, object] = {}
    listed = _rating_list(told.get("Ratings"))
    value = _figure(told, "imdbRating", _text(told, "imdbRating") or listed.get("imdb"), 10)
    votes = _figure(told, "imdbVotes", _text(told, "imdbVotes"), 2_000_000_000)
    imdb: dict[str, object] = {} if value is None else {"value": value}
    if votes is not None:
        imdb["votes"] = int(votes)
    if imdb:
        read["imdb"] = imdb
    for name, given in (
        ("rotten_tomatoes", listed.get("rotten_tomatoes")),
        ("metacritic", _text(told, "Metascore") or listed.get("metacritic")),
    ):
        percent = _figure(told, name, given, 100)
        if percent is not None:
            read[name] = round(percent)
    return {"ratings": read} if read else {}


def _rating_list(value: object) -> dict[str, str]:
    """`8.1/10`, `98%` and `87/100` by their source, without their scale."""
    found: dict[str, str] = {}
    for entry in value if isinstance(value, list) else ():
        if not isinstance(entry, Mapping):
            continue
        source = RATINGS_IN_LIST.get((_text(entry, "Source") or "").casefold())
        figure = _text(entry, "Value")
        if source and figure:
            found[source] = figure.split("/")[0].removesuffix("%")
    return found


def _figure(told: Mapping[str, object], name: str, text: str | None, most: int) -> float | None:
    """A number from 0 to `most`; one that is not is dropped alone, not with all the ratings."""
    if text is None:
        return None
    try:
        value = float(_count(text) if name == "imdbVotes" else _is(_FIGURE, text).group())
        if value > most:
            raise ValueError(f"more than {most}: {text[:20]!r}")
    except ValueError as fault:
        _drop(told, name, str(fault))
        return None
    return value


_READERS: dict[str, Reader] = {
    "title": _plain("Title", "title"),
    "imdb_id": _parsed("imdbID", "imdb_id", _imdb_id),
    "type": _parsed("Type", "type", _type),
    "year": _years,
    "released": _parsed("Released", "released", _day),
    "rated": _plain("Rated", "rated"),
    "runtime_minutes": _parsed("Runtime", "runtime_minutes", _minutes),
    "genres": _listed("Genre", "genres"),
    "directors": _listed("Director", "directors"),
    "writers": _listed("Writer", "writers"),
    "actors": _listed("Actors", "actors"),
    "plot": _plain("Plot", "plot"),
    "languages": _listed("Language", "languages"),
    "countries": _listed("Country", "countries"),
    "awards": _plain("Awards", "awards"),
    "ratings": _ratings,
    "box_office_usd": _parsed("BoxOffice", "box_office_usd", _dollars),
    "poster_url": _parsed("Poster", "poster_url", _poster),
}
