"""Which films a search may give at all, whatever its words.

What a person types (a genre, a director) is compared folded and whole. The engines keep films out
by it; the same rule in Python, `accepts`, serves whatever has the films at hand already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from service.film_fields import NAMED, Name
from service.text.titles import squeezed

Facet = Literal["genre", "language", "country", "decade", "type", "rating"]


class Selectable(Protocol):
    """The facts of a film that filters look at."""

    @property
    def type(self) -> str: ...
    @property
    def genres(self) -> Sequence[str]: ...
    @property
    def directors(self) -> Sequence[str]: ...
    @property
    def languages(self) -> Sequence[str]: ...
    @property
    def countries(self) -> Sequence[str]: ...
    @property
    def year(self) -> int | None: ...
    @property
    def imdb_rating(self) -> float | None: ...
    @property
    def runtime_minutes(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Range:
    """Both ends belong to it; a value that is not known lies in no range but the open one."""

    least: float | int | None = None
    most: float | int | None = None

    @property
    def open(self) -> bool:
        return self.least is None and self.most is None

    def holds(self, value: float | int | None) -> bool:
        """Whether `value` lies within."""
        if value is None:
            return self.open
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """The filters of one search; a film must pass all of them, and have any of several names.

    Genres, directors, languages and countries are squeezed; years, ratings (0 to 10) and minutes
    are ranges.
    """

    types: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    years: Range = Range()
    ratings: Range = Range()
    minutes: Range = Range()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()

    @property
    def named(self) -> dict[Name, tuple[str, ...]]:
        """The names that are asked for, by filter; only filters that are set."""
        asked = {name: getattr(self, field) for name, field in NAMED.items()}
        return {name: values for name, values in asked.items() if values}

    def without(self, facet: Facet) -> "Selection":
        """The same without the filter that `facet` stands for: its counts show what else there
        is.
        """
        if facet == "type":
            return replace(self, types=())
        if facet == "decade":
            return replace(self, years=Range())
        if facet == "rating":
            return replace(self, ratings=Range())
        unnamed: dict[str, Any] = {NAMED[facet]: ()}
        return replace(self, **unnamed)

    def accepts(self, film: Selectable) -> bool:
        """Whether `film` passes."""
        return (
            (not self.types or film.type in self.types)
            and all(
                any(squeezed(each) in values for each in getattr(film, NAMED[name]))
                for name, values in self.named.items()
            )
            and self.years.holds(film.year)
            and self.ratings.holds(film.imdb_rating)
            and self.minutes.holds(film.runtime_minutes)
        )


EVERY_FILM = Selection()
