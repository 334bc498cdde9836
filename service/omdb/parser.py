"""Parse films in OMDb's shape into typed facts.

OMDb writes every value as text for people: `136 min`, `$260,758,300`, `2008–2013`, `N/A`. The OMDb
client uses this parser, and so does the importer for files in OMDb's shape, so both store the same
film. A value that cannot be parsed is logged and dropped alone: a strange running time is no
reason to do without the film. `N/A` says that OMDb does not know, which is less than another
source may have stated, so it counts as absent.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

import structlog
from pydantic import ValidationError

from service.films.schemas import FilmFacts

log = structlog.get_logger()

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
TYPES = ("movie", "series", "episode", "game")
MAX_LIST_LENGTH = 200  # the limit of `FilmFacts`; OMDb's own lists have about ten
MAX_VOTES = 2_000_000_000
UNKNOWN_VALUES = frozenset({"", r"\n", "n/a", "null", "none"})
SCALES = {"": 1, "k": 10**3, "m": 10**6, "million": 10**6, "b": 10**9, "billion": 10**9}
RATING_SOURCES = {
    "internet movie database": "imdb",
    "rotten tomatoes": "rotten_tomatoes",
    "metacritic": "metacritic",
}

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")  # controls, lone surrogates
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_YEARS = re.compile(r"([0-9]{4})(?:\s*([-–—])\s*([0-9]{4})?)?(?:\s+[A-Za-z][A-Za-z ]*)?")
_DATE = re.compile(r"([0-9]{1,2}) ([a-z]{3})[a-z]* ([0-9]{4})")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_RUNTIME = re.compile(
    r"(?:([0-9]{1,3})\s*h(?:r|rs|ours?)?)?\s*(?:([0-9,]{1,7})\s*(?:m|min|mins)?)?"
)
_DOLLARS = re.compile(r"\$([0-9]{1,3}(?:,[0-9]{3}){0,5}|[0-9]{1,15})(\.[0-9]{1,9})?\s?([a-z]*)")
_COUNT = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,12}")
_NUMBER = re.compile(r"[0-9]{1,5}")
_DECIMAL = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?")
_IN_BRACKETS = re.compile(r"(?<!\s)\s*+\([^()]*+\)")
_NAME_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)


def parse_film(reply: Mapping[str, object]) -> FilmFacts:
    """Return the facts of a film in OMDb's shape (`Title`, `imdbID`, …).

    Fields that are absent or unknown are not set.

    Raises:
        ValueError: there is no usable title. An error in any other field drops only that field.
    """
    facts: dict[str, object] = {}
    for name, read in _READERS.items():
        try:
            facts.update(read(reply))
        except (ValueError, OverflowError) as error:
            _log_dropped_field(reply, name, str(error))
    while True:
        try:
            return FilmFacts.model_validate(facts)
        except ValidationError as error:
            # An error of the whole film is that its years are out of order.
            reasons = {str((*item["loc"], "end_year")[0]): item["msg"] for item in error.errors()}
            if "title" in reasons:
                raise
        for name, reason in reasons.items():
            _log_dropped_field(reply, name, reason)
            del facts[name]


def _log_dropped_field(reply: Mapping[str, object], name: str, reason: str) -> None:
    film = (_get_text(reply, "imdbID") or _get_text(reply, "Title") or "")[:60]
    log.warning("omdb_field_dropped", film=film, field=name, reason=reason[:200])


def _get_text(reply: Mapping[str, object], key: str) -> str | None:
    """Return the value as one line of clean text, or None if it is unknown."""
    return _clean_text(reply.get(key))


def _clean_text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        text = " ".join(_UNPRINTABLE.sub(" ", _decode_entities(str(value))).split())
    except ValueError:  # a whole number of more than 4,300 digits
        return None
    return None if text.casefold() in UNKNOWN_VALUES else text


def _decode_entities(text: str) -> str:
    """Decode HTML entities once: OMDb has `L&#39;Avventura`."""
    return _ENTITY.sub(lambda match: html.unescape(match.group()), text) if "&" in text else text


def _match_whole(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    """Return the match of the whole text.

    Raises:
        ValueError: the text does not match.
    """
    if match := pattern.fullmatch(text):
        return match
    raise _parse_error(text)


def _parse_error(text: str) -> ValueError:
    return ValueError(f"cannot be parsed: {text[:60]!r}")


FieldReader = Callable[[Mapping[str, object]], dict[str, object]]
"""Return the facts of one or several fields of a reply, without those that are unknown."""


def _text_reader(key: str, name: str) -> FieldReader:
    return lambda reply: {name: text} if (text := _get_text(reply, key)) is not None else {}


def _parsed_reader(key: str, name: str, parse: Callable[[str], object]) -> FieldReader:
    return lambda reply: {name: parse(text)} if (text := _get_text(reply, key)) is not None else {}


def _list_reader(key: str, name: str) -> FieldReader:
    def read(reply: Mapping[str, object]) -> dict[str, object]:
        value = reply.get(key)
        if isinstance(value, list):
            names = [text for item in value if (text := _clean_text(item))]
        else:
            names = list(_split_names(_clean_text(value) or ""))
        return {name: names[:MAX_LIST_LENGTH]} if names else {}

    return read


def _split_names(text: str) -> Iterator[str]:
    """Yield the names in a comma-separated list, without what follows them in brackets.

    `Mario Puzo (novel, 1969), Robert Downey, Jr.` names two people.
    """
    name = ""
    for part in map(str.strip, _IN_BRACKETS.sub("", text).split(",")):
        if _NAME_SUFFIX.fullmatch(part) and name:
            name = f"{name} {part}"
            continue
        if name:
            yield name
        name = "" if part.casefold() in UNKNOWN_VALUES else part
    if name:
        yield name


def _read_years(reply: Mapping[str, object]) -> dict[str, object]:
    """Read `1999`, `2008–2013`, or `1989–` for a running series, whose `end_year` is None."""
    text = _get_text(reply, "Year")
    if text is None:
        return {}
    first, dash, last = _match_whole(_YEARS, text).groups()
    if dash is None:
        return {"year": int(first)}
    return {"year": int(first), "end_year": int(last) if last else None}


def _parse_type(text: str) -> str:
    if (film_type := text.casefold()) not in TYPES:
        raise _parse_error(text)
    return film_type


def _parse_date(text: str) -> date:
    if match := _ISO_DATE.fullmatch(text):
        year, month, day = match.groups()
        return date(int(year), int(month), int(day))
    day, month_name, year = _match_whole(_DATE, text.casefold()).groups()
    if month_name not in MONTHS:
        raise ValueError(f"no month: {month_name!r}")
    return date(int(year), MONTHS.index(month_name) + 1, int(day))


def _parse_runtime(text: str) -> int:
    hours, minutes = _match_whole(_RUNTIME, text.casefold()).groups()
    return int(hours or 0) * 60 + int((minutes or "0").replace(",", ""))


def _parse_number(text: str) -> int:
    return int(_match_whole(_NUMBER, text).group())


def _parse_dollars(text: str) -> int:
    number, fraction, scale = _match_whole(_DOLLARS, text.casefold()).groups()
    if scale not in SCALES:
        raise ValueError(f"no such unit: {scale[:20]!r}")
    return round(float(number.replace(",", "") + (fraction or "")) * SCALES[scale])


def _parse_poster_url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("not an address on the web")
    return text


def _read_ratings(reply: Mapping[str, object]) -> dict[str, object]:
    """Read ratings from their own fields first, else from the list `Ratings`."""
    ratings: dict[str, object] = {}
    listed = _read_rating_list(reply.get("Ratings"))
    value = _read_number(
        reply, "imdbRating", _get_text(reply, "imdbRating") or listed.get("imdb"), 10
    )
    votes = _read_number(reply, "imdbVotes", _get_text(reply, "imdbVotes"), MAX_VOTES)
    imdb: dict[str, object] = {} if value is None else {"value": value}
    if votes is not None:
        imdb["votes"] = int(votes)
    if imdb:
        ratings["imdb"] = imdb
    for name, text in (
        ("rotten_tomatoes", listed.get("rotten_tomatoes")),
        ("metacritic", _get_text(reply, "Metascore") or listed.get("metacritic")),
    ):
        percent = _read_number(reply, name, text, 100)
        if percent is not None:
            ratings[name] = round(percent)
    return {"ratings": ratings} if ratings else {}


def _read_rating_list(value: object) -> dict[str, str]:
    """Read `8.1/10`, `98%` and `87/100` by their source, without their scale."""
    ratings: dict[str, str] = {}
    for entry in value if isinstance(value, list) else ():
        if not isinstance(entry, Mapping):
            continue
        source = RATING_SOURCES.get((_get_text(entry, "Source") or "").casefold())
        text = _get_text(entry, "Value")
        if source and text:
            ratings[source] = text.split("/")[0].removesuffix("%")
    return ratings


def _read_number(
    reply: Mapping[str, object], name: str, text: str | None, maximum: int
) -> float | None:
    """Return a number from 0 to `maximum`; an invalid one is dropped without the other ratings."""
    if text is None:
        return None
    try:
        if name == "imdbVotes":
            value = float(_match_whole(_COUNT, text).group().replace(",", ""))
        else:
            value = float(_match_whole(_DECIMAL, text).group())
        if value > maximum:
            raise ValueError(f"more than {maximum}: {text[:20]!r}")
    except ValueError as error:
        _log_dropped_field(reply, name, str(error))
        return None
    return value


_READERS: dict[str, FieldReader] = {
    "title": _text_reader("Title", "title"),
    "imdb_id": _parsed_reader("imdbID", "imdb_id", str.casefold),
    "type": _parsed_reader("Type", "type", _parse_type),
    "year": _read_years,
    "released": _parsed_reader("Released", "released", _parse_date),
    "rated": _text_reader("Rated", "rated"),
    "runtime_minutes": _parsed_reader("Runtime", "runtime_minutes", _parse_runtime),
    "genres": _list_reader("Genre", "genres"),
    "directors": _list_reader("Director", "directors"),
    "writers": _list_reader("Writer", "writers"),
    "actors": _list_reader("Actors", "actors"),
    "plot": _text_reader("Plot", "plot"),
    "languages": _list_reader("Language", "languages"),
    "countries": _list_reader("Country", "countries"),
    "awards": _text_reader("Awards", "awards"),
    "season": _parsed_reader("Season", "season", _parse_number),
    "episode": _parsed_reader("Episode", "episode", _parse_number),
    "series": _parsed_reader("seriesID", "series", str.casefold),
    "ratings": _read_ratings,
    "box_office_usd": _parsed_reader("BoxOffice", "box_office_usd", _parse_dollars),
    "poster_url": _parsed_reader("Poster", "poster_url", _parse_poster_url),
}
