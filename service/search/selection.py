"""Which films a search may give at all, whatever its words.

What a person types (a genre, a director) is compared folded and whole. The engines keep films out
by it; the same rule in Python, `accepts`, serves whatever has the films at hand already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from service.search.text import words

Facet = Literal["genre", "decade", "type", "rating"]


class Selectable(Protocol):
    """The facts of a film that filters look at."""

    @property
    def type(self) -> str: ...
    @property
    def genres(self) -> Sequence[str]: ...
    @property
    def directors(self) -> Sequence[str]: ...
    @property
    def year(self) -> int | None: ...
    @property
    def imdb_rating(self) -> float | None: ...
    @property
    def runtime_minutes(self) -> int | None: ...


def squeezed(text: str) -> str:
    """A name as filters compare it: its folded words, run together."""
    return "".join(words(text))


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
    """The filters of one search; a film must pass all of them, and have any of the genres.

    `genres` and `directors` are squeezed; years, ratings (0 to 10) and minutes are ranges.
    """

    types: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    years: Range = Range()
    ratings: Range = Range()
    minutes: Range = Range()

    def without(self, facet: Facet) -> "Selection":
        """The same without the filter that `facet` stands for: its counts show what else there
        is.
        """
        if facet == "genre":
            return replace(self, genres=())
        if facet == "type":
            return replace(self, types=())
        if facet == "decade":
            return replace(self, years=Range())
        return replace(self, ratings=Range())

    def accepts(self, film: Selectable) -> bool:
        """Whether `film` passes."""
        return (
            (not self.types or film.type in self.types)
            and (not self.genres or any(squeezed(g) in self.genres for g in film.genres))
            and (not self.directors or any(squeezed(d) in self.directors for d in film.directors))
            and self.years.holds(film.year)
            and self.ratings.holds(film.imdb_rating)
            and self.minutes.holds(film.runtime_minutes)
        )


EVERY_FILM = Selection()
