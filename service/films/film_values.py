"""Read single values of a file in the ways in which people and programs write them.

Each reader returns a value for `FilmFacts`, or raises ValueError with a reason in plain words.
None is never passed in: `is_unknown` is asked first.
"""

import ast
import math
import re
from datetime import date
from typing import Any

import orjson

from service.text.visibility import is_blank

UNKNOWN_VALUES = frozenset({"", r"\n", "n/a", "none"})
UNKNOWN_NUMBERS = UNKNOWN_VALUES | {"null", "nan"}
MAX_NUMBER_LENGTH = 40  # characters; longer ones are not worth converting
MAX_LITERAL_LENGTH = 100_000  # characters of a list that a table holds in one cell
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
TYPES = {
    "movie": "movie", "film": "movie", "tvmovie": "movie", "short": "movie", "video": "movie",
    "series": "series", "tvseries": "series", "tvminiseries": "series", "tv": "series",
    "episode": "episode", "tvepisode": "episode",
    "game": "game", "videogame": "game",
}  # fmt: skip

_GROUP_SEPARATOR = " \u00a0\u2009\u202f"
_GROUPED = re.compile(rf"([0-9]{{1,3}}(?:[,{_GROUP_SEPARATOR}'][0-9]{{3}})+)(\.[0-9]+)?")
_PLAIN = re.compile(r"[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_NOT_A_DIGIT = re.compile(r"[^0-9]")
_YEARS = re.compile(
    r"([0-9]{4})(?:\.0+|-[0-9]{2}-[0-9]{2}|\s*([-–—])\s*([0-9]{4})?)?(?:\s+[A-Za-z][A-Za-z ]*)?"
)
_RUNTIME = re.compile(
    r"(?:([0-9]{1,3})\s*h(?:r|rs|ours?)?)?\s*(?:([0-9]{1,6})\s*(?:m|min|mins|minutes)?)?"
)
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[t ].*)?")
_DATE = re.compile(r"([0-9]{1,2}) ([a-z]{3})[a-z]* ([0-9]{4})")
_NAME_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)


def is_unknown(value: object) -> bool:
    r"""Return whether a value says that nothing is known: null, NaN, `N/A`, `\N`, `None`, ``.

    A text of characters that are drawn as nothing is one, too.
    """
    if isinstance(value, str):
        return len(value) < MAX_NUMBER_LENGTH and (
            value.strip().casefold() in UNKNOWN_VALUES or is_blank(value)
        )
    return value is None or (isinstance(value, float) and math.isnan(value))


def quote_value(value: object) -> str:
    """Return a value as a fault shows it: shortened, and with nothing that a terminal obeys."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = value if isinstance(value, str) else str(value)[:MAX_NUMBER_LENGTH]
    shown = ascii(text[:MAX_NUMBER_LENGTH]) if not text.isprintable() else text[:MAX_NUMBER_LENGTH]
    return f"“{shown}{'…' if len(text) > MAX_NUMBER_LENGTH else ''}”"


def read_text(value: object) -> str:
    """Read a text; numbers are titles such as `1917`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict):
        raise ValueError(f"must be text, not {_describe_type(value)}")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def read_names(value: object) -> list[str]:
    """Read a list of names: a list, or a text with `|`, `;` or commas between them."""
    return _read_list(value, "|;,")


def read_titles(value: object) -> list[str]:
    """Read a list of titles, which may hold commas."""
    return _read_list(value, "|")


def _read_list(value: object, separators: str) -> list[str]:
    if isinstance(value, str):
        literal = parse_literal(value)
        value = literal if isinstance(literal, list | dict) else _split(value, separators)
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        raise ValueError(f"must be a name or a list of names, not {_describe_type(value)}")
    names: list[str] = []
    for item in value:
        name = item.get("english_name") or item.get("name") if isinstance(item, dict) else item
        if is_unknown(name):
            continue
        if not isinstance(name, str):
            raise ValueError(f"must be a list of names, but holds {_describe_type(name)}")
        names.append(name)
    return names


def _split(text: str, separators: str) -> list[str]:
    separator = next((separator for separator in separators if separator in text), None)
    if separator is None:
        return [text]
    names: list[str] = []
    for part in map(str.strip, text.split(separator)):
        if separator == "," and names and _NAME_SUFFIX.fullmatch(part):
            names[-1] = f"{names[-1]} {part}"
        else:
            names.append(part)
    return names


def parse_literal(text: str) -> object:
    """Return the list or object that a cell of a table holds as JSON or Python text, else None."""
    text = text.strip()
    if text[:1] not in ("[", "{") or len(text) > MAX_LITERAL_LENGTH:
        return None
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value


def read_number(value: object) -> float | int | None:
    """Read a number: `7,5`, `9 947`, `1,234.5`; None if it is unknown."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be a number, not {_describe_type(value)}")
    text = value.strip()
    if text.casefold() in UNKNOWN_NUMBERS:
        return None
    if len(text) <= MAX_NUMBER_LENGTH:
        if match := _GROUPED.fullmatch(text):
            return float(_NOT_A_DIGIT.sub("", match[1]) + (match[2] or ""))
        if _PLAIN.fullmatch(text):
            return float(text.replace(",", "."))
    raise ValueError(f"{quote_value(value)} is not a number")


def read_whole_number(value: object) -> int | None:
    """Read a whole number: `9 947`, `$1,000`, pandas' `1999.0`; None if it is unknown."""
    number = read_number(value.strip().removeprefix("$") if isinstance(value, str) else value)
    if isinstance(number, float):
        if not number.is_integer():
            raise ValueError(f"{quote_value(value)} is not a whole number")
        return int(number)
    return number


def read_score(value: object, maximum: int) -> float | int | None:
    """Read a score on a scale up to `maximum`: `7,5`, `87/100`, `87%`; None if it is unknown."""
    scale: float | None = None
    score = value
    if isinstance(value, str):
        text, has_scale, scale_text = value.strip().partition("/")
        if has_scale:
            score, scale = text, read_number(scale_text)
        elif text.endswith("%"):
            score, scale = text.removesuffix("%"), 100
        if _PLAIN.fullmatch(str(score).strip()):
            score = float(str(score).strip().replace(",", "."))
    number = read_number(score)
    if number is None or scale is None:
        return number
    if scale <= 0:
        raise ValueError(f"{quote_value(value)} is not a score")
    return round(number * maximum / scale, 4)


def read_percent(value: object) -> int | None:
    """Read a score of 0 to 100 as a whole number."""
    score = read_score(value, 100)
    if score is not None and not math.isfinite(score):
        raise ValueError("must be a finite number")
    return None if score is None else round(score)


def read_years(value: object) -> dict[str, Any]:
    """Read `1999`, `2008–2013`, `1989–`, `2024 TV Special` or a date as year and end year."""
    if not isinstance(value, str):
        return {"year": read_whole_number(value)}
    match = _YEARS.fullmatch(value.strip()) if len(value) < MAX_NUMBER_LENGTH else None
    if match is None:
        raise ValueError(f"{quote_value(value)} is not a year")
    first, dash, last = match.groups()
    if dash is None:
        return {"year": int(first)}
    return {"year": int(first), "end_year": int(last) if last else None}


def read_runtime(value: object) -> int | None:
    """Read a running time in minutes: `136 min`, `1 h 30 min`; 0 means unknown."""
    if isinstance(value, str) and len(value) < MAX_NUMBER_LENGTH:
        match = _RUNTIME.fullmatch(value.strip().casefold())
        if match and match.group().strip():
            return int(match[1] or 0) * 60 + int(match[2] or 0) or None
    return read_whole_number(value) or None


def read_date(value: object) -> date:
    """Read a date: `1975-06-20`, also with a time, or `20 Jun 1975`."""
    text = value.strip().casefold() if isinstance(value, str) else ""
    try:
        if match := _ISO_DATE.fullmatch(text):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if (match := _DATE.fullmatch(text)) and match[2] in MONTHS:
            return date(int(match[3]), MONTHS.index(match[2]) + 1, int(match[1]))
    except ValueError:
        pass
    raise ValueError(f"{quote_value(value)} is not a date such as 1975-06-20")


def read_type(value: object) -> str:
    """Read the type of a film in the service's or IMDb's words."""
    text = value if isinstance(value, str) else ""
    if film_type := TYPES.get(text.strip().casefold().replace(" ", "")):
        return film_type
    raise ValueError(f"{quote_value(value)} is not movie, series, episode or game")


def _describe_type(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return "a number" if isinstance(value, int | float) else "that"
