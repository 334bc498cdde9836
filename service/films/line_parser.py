"""Convert one film of a file into facts, whichever shape it has.

The service's own shape, the short one of small data sets and TMDB's share one table of fields, so
that a file may mix them; OMDb's has a parser of its own. All faults of a film are reported at once.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from service.films import film_values as values
from service.films.schemas import FilmFacts
from service.films.validation_messages import describe_validation_error

READ_ONLY_FIELDS = frozenset({
    "source", "fetched_at", "refresh_after", "stale", "attribution", "created_at", "updated_at",
    "version", "poster", "votes", "reviews", "user_rating",
})  # fmt: skip
"""Fields of an exported film that the service sets itself; an import ignores them."""

TMDB_FIELDS = frozenset({
    "adult", "backdrop_path", "belongs_to_collection", "budget", "genre_ids", "homepage",
    "keywords", "origin_country", "original_language", "poster_path", "production_companies",
    "status", "tagline", "video", "vote_average", "vote_count",
})  # fmt: skip
"""Fields of TMDB that films here have no counterpart for; an import ignores them."""

OMDB_FIELDS = frozenset({
    "Title", "Year", "Rated", "Released", "Runtime", "Genre", "Director", "Writer", "Actors",
    "Plot", "Language", "Country", "Awards", "Poster", "Ratings", "Metascore", "imdbRating",
    "imdbVotes", "imdbID", "Type", "BoxOffice", "Season", "Episode", "seriesID",
    "DVD", "Production", "Website", "Response", "totalSeasons",
    "tomatoMeter", "tomatoImage", "tomatoRating", "tomatoReviews", "tomatoFresh", "tomatoRotten",
    "tomatoConsensus", "tomatoUserMeter", "tomatoUserRating", "tomatoUserReviews", "tomatoURL",
})  # fmt: skip
"""Fields of OMDb; those from `DVD` on have no counterpart here, and an import ignores them."""

TMDB_MARKS = frozenset({"release_date", "vote_average", "overview", "original_title", "genre_ids"})
"""Fields by which a film in TMDB's shape is recognized."""

MAX_SHOWN_NAME = 60  # characters of a field's name
UNKNOWN_FIELD = "is not a known field"

Facts = dict[str, Any]
Reader = Callable[[object], Facts]


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """A film of a file: its facts, its id if it has one, and the fields that were left out."""

    facts: FilmFacts
    film_id: UUID | None = None
    unknown_fields: tuple[str, ...] = ()


def parse_json(line: bytes) -> object:
    """Parse one line of JSON. Raises ValueError with a reason in plain words."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        reason = error
    try:  # other writers know NaN, lone surrogates and numbers of any size
        return json.loads(line, parse_constant=lambda _: None)
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except (ValueError, RecursionError):
        position = f"column {reason.colno}" if reason.colno else "its end"
        raise ValueError(f"is not JSON from {position} on") from None


def parse_line(
    film: object, parse_omdb: Callable[[dict[str, Any]], FilmFacts], *, is_strict: bool = False
) -> ParsedLine:
    """Return the facts of one film in any shape.

    Raises:
        ValueError: with all faults in one sentence.
    """
    if not isinstance(film, dict):
        raise ValueError("is not an object")
    if "Title" in film:
        return _parse_omdb_line(film, parse_omdb, is_strict)
    facts, faults, unknown = _read_fields(film)
    if is_strict:
        faults.update(dict.fromkeys(unknown, UNKNOWN_FIELD))
    try:
        parsed = FilmFacts.model_validate(facts)
    except ValidationError as error:
        faults = {**describe_validation_error(error), **faults}
    if faults:
        raise ValueError(_join_faults(faults))
    return ParsedLine(parsed, _read_id(film.get("id")), tuple(unknown))


def _parse_omdb_line(
    film: dict[str, Any], parse: Callable[[dict[str, Any]], FilmFacts], is_strict: bool
) -> ParsedLine:
    unknown = tuple(_shorten(name) for name in film if name not in OMDB_FIELDS)
    faults = dict.fromkeys(unknown, UNKNOWN_FIELD) if is_strict else {}
    try:
        facts = parse(film)
    except ValidationError as error:
        raise ValueError(_join_faults({**describe_validation_error(error), **faults})) from None
    if faults:
        raise ValueError(_join_faults(faults))
    return ParsedLine(facts, unknown_fields=unknown)


def _shorten(name: object) -> str:
    return str(name)[:MAX_SHOWN_NAME]


def _join_faults(faults: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {fault}" if name else fault for name, fault in faults.items())


def _read_fields(film: dict[str, Any]) -> tuple[Facts, dict[str, str], list[str]]:
    """Return the facts, the faults by field, and the fields that are not known."""
    facts: Facts = {}
    faults: dict[str, str] = {}
    unknown: list[str] = []
    ignored = READ_ONLY_FIELDS
    if not TMDB_MARKS.isdisjoint(film):
        ignored |= TMDB_FIELDS
    for name, value in film.items():
        read = READERS.get(name)
        if read is None:
            if name not in ignored and name != "id":
                unknown.append(_shorten(name))
        elif not values.is_unknown(value):
            try:
                _merge(facts, read(value))
            except ValueError as error:
                faults[name] = str(error)
            except OverflowError:
                faults[name] = "is too large"
    _complete(facts)
    if "title" not in facts and not faults.keys().isdisjoint(("title", "name")):
        facts["title"] = "?"  # its fault is reported already
    return facts, faults, unknown


def _merge(facts: Facts, more: Facts) -> None:
    """Add what a field states; of two names of one field the first counts."""
    for name, value in more.items():
        if name.startswith("ratings."):
            _, *path, last = name.split(".")
            ratings = facts.setdefault("ratings", {})
            for part in path:
                ratings = ratings.setdefault(part, {})
            if value is not None:
                ratings.setdefault(last, value)
        elif name == "end_year" or value not in (None, []):
            facts.setdefault(name, value)


def _complete(facts: Facts) -> None:
    """Derive what follows from other fields."""
    released = facts.get("released")
    if released is not None and "year" not in facts:
        facts["year"] = released.year
    original = facts.pop("original_title", None)
    if "title" not in facts and original is not None:
        facts["title"] = original
    elif original is not None and original != facts["title"]:
        facts["aliases"] = [original, *facts.get("aliases", [])]


def _read_id(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        return None


def _field(name: str, read: Callable[[object], object]) -> Reader:
    return lambda value: {name: read(value)}


def _read_ratings(value: object) -> Facts:
    """Read the nested ratings of the service's own shape."""
    if isinstance(value, str):
        value = values.parse_literal(value)
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    facts: Facts = {}
    for name, rating in value.items():
        path = f"ratings.{name}"
        if values.is_unknown(rating):
            continue
        if name == "imdb":
            if not isinstance(rating, dict):
                raise ValueError("imdb must be an object")
            for part, number in rating.items():
                facts |= _read_rating(f"{path}.{part}", number)
        else:
            facts |= _read_rating(path, rating)
    return facts


def _read_rating(path: str, value: object) -> Facts:
    if path not in RATING_READERS:
        raise ValueError(f"{path.removeprefix('ratings.')[:60]} is not a known rating")
    if values.is_unknown(value):
        return {}
    try:
        return {path: RATING_READERS[path](value)}
    except ValueError as error:
        raise ValueError(f"{path.removeprefix('ratings.')} {error}") from None


def _read_credits(value: object) -> Facts:
    """Read TMDB's cast and crew."""
    if isinstance(value, str):
        value = values.parse_literal(value)
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    people = value.get("crew") or []
    if not isinstance(people, list):
        raise ValueError("crew must be a list")
    crew = [person for person in people if isinstance(person, dict)]
    return {
        "actors": values.read_names(value.get("cast") or [])[:MAX_CAST],
        "directors": values.read_names([p for p in crew if p.get("job") == "Director"]),
        "writers": values.read_names([p for p in crew if p.get("department") == "Writing"]),
    }


MAX_CAST = 50  # names; TMDB lists every extra

RATING_READERS: dict[str, Callable[[object], object]] = {
    "ratings.imdb.value": partial(values.read_score, maximum=10),
    "ratings.imdb.votes": values.read_whole_number,
    "ratings.rotten_tomatoes": values.read_percent,
    "ratings.metacritic": values.read_percent,
}

READERS: dict[str, Reader] = {
    "title": _field("title", values.read_text),
    "name": _field("title", values.read_text),
    "original_title": _field("original_title", values.read_text),
    "imdb_id": _field("imdb_id", values.read_text),
    "aliases": _field("aliases", values.read_titles),
    "type": _field("type", values.read_type),
    "year": values.read_years,
    "end_year": _field("end_year", values.read_whole_number),
    "released": _field("released", values.read_date),
    "release_date": _field("released", values.read_date),
    "rated": _field("rated", values.read_text),
    "runtime_minutes": _field("runtime_minutes", values.read_runtime),
    "runtime": _field("runtime_minutes", values.read_runtime),
    **dict.fromkeys(("genres", "genre"), _field("genres", values.read_names)),
    **dict.fromkeys(("directors", "director"), _field("directors", values.read_names)),
    **dict.fromkeys(("writers", "writer"), _field("writers", values.read_names)),
    **dict.fromkeys(("actors", "cast"), _field("actors", values.read_names)),
    "credits": _read_credits,
    "plot": _field("plot", values.read_text),
    "overview": _field("plot", values.read_text),
    **dict.fromkeys(
        ("languages", "language", "spoken_languages"), _field("languages", values.read_names)
    ),
    **dict.fromkeys(
        ("countries", "country", "production_countries"), _field("countries", values.read_names)
    ),
    "awards": _field("awards", values.read_text),
    "season": _field("season", values.read_whole_number),
    "episode": _field("episode", values.read_whole_number),
    "series": _field("series", values.read_text),
    "ratings": _read_ratings,
    "imdb_score": _field("ratings.imdb.value", RATING_READERS["ratings.imdb.value"]),
    "imdb_rating": _field("ratings.imdb.value", RATING_READERS["ratings.imdb.value"]),
    "imdb_votes": _field("ratings.imdb.votes", values.read_whole_number),
    "rotten_tomatoes": _field("ratings.rotten_tomatoes", values.read_percent),
    "metacritic": _field("ratings.metacritic", values.read_percent),
    **{name: _field(name, read) for name, read in RATING_READERS.items()},
    "popularity": _field("popularity", values.read_number),
    "99popularity": _field("popularity", values.read_number),
    "box_office_usd": _field("box_office_usd", values.read_whole_number),
    "revenue": lambda value: {"box_office_usd": values.read_whole_number(value) or None},
    "poster_url": _field("poster_url", values.read_text),
}
"""Every field that a film of a file may have, with what it states."""
