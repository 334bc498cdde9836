"""Why a film is a hit: as data, the `reasons` of a result, and in plain words, its `why`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from service.film_fields import FilmRow
from service.search.highlights import Match, MatchField, MatchKind
from service.search.query.parser import Query
from service.text.analysis import tokenize

ReasonField = Literal[MatchField, "imdb_id", "year"]
ReasonKind = Literal[MatchKind, "in_full"]

_FIELD_LABELS: dict[ReasonField, str] = {
    "title": "title word",
    "aliases": "other title’s word",
    "directors": "director",
    "writers": "writer",
    "actors": "cast",
    "plot": "plot word",
}
_KIND_LABELS: dict[ReasonKind, str] = {
    "one_letter_off": "one letter off",
    "two_letters_off": "two letters off",
    "three_letters_off": "three letters off",
    "beginning": "its beginning",
    "part": "a part of it",
    "beginning_one_letter_off": "its beginning, one letter off",
    "same_sound": "sounds the same",
    "same_number": "the same number",
    "abbreviation": "written out or short",
    "initials": "its initials",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that makes a film a hit."""

    field: Annotated[
        ReasonField, Field(description="The field of the film that matches.", examples=["title"])
    ]
    text: Annotated[str, Field(description="What matches there.", examples=["Godfather"])]
    kind: Annotated[
        ReasonKind,
        Field(
            description="How near it comes to what was typed: `exact`, `in_full` (nothing else of "
            "the field is left), some letters off, its beginning, the same sound or number, "
            "written out or short, or the initials.",
            examples=["one_letter_off"],
        ),
    ]

    def __str__(self) -> str:
        if self.field == "imdb_id":
            return "its IMDb id"
        if self.field == "year":
            return f"year {self.text}"
        if self.kind == "in_full":
            return f"title ‘{self.text}’ in full"
        label = f"{_FIELD_LABELS[self.field]} ‘{self.text}’"
        return f"{label} exact" if self.kind == "exact" else f"{label}, {_KIND_LABELS[self.kind]}"


def explain_match(query: Query, film: FilmRow, matches: Sequence[Match]) -> list[Reason]:
    """Return why the film is a hit; nothing if its letters are only similar."""
    if query.imdb_id is not None:
        return [Reason("imdb_id", query.imdb_id, "exact")]
    if "".join(tokenize(film.title)) in ("".join(query.words), "".join(query.core)):
        return [Reason("title", film.title, "in_full")]
    reasons = [Reason(match.field, match.text, match.kind) for match in matches]
    has_year_in_text = any(match.text == str(query.year) for match in matches)
    if query.year is not None and query.year == film.year and not has_year_in_text:
        reasons.append(Reason("year", str(film.year), "exact"))
    return list(dict.fromkeys(reasons))


def describe_reasons(reasons: Sequence[Reason]) -> str:
    """Return the reasons in plain words."""
    return "; ".join(map(str, reasons)) or "similar letters"
